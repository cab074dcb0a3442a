/**
 * The owner of sagas: everything that reaches them goes through here, in micro-batches.
 *
 * Invariants
 * I1  Decide all, append all in one group commit, publish all, answer, acknowledge; in this order and never otherwise.
 * I2  An input is acknowledged only after its events are stored and everything owed is with the bus: a crash before that heals itself,
 *     since the input, or recovery, comes again.
 * I3  A conflict means that the state at hand was stale: it is dropped, the stream is read, and the inputs are decided anew.
 * I4  A store that cannot write loses nothing: callers are told, all other inputs wait and are tried again.
 */
import {
  type Clock,
  type Delivery,
  type EventStore,
  type InboxMessage,
  type MessageBus,
  type Outgoing,
  outstanding,
  type SagaIndex,
  type SagaState,
  isEnded,
  SkaldError,
  statusOf,
} from '@skald/kernel';
import { type Activated, Activation } from './activation.js';
import { appendResolved } from './append-resolved.js';
import type { CrashPoints } from './crash-points.js';
import type { Observer } from './observer.js';
import type { Programs } from './programs.js';
import { refusal, refuse, takeFact, takeFault, takeTurn, type Turn, TurnFailed, type TurnInput } from './turn.js';
import { WorkLoop } from './work-loop.js';

export interface InboxPorts {
  readonly store: EventStore;
  readonly index: SagaIndex;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly programs: Programs;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
}

export interface InboxLimits {
  /** Inputs in one micro-batch. */
  readonly batch: number;
  /** States kept at hand. */
  readonly cache: number;
}

type Deliveries = Delivery<InboxMessage>[];

/** First pause after a store failure in milliseconds; doubles up to the longest. */
const PAUSE = 250;
const LONGEST_PAUSE = 10_000;

export class Inbox {
  readonly activation: Activation;
  private readonly loop: WorkLoop<Delivery<InboxMessage>>;
  private pause = PAUSE;
  /** Sagas whose last turn did not go through: a start of theirs may not be new, and what is stored of them may not have been told. */
  private readonly unsure = new Set<string>();
  private wakeUp: (() => void) | undefined;
  private stopping = false;

  constructor(
    private readonly ports: InboxPorts,
    limits: InboxLimits,
    private readonly onTurn: (sagaId: string, state: SagaState) => void,
  ) {
    this.activation = new Activation(ports.store, limits.cache);
    this.loop = new WorkLoop(limits.batch, (batch) => this.work(batch));
  }

  deliver(batch: readonly Delivery<InboxMessage>[]): void {
    this.loop.push(batch);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const stopped = this.loop.stop();
    this.wakeUp?.();
    await stopped;
  }

  private async work(batch: Deliveries): Promise<void> {
    const { crashPoints } = this.ports;
    try {
      crashPoints.reach('inbox:taken');
      const turns = await this.decideAll(bySaga(batch));
      crashPoints.reach('inbox:decided');
      const { stored, again } = await this.appendAll(turns);
      crashPoints.reach('inbox:appended');
      await this.publishAll(stored);
      crashPoints.reach('inbox:published');
      for (const turn of stored) for (const delivery of turn.deliveries) delivery.done();
      crashPoints.reach('inbox:acknowledged');
      this.loop.pushFirst(again);
      this.pause = PAUSE;
    } catch (error) {
      await this.putBack(batch, error);
    }
  }

  private async decideAll(groups: ReadonlyMap<string, Deliveries>): Promise<Turn[]> {
    const now = this.ports.clock.now();
    const turns: Turn[] = [];
    for (const [sagaId, deliveries] of groups) {
      try {
        turns.push(await this.decideOne(sagaId, deliveries, now));
      } catch (error) {
        const reason = error instanceof TurnFailed ? error.cause : error;
        if (reason === error && !isUnreadable(error)) throw error;
        // It stops its own saga only: inputs are answered and dropped, the stream is as it was.
        this.ports.observer.troubled('nothing can be decided for a saga; its input is dropped', reason, sagaId);
        this.activation.drop(sagaId);
        const dropped = isUnreadable(reason) ? deliveries.length : 1;
        turns.push(refuse({ sagaId, deliveries, now, activated: this.activation.fresh(sagaId) }, dropped, reason));
      }
    }
    return turns;
  }

  private async decideOne(sagaId: string, deliveries: Deliveries, now: number): Promise<Turn> {
    const cached = this.activation.cached(sagaId);
    if (!cached) return this.take({ sagaId, deliveries, now, activated: await this.activate(sagaId, deliveries) });
    const turn = await this.take({ sagaId, deliveries, now, activated: cached });
    // The expected revision guards what is appended; what is only answered or dropped must not be decided on a stale state either.
    if (turn.write || !(await this.activation.isStale(sagaId, turn.activated))) return turn;
    return this.take({ sagaId, deliveries, now, activated: await this.reload(sagaId) });
  }

