import type { Clock, Delivery, EventStore, InboxMessage, MessageBus, Outgoing, PayloadCodec, SagaState } from '@skald/kernel';
import { loadSaga } from '../history.js';
import type { Observer } from '../observer.js';
import type { Pauses } from '../pauses.js';
import { publishOr, untold } from '../refused-messages.js';
import { WorkLoop } from '../work-loop.js';
import { answerOf, answersTo } from './answers.js';
import type { ExpressRun } from './express-run.js';
import { type Settled, type Settling, store } from './settling.js';

export interface SettlerPorts {
  readonly store: EventStore;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly observer: Required<Observer>;
  readonly codec?: PayloadCodec | undefined;
}

const BATCH = 500;
const PAUSE = 250;
const LONGEST_PAUSE = 10_000;
/** Sagas remembered after their end, for a success that comes late; and those that went on as standard ones. */
const REMEMBERED = 2_000;

/** Brings runs to their end: stored, answered, acknowledged, in this order. */
export class Settler {
  private readonly loop: WorkLoop<Settling>;
  private readonly ended = new Map<string, ExpressRun>();
  private readonly promoted = new Set<string>();
  /** Replies that came meanwhile. */
  private readonly late = new Map<string, Delivery<InboxMessage>[]>();
  private pause = PAUSE;
  private stopping = false;

  constructor(
    private readonly ports: SettlerPorts,
    private readonly pauses: Pauses,
    private readonly onSettled: (run: ExpressRun, late: readonly Delivery<InboxMessage>[]) => void,
  ) {
    this.loop = new WorkLoop(BATCH, (batch) => this.work(batch));
  }

  /** With a reason it goes on as a standard saga; else it has ended. */
  settle(run: ExpressRun, promotion: string | undefined): void {
    run.isSettling = true;
    this.loop.push([{ run, promotion }]);
  }

  /** A run that is over, as long as it is remembered. */
  over(sagaId: string): ExpressRun | undefined {
    return this.ended.get(sagaId);
  }

  isPromoted(sagaId: string): boolean {
    return this.promoted.has(sagaId);
  }

  later(sagaId: string, reply: Delivery<InboxMessage>): void {
    this.late.set(sagaId, [...(this.late.get(sagaId) ?? []), reply]);
  }

  /** It runs again. */
  forget(sagaId: string): void {
    this.ended.delete(sagaId);
    this.promoted.delete(sagaId);
  }

  /** Resolves when all is settled, or cannot be: what is not settled was not acknowledged. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop.idle();
    await this.loop.stop();
  }

  private async work(batch: Settling[]): Promise<void> {
    const { store: events, bus, observer } = this.ports;
    try {
      const outcomes = await store(batch, events, (nth) => this.pauses.wait(PAUSE * nth), observer, this.ports.codec);
      const states = new Map<Settling, SagaState>();
      for (const settling of batch) states.set(settling, await this.stateOf(settling, outcomes.get(settling) ?? 'conflict'));
      const out = batch.flatMap((settling) => this.told(settling, states.get(settling) ?? settling.run.state));
      if (out.length > 0)
        await publishOr(bus, out, (one, reason) => {
          observer.troubled('the bus refuses the answer to a start; that it cannot be told is told', reason, one.message.sagaId);
          return untold(one, reason);
        });
      for (const settling of batch) this.finish(settling, states.get(settling) ?? settling.run.state);
      this.pause = PAUSE;
    } catch (error) {
      observer.troubled(`what came of express sagas cannot be stored or told; next try in ${this.pause} ms`, error);
      if (this.stopping) return;
      await this.pauses.wait(this.pause);
      this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
      this.loop.pushFirst(batch);
    }
  }

  /** What stands there is the word that counts; another end of the same saga would be a fault of a participant's fence. */
  private async stateOf({ run }: Settling, settled: Settled): Promise<SagaState> {
    if (settled === 'stored') return run.state;
    const { state } = await loadSaga(this.ports.store, run.sagaId, this.ports.codec);
    if (state.end && run.state.end && state.inputHash === run.state.inputHash && state.end.type !== run.state.end.type) {
      const problem = new Error(`one run says ${run.state.end.type}, the one on record ${state.end.type}`);
      this.ports.observer.troubled('an express saga ran twice and ended differently; the end on record counts', problem, run.sagaId);
    }
    return state;
  }

  private told({ run, promotion }: Settling, state: SagaState): Outgoing[] {
    const { sagaId, starts } = run;
    const answers = answersTo(
      starts.map(({ message }) => message),
      (message) => answerOf(message, state),
    );
    if (promotion === undefined) return answers;
    return [...answers, { address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } }];
  }

  private finish({ run, promotion }: Settling, state: SagaState): void {
    const { sagaId } = run;
    for (const start of run.starts) start.done();
    run.starts.length = 0;
    run.isSettling = false;
    run.isOver = true;
    if (promotion === undefined) remember(this.ended, sagaId, run);
    else {
      this.ended.delete(sagaId);
      this.promoted.delete(sagaId);
      this.promoted.add(sagaId);
      for (const oldest of this.promoted) {
        if (this.promoted.size <= REMEMBERED) break;
        this.promoted.delete(oldest);
      }
      this.ports.observer.promoted(state, promotion);
    }
    this.ports.observer.moved(state);
    const late = this.late.get(sagaId) ?? [];
    this.late.delete(sagaId);
    this.onSettled(run, late);
  }
}

function remember(ended: Map<string, ExpressRun>, sagaId: string, run: ExpressRun): void {
  ended.delete(sagaId);
  ended.set(sagaId, run);
  for (const oldest of ended.keys()) {
    if (ended.size <= REMEMBERED) return;
    ended.delete(oldest);
  }
}
