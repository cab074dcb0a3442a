/**
 * The owner of sagas: everything that reaches them goes through here, in micro-batches.
 *
 * Invariants
 * I1  Of a saga: decide all, append all in one group commit, publish all, answer, acknowledge; in this order and never otherwise. While a batch is
 *     appended and published the next is decided, of other sagas.
 * I2  An input is acknowledged only after its events are stored and everything owed is with the bus: a crash before that heals itself,
 *     since the input, or recovery, comes again.
 * I3  A conflict means that the state at hand was stale: it is dropped, the stream is read, and the inputs are decided anew.
 * I4  A store that cannot write loses nothing: callers are told, all other inputs wait and are tried again. Nobody is refused what is stored:
 *     where only sending fails, callers wait as well.
 * I5  A message that the bus will never take suspends its own saga; the others go on. It is sent again when a person lets the saga go on.
 */
import {
  type Clock,
  type Delivery,
  type EventStore,
  type Ids,
  type InboxMessage,
  isEnded,
  isHeld,
  type MessageBus,
  type Outgoing,
  type OwedCommand,
  type PayloadCodec,
  type SagaIndex,
  type SagaState,
  type SkaldError,
  statusOf,
} from '@skald/kernel';
import { type Activated, Activation } from './activation.js';
import { appendResolved } from './append-resolved.js';
import { keyed, outgoing, owedBy, told } from './asks.js';
import type { CrashPoints } from './crash-points.js';
import { bySaga, Deciding } from './deciding.js';
import type { IndexProjection } from './index-projection.js';
import { IndexTeller } from './index-teller.js';
import { slotMessages } from './limits/slot-messages.js';
import type { Observer } from './observer.js';
import type { Ownership, Term } from './ownership.js';
import { Pauses } from './pauses.js';
import { sealTurns } from './payloads/seal-turns.js';
import { Pipeline } from './pipeline.js';
import type { Programs } from './programs.js';
import { publishOr, senderOf, untold } from './refused-messages.js';
import { SetAside } from './set-aside.js';
import type { TaskTokens } from './task-tokens.js';
import { eventsOf, refusal, type Turn } from './turn.js';

export interface InboxPorts {
  readonly store: EventStore;
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly programs: Programs;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
  readonly ownership: Ownership;
  /** Absent: no command carries a task token, and none is known. */
  readonly tokens?: TaskTokens | undefined;
  /** Feeds the index where its store does not. */
  readonly projection?: IndexProjection | undefined;
  /** Seals what is stored. */
  readonly codec?: PayloadCodec | undefined;
}

export interface InboxLimits {
  /** Inputs in one micro-batch. */
  readonly batch: number;
  /** States kept at hand. */
  readonly cache: number;
  /** Batches on their way at once. Default: 2 where the store commits a whole batch as one, so that larger ones are cheaper; else 4. */
  readonly width?: number | undefined;
}

type Deliveries = Delivery<InboxMessage>[];

/** First pause after a store failure in milliseconds; doubles up to the longest. */
const PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** Batches on their way at once: where the store commits each as one, so that larger ones are cheaper, and where it does not. */
const [WIDTH_AS_ONE, WIDTH] = [2, 4];

export class Inbox {
  private readonly activation: Activation;
  private readonly deciding: Deciding;
  private readonly loop: Pipeline<Delivery<InboxMessage>>;
  private readonly pauses: Pauses;
  private readonly index: IndexTeller;
  private readonly aside: SetAside;
  private pause = PAUSE;
  /** Sagas whose last turn did not go through: a start of theirs may not be new, and what is stored of them may not have been told. */
  private readonly unsure = new Set<string>();
  /** Sagas of which the bus refused a message, and why. */
  private readonly refused = new Map<string, SkaldError>();
  /** Sagas whose commands, up to a revision, are to be sent again. */
  private readonly resending = new Map<string, number>();

