/**
 * The express sagas of this process: decided by the same kernel as all others, and kept in memory.
 *
 * Invariants
 * X1  A start is acknowledged only when its saga is settled (settling.ts). Until then a crash loses the run and nothing else: the start, or
 *     its caller, comes again.
 * X2  A run asks under the idempotency keys of every other run of the same start, so that fences make them one.
 * X3  What needs a person, or more time than an express saga has, goes on as a standard saga with its whole history.
 * X4  So many run at once; further starts wait, unacknowledged. Where nobody keeps them but this process, too many are refused.
 * X5  A run whose start belongs to another owner now is dropped, unsettled: that one runs it again.
 */
import {
  type Answer,
  type BusConsumer,
  type BusMessage,
  type Clock,
  type Delivery,
  type EventStore,
  type Ids,
  type InboxMessage,
  type MessageBus,
  type Outgoing,
  type OwnershipListener,
  outstanding,
  type PayloadCodec,
  type SagaState,
  SkaldError,
} from '@skald/kernel';
import type { Observer } from '../observer.js';
import { Pauses } from '../pauses.js';
import type { Programs } from '../programs.js';
import { refusedSagas } from '../refused-messages.js';
import { stamped } from '../turn.js';
import { WorkLoop } from '../work-loop.js';
import { answerOf, answersTo } from './answers.js';
import { ExpressRun, type StartDelivery } from './express-run.js';
import { ExpressTimers } from './express-timers.js';
import { Settler } from './settler.js';
import { storedSagas } from './stored-sagas.js';

export interface ExpressPorts {
  readonly store: EventStore;
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly programs: Programs;
  readonly observer: Required<Observer>;
  readonly codec?: PayloadCodec | undefined;
}

export interface ExpressLimits {
  /** Sagas in memory at once. */
  readonly inFlight: number;
  /** Inputs in one micro-batch. */
  readonly batch: number;
}

type Item =
  | { readonly start: StartDelivery }
  | { readonly reply: Delivery<InboxMessage> }
  | { readonly due: string; readonly refused?: SkaldError };

/** X4: starts that may wait, for each saga that may run. */
const WAITING = 10;
const PAUSE = 500;

export class ExpressSagas implements OwnershipListener {
  private readonly runs = new Map<string, ExpressRun>();
  private readonly waiting: StartDelivery[] = [];
  private readonly loop: WorkLoop<Item>;
  private readonly settler: Settler;
  private readonly timers: ExpressTimers;
  private readonly pauses: Pauses;
  private readonly sending = new Set<Promise<void>>();
  /** X5: partitions of the starts, with an object for each term. */
  private readonly terms = new Map<number, object>();
  private readonly client: string;
  private consumers: readonly BusConsumer[] = [];
  private stopping = false;

  constructor(
    private readonly ports: ExpressPorts,
    private readonly limits: ExpressLimits,
  ) {
    this.client = ports.ids.unique();
    this.pauses = new Pauses(ports.clock);
    this.loop = new WorkLoop(limits.batch, (batch) => this.work(batch));
    this.timers = new ExpressTimers(ports.clock, this.runs, (due) => this.loop.push(due.map((sagaId) => ({ due: sagaId }))));
    this.settler = new Settler(ports, this.pauses, (run, late) => this.settled(run, late));
  }

  async start(): Promise<void> {
    const { bus } = this.ports;
    const replies = await bus.consume({ to: 'client', client: this.client }, (batch) => this.replied(batch));
    this.consumers = [replies];
    const starts = await bus.consume({ to: 'express' }, (batch) => this.loop.push(batch.filter(isInput).map((start) => ({ start }))), this);
    this.consumers = [starts, replies];
  }

  /** Is this saga in memory, and not yet at its end? */
  isUnderWay(sagaId: string): boolean {
    return this.runs.has(sagaId);
  }

