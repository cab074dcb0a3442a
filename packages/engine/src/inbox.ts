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
  type AppendOutcome,
  type Clock,
  type Delivery,
  type EventStore,
  type InboxMessage,
  type MessageBus,
  type Outgoing,
  outstanding,
  type SagaIndex,
  type SagaState,
  SkaldError,
  isEnded,
  statusOf,
} from '@skald/kernel';
import { type Activated, Activation } from './activation.js';
import type { CrashPoints } from './crash-points.js';
import type { Observer } from './observer.js';
import type { Programs } from './programs.js';
import { takeFault, takeTurn, type Turn, TurnFailed } from './turn.js';
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
/** An append whose outcome stays unknown is repeated this often before the inputs are put back. */
const DOUBT_RETRIES = 5;

export class Inbox {
  readonly activation: Activation;
  private readonly loop: WorkLoop<Delivery<InboxMessage>>;
  private pause = PAUSE;
  private wakeUp: (() => void) | undefined;

  constructor(
    private readonly ports: InboxPorts,
    limits: InboxLimits,
    private readonly onTurn: (state: SagaState) => void,
  ) {
    this.activation = new Activation(ports.store, limits.cache);
    this.loop = new WorkLoop(limits.batch, (batch) => this.work(batch));
  }

  deliver(batch: readonly Delivery<InboxMessage>[]): void {
    this.loop.push(batch);
  }

  async stop(): Promise<void> {
    const stopped = this.loop.stop();
    this.wakeUp?.();
    await stopped;
  }

  private async work(batch: Deliveries): Promise<void> {
    const { crashPoints } = this.ports;
    crashPoints.reach('inbox:taken');
    try {
      const turns = await this.decideAll(bySaga(batch));
      crashPoints.reach('inbox:decided');
      const stored = await this.appendAll(turns);
      crashPoints.reach('inbox:appended');
      await this.publishAll(stored);
      crashPoints.reach('inbox:published');
      for (const turn of stored) for (const delivery of turn.deliveries) delivery.done();
      crashPoints.reach('inbox:acknowledged');
      this.loop.pushFirst(turns.flatMap((turn) => turn.rest));
      this.pause = PAUSE;
    } catch (error) {
      await this.putBack(batch, error);
    }
  }

  private async decideAll(groups: ReadonlyMap<string, Deliveries>): Promise<Turn[]> {
    const turns: Turn[] = [];
    for (const [sagaId, deliveries] of groups) {
      try {
        const activated = this.activation.cached(sagaId) ?? (await this.activate(sagaId, deliveries));
        turns.push(await this.decideOne(sagaId, deliveries, activated));
      } catch (error) {
        // A history that cannot be read stops its own saga only: its inputs are answered and dropped, the stream is as it was.
        if (!(error instanceof SkaldError && error.code === 'history-unreadable')) throw error;
        this.ports.observer.troubled('the history of a saga cannot be read', error, sagaId);
        await this.ports.bus.publish(deliveries.flatMap(({ message }) => refusal(message, error)));
        for (const delivery of deliveries) delivery.done();
      }
    }
    return turns;
  }

  /** A start is decided as if nothing were stored; the append says whether that is so. Everything else reads first. */
  private async activate(sagaId: string, deliveries: Deliveries): Promise<Activated> {
    if (deliveries[0]?.message.input.type === 'start') return this.activation.fresh(sagaId);
    return this.activation.load(sagaId);
  }

  private async decideOne(sagaId: string, deliveries: Deliveries, activated: Activated): Promise<Turn> {
    const { programs, observer, clock } = this.ports;
    const input = { sagaId, deliveries, activated, now: clock.now() };
    try {
      return takeTurn(input, programs, observer);
    } catch (failed) {
      if (!(failed instanceof TurnFailed)) throw failed;
      this.activation.drop(sagaId);
      const again = { ...input, activated: await this.activation.load(sagaId) };
      if (failed.index === 0) {
        observer.troubled('a decision failed; the saga is suspended', failed.cause, sagaId);
        return takeFault(again, programs, failed.cause);
      }
      const turn = takeTurn({ ...again, deliveries: deliveries.slice(0, failed.index) }, programs, observer);
      return { ...turn, rest: [...turn.rest, ...deliveries.slice(failed.index)] };
    }
  }