  constructor(
    private readonly ports: InboxPorts,
    limits: InboxLimits,
    private readonly onTurn: (sagaId: string, state: SagaState, position: number) => void,
  ) {
    this.activation = new Activation(ports.store, limits.cache, ports.codec);
    this.index = new IndexTeller(ports);
    this.aside = new SetAside(ports);
    this.deciding = new Deciding(this.activation, this.unsure, this.refused, this.aside, ports);
    this.pauses = new Pauses(ports.clock);
    const keyOf = ({ message }: Delivery<InboxMessage>) => message.sagaId;
    this.loop = new Pipeline(limits.batch, limits.width ?? (ports.store.ownIndex ? WIDTH_AS_ONE : WIDTH), keyOf, (batch, next) =>
      this.work(batch, next),
    );
  }

  deliver(batch: readonly Delivery<InboxMessage>[]): void {
    this.loop.push(batch);
  }

  /** Partitions are gone: what is in hand of them is the next owner's. */
  disown(owns: (sagaId: string) => boolean): void {
    this.loop.keep(({ message }) => owns(message.sagaId));
    this.activation.keepOnly(owns);
    this.aside.keep(owns);
    for (const known of [this.unsure, this.refused, this.resending])
      for (const sagaId of known.keys()) if (!owns(sagaId)) known.delete(sagaId);
  }