  /** A start is decided as if nothing were stored; the append says whether that is so. Everything else reads first. */
  private async activate(sagaId: string, deliveries: Deliveries): Promise<Activated> {
    const isStart = deliveries[0]?.message.input.type === 'start';
    return isStart && !this.unsure.has(sagaId) ? this.activation.fresh(sagaId) : this.activation.load(sagaId);
  }

  private reload(sagaId: string): Promise<Activated> {
    this.activation.drop(sagaId);
    return this.activation.load(sagaId);
  }

  private async take(input: TurnInput): Promise<Turn> {
    const { programs, observer } = this.ports;
    try {
      return takeTurn(input, programs, observer);
    } catch (failed) {
      if (!(failed instanceof TurnFailed)) throw failed;
      const { sagaId, deliveries } = input;
      const again = { ...input, activated: await this.reload(sagaId) };
      if (failed.index > 0) {
        // Those before it first; it is the next batch's then.
        const turn = await this.take({ ...again, deliveries: deliveries.slice(0, failed.index) });
        return { ...turn, rest: [...turn.rest, ...deliveries.slice(failed.index)] };
      }
      observer.troubled('a decision failed; the saga is suspended', failed.cause, sagaId);
      return this.suspend(again, failed.cause);
    }
  }

  /** Records as much as can be recorded. */
  private async suspend(input: TurnInput, error: unknown): Promise<Turn> {
    const { programs, observer } = this.ports;
    let reason = error;
    let { activated } = input;
    for (const without of ['compensations', 'everything'] as const) {
      try {
        return takeFact({ ...input, activated }, without, reason, programs, observer);
      } catch (failed) {
        if (!(failed instanceof TurnFailed)) throw failed;
        reason = failed.cause;
        activated = await this.reload(input.sagaId);
      }
    }
    return takeFault({ ...input, activated }, reason);
  }

  /** Of the turns whose events are not stored, the inputs are to be decided again. */
  private async appendAll(turns: readonly Turn[]): Promise<{ readonly stored: Turn[]; readonly again: Deliveries }> {
    const writing = turns.filter((turn) => turn.write !== undefined);
    const { store, observer } = this.ports;
    const writes = writing.flatMap((turn) => turn.write ?? []);
    const outcomes = await appendResolved(store, writes, (nth) => this.sleep(PAUSE * nth), observer);
    const refused = new Set(writing.filter((_, at) => outcomes[at]?.type !== 'appended'));
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
    await this.tellIndex(stored);
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

  /** Only what no write carried. */
  private async tellIndex(turns: readonly Turn[]): Promise<void> {
    const { index } = this.ports;
    const summaries = turns.flatMap(({ write, summary }) => (!write && summary ? [summary] : []));
    if (summaries.length > 0) await index.put(summaries, await index.position());
  }

  private async publishAll(turns: readonly Turn[]): Promise<void> {
    const messages: Outgoing[] = [];
    for (const { activated, answers, sagaId } of turns) {
      for (const command of outstanding(activated.state, activated.published)) {
        messages.push({ address: { to: 'participant', participant: command.participant }, message: { kind: 'command', sagaId, command } });
      }
      for (const answer of answers) messages.push(answer);
    }
    if (messages.length > 0) await this.ports.bus.publish(messages);
    for (const { activated, sagaId, write } of turns) {
      const { state } = activated;
      activated.published = state.revision;
      this.onTurn(sagaId, state);
      if (this.unsure.delete(sagaId) || write) this.ports.observer.moved(state);
    }
  }

  /** The batch failed: states are dropped, callers told, all other inputs tried again after a pause. */
  private async putBack(batch: Deliveries, error: unknown): Promise<void> {
    const { observer, bus } = this.ports;
    for (const { message } of batch) {
      this.activation.drop(message.sagaId);
      this.unsure.add(message.sagaId);
    }
    observer.troubled(`the inbox cannot go on; next try in ${this.pause} ms`, error);
    let others = batch.filter(({ message }) => message.client === undefined);
    try {
      const answerable = batch.filter(({ message }) => message.client !== undefined);
      await bus.publish(answerable.flatMap(({ message }) => refusal(message, error)));
      for (const delivery of answerable) delivery.done();
    } catch (unpublished) {
      observer.troubled('callers cannot be told; what they asked waits with the rest', unpublished);
      others = batch;
    }
    await this.sleep(this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.loop.pushFirst(others);
  }

  private async sleep(milliseconds: number): Promise<void> {
    const { clock } = this.ports;
    if (this.stopping) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + milliseconds, resolve);
      this.wakeUp = () => {
        cancel();
        resolve();
      };
    });
  }
}

function bySaga(batch: Deliveries): ReadonlyMap<string, Deliveries> {
  const groups = new Map<string, Deliveries>();
  for (const delivery of batch) {
    const { sagaId } = delivery.message;
    const group = groups.get(sagaId);
    if (group) group.push(delivery);
    else groups.set(sagaId, [delivery]);
  }
  return groups;
}

function isUnreadable(error: unknown): boolean {
  return error instanceof SkaldError && error.code === 'history-unreadable';
}