  /** Takes nothing new. What is under way goes on as standard sagas, here or elsewhere; resolves when that is stored. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.pauses.end();
    await this.loop.stop();
    this.timers.stop();
    for (const run of this.runs.values()) if (!run.isSettling) this.settler.settle(run, 'the process that ran it was stopped');
    await this.settler.stop();
    await Promise.all(this.sending);
    for (const consumer of this.consumers) await consumer.stop();
  }

  assigned(partitions: readonly number[]): void {
    for (const partition of partitions) if (!this.terms.has(partition)) this.terms.set(partition, {});
  }

  /** X5 */
  revoked(partitions: readonly number[]): void {
    const gone = ({ partition = 0 }: StartDelivery): boolean => partitions.includes(partition);
    for (const partition of partitions) this.terms.delete(partition);
    for (const [sagaId, run] of this.runs) if (!run.isSettling && run.starts.some(gone)) this.runs.delete(sagaId);
    this.loop.keep((item) => !('start' in item && gone(item.start)));
    this.waiting.splice(0, this.waiting.length, ...this.waiting.filter((start) => !gone(start)));
  }

  /** Whoever waits for an answer to a start asks again. */
  missed(partitions: readonly number[]): void {
    const problem = new SkaldError('inputs-missed', { partitions: partitions.join(', ') });
    this.ports.observer.troubled('starts of express sagas were lost before they were read', problem);
  }

  private replied(batch: readonly Delivery<BusMessage>[]): void {
    for (const delivery of batch) {
      if (isInput(delivery)) this.loop.push([{ reply: delivery }]);
      else delivery.done();
    }
  }

  private async work(batch: Item[]): Promise<void> {
    const out: Outgoing[] = [];
    const through: Delivery[] = [];
    try {
      const touched = new Set<ExpressRun>();
      await this.begin(batch, touched, out, through);
      const now = this.ports.clock.now();
      for (const item of batch) {
        if ('reply' in item) this.take(item.reply, now, touched, out);
        else if ('due' in item) this.wake(item, now, touched);
      }
      for (const run of touched) this.goOn(run, now, out);
      this.send(out, [...touched], through);
    } catch (error) {
      this.ports.observer.troubled(`express sagas cannot go on; next try in ${PAUSE} ms`, error);
      await this.pauses.wait(PAUSE);
      this.loop.pushFirst(batch);
    }
  }

  /** The starts of a batch. What rejects does so before anything is changed. */
  private async begin(batch: readonly Item[], touched: Set<ExpressRun>, out: Outgoing[], through: Delivery[]): Promise<void> {
    const starts = batch.flatMap((item) => ('start' in item ? [item.start] : []));
    if (starts.length === 0) return;
    const terms = new Map(this.terms);
    const unknown = new Set(starts.map(({ message }) => message.sagaId).filter((sagaId) => !this.runs.has(sagaId)));
    const stored = await storedSagas(this.ports.store, [...unknown], this.ports.codec);
    for (const start of starts) {
      const { partition = 0 } = start;
      if (!terms.has(partition) || this.terms.get(partition) !== terms.get(partition)) continue;
      const answer = this.startOne(start, stored.get(start.message.sagaId), touched, out);
      if (!answer) continue;
      out.push(...answersTo([start.message], () => answer));
      through.push(start);
    }
  }

  /** An answer where the start is through with it; `undefined`: it runs, or waits. */
  private startOne(start: StartDelivery, stored: SagaState | undefined, touched: Set<ExpressRun>, out: Outgoing[]): Answer | undefined {
    const { message } = start;
    const { input, sagaId } = message;
    if (input.type !== 'start' || !this.isExpress(input.saga, input.version)) {
      out.push({ address: { to: 'inbox' }, message });
      start.done();
      return undefined;
    }
    const run = this.runs.get(sagaId);
    if (run && run.state.inputHash !== input.inputHash) return answerOf(message, run.state);
    if (run) return void run.starts.push(start);
    if (stored) return answerOf(message, stored);
    const over = this.settler.over(sagaId)?.state;
    if (over?.inputHash === input.inputHash) return answerOf(message, over);
    if (this.runs.size >= this.limits.inFlight) return this.putOff(start);
    const begun = new ExpressRun(sagaId, this.ports.programs.find(input.saga, input.version), this.ports.observer);
    begun.starts.push(start);
    this.runs.set(sagaId, begun);
    this.settler.forget(sagaId);
    begun.take(stamped(input, this.ports.clock.now()));
    touched.add(begun);
    return undefined;
  }