  /** Is this saga at hand, and known not to have ended? */
  isUnderWay(sagaId: string): boolean {
    const state = this.activation.peek(sagaId);
    return state !== undefined && state.phase !== 'new' && !isEnded(statusOf(state));
  }

  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    this.pauses.end();
    this.aside.stop();
    await stopped;
  }

  private async work(batch: Deliveries, next: () => void): Promise<void> {
    const { crashPoints, ownership } = this.ports;
    let isStored = false;
    try {
      crashPoints.reach('inbox:taken');
      const terms = new Map<string, Term | undefined>();
      for (const { message } of batch) terms.set(message.sagaId, ownership.termOf(message.sagaId));
      const turns = await this.decideAll(bySaga(batch.filter(({ message }) => terms.get(message.sagaId))));
      crashPoints.reach('inbox:decided');
      next();
      const { stored: all, again } = await this.appendAll(turns);
      isStored = true;
      await this.index.tell(all);
      crashPoints.reach('inbox:appended');
      const stored = this.stillOwned(all, terms);
      await this.publishAll(stored);
      crashPoints.reach('inbox:published');
      for (const { deliveries } of stored) for (const delivery of deliveries) delivery.done();
      crashPoints.reach('inbox:acknowledged');
      this.loop.pushFirst(again.filter(({ message }) => ownership.owns(message.sagaId)));
      this.pause = PAUSE;
    } catch (error) {
      await this.putBack(batch, error, isStored);
    }
  }

  private async decideAll(groups: ReadonlyMap<string, Deliveries>): Promise<readonly Turn[]> {
    const { codec } = this.ports;
    if (!codec) return this.deciding.decideAll(groups);
    return sealTurns(codec, await this.deciding.decideAll(groups, await codec.dropped([...groups.keys()])));
  }

  /** O1: the others' events are stored, and their next owner will read them. */
  private stillOwned(turns: Turn[], terms: ReadonlyMap<string, Term | undefined>): Turn[] {
    return turns.filter(({ sagaId }) => {
      const owned = this.ports.ownership.termOf(sagaId) === terms.get(sagaId);
      if (!owned) this.activation.forget(sagaId);
      return owned;
    });
  }

  /** Of the turns whose events are not stored, the inputs are to be decided again. */
  private async appendAll(turns: readonly Turn[]): Promise<{ readonly stored: Turn[]; readonly again: Deliveries }> {
    const writing = turns.filter((turn) => turn.write !== undefined);
    const { store, observer } = this.ports;
    const writes = writing.flatMap((turn) => turn.write ?? []);
    const outcomes = await appendResolved(store, writes, (nth) => this.pauses.wait(PAUSE * nth), observer);
    const refused = new Set<Turn>();
    for (const [at, turn] of writing.entries()) {
      const outcome = outcomes[at];
      if (outcome?.type === 'appended') turn.activated.position = outcome.position;
      else refused.add(turn);
    }
    const stored: Turn[] = [];
    const again: Deliveries = [];
    for (const turn of turns) {
      if (refused.has(turn)) {
        this.activation.drop(turn.sagaId);
        this.unsure.add(turn.sagaId);
        again.push(...turn.deliveries);
      } else {
        stored.push(turn);
        this.settle(turn);
      }
      again.push(...turn.rest);
    }
    return { stored, again };
  }

  private settle(turn: Turn): void {
    const { activated, sagaId, summary } = turn;
    activated.head = turn.head;
    activated.indexed = summary ?? activated.indexed;
    if (activated.state.phase === 'new') return;
    if (isEnded(statusOf(activated.state))) this.activation.forget(sagaId);
    else this.activation.keep(sagaId, activated);
  }

  private async publishAll(turns: readonly Turn[]): Promise<void> {
    const messages: Outgoing[] = [];
    for (const { activated, answers, sagaId, deliveries } of turns) {
      for (const owed of this.owed(activated, sagaId)) messages.push(outgoing(sagaId, owed, this.ports.ids));
      if (!activated.dropped) messages.push(...told(activated.state, activated.published));
      messages.push(...answers, ...slotMessages({ sagaId, deliveries, state: activated.state, published: activated.published }));
    }
    const { codec } = this.ports;
    if (messages.length > 0) await this.send(codec ? await keyed(messages, codec) : messages);
    for (const { activated, sagaId, write, decided } of turns) {
      const { state } = activated;
      activated.published = state.revision;
      this.onTurn(sagaId, state, activated.position);
      if (this.unsure.delete(sagaId) || write) this.ports.observer.moved(state);
      if (write) this.ports.observer.recorded(state, eventsOf(decided));
    }
  }

  /** What is to be sent again waits while something holds the saga. */
  private owed(activated: Activated, sagaId: string): OwedCommand[] {
    const upTo = isHeld(activated.state) ? undefined : this.resending.get(sagaId);
    if (upTo !== undefined) this.resending.delete(sagaId);
    return owedBy(activated, upTo, this.ports.tokens?.sign);
  }

  /** I5 */
  private send(messages: readonly Outgoing[]): Promise<void> {
    const { bus, observer } = this.ports;
    return publishOr(bus, messages, (one, reason) => {
      const sagaId = senderOf(one);
      const other = untold(one, reason);
      observer.troubled(`the bus refuses a message; ${other ? 'that it cannot be told is told' : 'its saga is suspended'}`, reason, sagaId);
      if (other) return other;
      this.refused.set(sagaId, reason);
      this.resending.set(sagaId, Number.MAX_SAFE_INTEGER);
      this.loop.pushFirst([this.wakeOf(sagaId)]);
      return undefined;
    });
  }

  /** Commands that are owed for long, requested up to this revision, are sent again. */
  resend(sagaId: string, revision: number): void {
    this.resending.set(sagaId, revision);
    this.loop.push([this.wakeOf(sagaId)]);
  }

  private wakeOf(sagaId: string): Delivery<InboxMessage> {
    const partition = this.ports.ownership.partitionOf(sagaId);
    return { message: { kind: 'input', sagaId, input: { type: 'wake' } }, partition, done: () => {} };
  }

  /** The batch failed: states are dropped, and inputs tried again after a pause. Callers are told, unless what they asked is stored. */
  private async putBack(batch: Deliveries, error: unknown, isStored: boolean): Promise<void> {
    for (const { message } of batch) {
      this.activation.drop(message.sagaId);
      this.unsure.add(message.sagaId);
    }
    this.ports.observer.troubled(`the inbox cannot go on; next try in ${this.pause} ms`, error);
    const others = isStored ? batch : await this.tellCallers(batch, error);
    const { pause } = this;
    this.pause = Math.min(pause * 2, LONGEST_PAUSE);
    await this.loop.hold(this.pauses.wait(pause));
    this.loop.pushFirst(others.filter(({ message }) => this.ports.ownership.owns(message.sagaId)));
  }

  /** Answers the inputs of which nobody could be told. */
  private async tellCallers(batch: Deliveries, error: unknown): Promise<Deliveries> {
    const answerable = batch.filter(({ message }) => message.client !== undefined);
    try {
      await this.ports.bus.publish(answerable.flatMap(({ message }) => refusal(message, error)));
    } catch (unpublished) {
      this.ports.observer.troubled('callers cannot be told; what they asked waits with the rest', unpublished);
      return batch;
    }
    for (const delivery of answerable) delivery.done();
    return batch.filter(({ message }) => message.client === undefined);
  }
}