  /** Answers the turns whose events are stored; the inputs of the others are on their way back into the queue. */
  private async appendAll(turns: readonly Turn[]): Promise<Turn[]> {
    const writing = turns.filter((turn) => turn.write !== undefined);
    const outcomes = await this.append(writing);
    const fate = new Map<Turn, AppendOutcome>(writing.map((turn, at) => [turn, outcomes[at] ?? { type: 'conflict', actual: -1 }]));
    const stored: Turn[] = [];
    const again: Delivery<InboxMessage>[] = [];
    for (const turn of turns) {
      const outcome = fate.get(turn);
      if (outcome && outcome.type !== 'appended') {
        this.activation.drop(turn.sagaId);
        this.activation.keep(turn.sagaId, await this.activation.load(turn.sagaId));
        again.push(...turn.deliveries);
      } else {
        stored.push(turn);
        this.settle(turn);
      }
    }
    await this.tellIndex(stored);
    this.loop.pushFirst(again);
    return stored;
  }

  private async append(turns: readonly Turn[]): Promise<AppendOutcome[]> {
    const writes = turns.flatMap((turn) => turn.write ?? []);
    const outcomes = writes.length > 0 ? [...(await this.ports.store.append(writes))] : [];
    for (let attempt = 1; attempt <= DOUBT_RETRIES; attempt++) {
      const doubtful = outcomes.flatMap((outcome, at) => (outcome.type === 'unknown' ? [at] : []));
      if (doubtful.length === 0) break;
      await this.sleep(PAUSE * attempt);
      const repeated = await this.ports.store.append(doubtful.flatMap((at) => writes[at] ?? []));
      for (const [nth, at] of doubtful.entries()) outcomes[at] = repeated[nth] ?? outcomes[at] ?? { type: 'conflict', actual: -1 };
    }
    return outcomes;
  }

  private settle(turn: Turn): void {
    const { activated, sagaId, summary } = turn;
    activated.head = turn.head;
    activated.indexed = summary ?? activated.indexed;
    if (activated.state.phase === 'new') return;
    // An ended saga is seldom asked again; its stream is there.
    if (isEnded(statusOf(activated.state))) this.activation.drop(sagaId);
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
      messages.push(...answers);
    }
    if (messages.length > 0) await this.ports.bus.publish(messages);
    for (const { activated, write } of turns) {
      activated.published = activated.state.revision;
      this.onTurn(activated.state);
      if (write) this.ports.observer.moved(activated.state);
    }
  }

  /** The whole batch failed and nothing of it counts: states are dropped, callers told, the rest is tried again after a pause. */
  private async putBack(batch: Deliveries, error: unknown): Promise<void> {
    for (const { message } of batch) this.activation.drop(message.sagaId);
    this.ports.observer.troubled(`the inbox cannot go on; next try in ${this.pause} ms`, error);
    const answerable = batch.filter(({ message }) => message.client !== undefined);
    const others = batch.filter(({ message }) => message.client === undefined);
    await this.ports.bus.publish(answerable.flatMap(({ message }) => refusal(message, error)));
    for (const delivery of answerable) delivery.done();
    await this.sleep(this.pause);
    this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
    this.loop.pushFirst(others);
  }

  private sleep(milliseconds: number): Promise<void> {
    const { clock } = this.ports;
    return new Promise((resolve) => {
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

/** Whoever waits for an answer is told why there is none. */
function refusal(message: InboxMessage, error: unknown): Outgoing[] {
  const { client, input, sagaId } = message;
  if (client === undefined || !('request' in input)) return [];
  const failure = error instanceof SkaldError ? error : new SkaldError('store-failed', { problem: String(error) }, { cause: error });
  const details = Object.fromEntries(Object.entries(failure.details).map(([name, value]) => [name, String(value)]));
  const answer = { accepted: false, code: failure.code, details } as const;
  return [{ address: { to: 'client', client }, message: { kind: 'answer', sagaId, request: input.request, answer } }];
}