  /** X4 */
  private putOff(start: StartDelivery): Answer | undefined {
    const limit = this.limits.inFlight * WAITING;
    if (this.ports.bus.partitioning || this.waiting.length < limit) return void this.waiting.push(start);
    return { accepted: false, code: 'express-overloaded', details: { limit: String(limit) } };
  }

  private isExpress(saga: string, version: number): boolean {
    const { programs } = this.ports;
    return programs.has(saga, version) && programs.find(saga, version).express !== undefined;
  }

  private take(reply: Delivery<InboxMessage>, now: number, touched: Set<ExpressRun>, out: Outgoing[]): void {
    const { sagaId, input } = reply.message;
    const run = this.runs.get(sagaId) ?? this.settler.over(sagaId);
    reply.done();
    if (this.settler.isPromoted(sagaId)) out.push({ address: { to: 'inbox' }, message: reply.message });
    else if (!run) this.ports.observer.noted('stray', sagaId);
    else if (run.isSettling) this.settler.later(sagaId, reply);
    // No step of an express saga is answered later.
    else if (input.type !== 'task') {
      const { note } = run.take(stamped(input, now));
      if (note) this.ports.observer.noted(note, sagaId);
      if (!run.isOver || run.promotion(now) !== undefined) touched.add(run);
    }
  }

  private wake({ due, refused }: Extract<Item, { due: string }>, now: number, touched: Set<ExpressRun>): void {
    const run = this.runs.get(due);
    if (!run || run.isSettling) return;
    if (refused) run.fault(now, refused);
    else run.take({ type: 'wake', at: now });
    touched.add(run);
  }

  private goOn(run: ExpressRun, now: number, out: Outgoing[]): void {
    const promotion = run.promotion(now);
    if (promotion !== undefined || run.hasEnded) this.settler.settle(run, promotion);
    else {
      for (const command of outstanding(run.state, run.published)) {
        const message = { kind: 'command', sagaId: run.sagaId, command: { ...command, replyTo: this.client } } as const;
        out.push({ address: { to: 'participant', participant: command.participant }, message });
      }
      run.published = run.state.revision;
    }
    this.timers.onTurn(run);
  }

  /** Not waited for: the next batch is decided meanwhile. */
  private send(out: readonly Outgoing[], runs: readonly ExpressRun[], through: readonly Delivery[]): void {
    if (out.length === 0) return;
    const sending = this.ports.bus
      .publish(out)
      .catch((error: unknown) => this.unsent(error, runs))
      .then(() => {
        for (const delivery of through) delivery.done();
      });
    this.sending.add(sending);
    void sending.finally(() => this.sending.delete(sending));
  }

  /** What a run owes is sent again; a run of which the bus takes a message never cannot go on. Starts are answered when they are repeated. */
  private async unsent(error: unknown, runs: readonly ExpressRun[]): Promise<void> {
    const refused = refusedSagas(error);
    for (const [sagaId, reason] of refused) this.loop.push([{ due: sagaId, refused: reason }]);
    if (refused.size > 0) return;
    this.ports.observer.troubled(`the commands of express sagas cannot be sent; next try in ${PAUSE} ms`, error);
    await this.pauses.wait(PAUSE);
    for (const run of runs) run.published = -1;
    this.loop.push(runs.map(({ sagaId }) => ({ due: sagaId })));
  }

  private settled(run: ExpressRun, late: readonly Delivery<InboxMessage>[]): void {
    if (this.runs.get(run.sagaId) === run) this.runs.delete(run.sagaId);
    this.timers.onTurn(run);
    if (this.stopping) return;
    const room = this.limits.inFlight - this.runs.size;
    if (this.waiting.length > 0 && room > 0) this.loop.push(this.waiting.splice(0, room).map((start) => ({ start })));
    this.loop.push(late.map((reply) => ({ reply })));
  }
}

function isInput(delivery: Delivery): delivery is Delivery<InboxMessage> {
  return delivery.message.kind === 'input';
}
