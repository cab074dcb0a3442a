/**
 * Sends messages in batches: all that a turn of the event loop publishes, and all that gathers while requests are in the air, goes in one.
 *
 * L1. A publish resolves when all its messages are written to all replicas in sync, and rejects with what became of the first that was not.
 * L2. Messages of one saga in one topic keep their order: they are in one request in the air at a time, repeats included. Different sagas do
 *     not wait for each other; how many requests are in the air is bounded.
 * L3. What may go well later is tried again until its time is over: `bus-unavailable`.
 * L4. Where one message spoils a request, the request is cut in halves until that message is alone: only it is refused. So are the messages to a
 *     participant whose topic may not be written to.
 * L5. A record batch stays under the limit of its topic, so that many small messages are not taken for one that is too large.
 */
import { SkaldError } from '@skald/kernel';
import type { Message } from 'kafkajs';
import { faultOf, problemOf } from './kafka-errors.js';
import type { Log } from './log.js';
import type { PublishOptions } from './options.js';
import { type Sender, StaleMetadata } from './producer-connection.js';
import type { WireRecord } from './wire.js';

export interface ProduceRecord extends Pick<Message, 'headers'> {
  readonly topic: string;
  readonly partition: number;
  readonly key: WireRecord['key'] | null;
  readonly value: WireRecord['value'] | null;
  /** For the error that tells that it was refused. */
  readonly sagaId: string;
  /** Its topic is a participant's: where that cannot be written to, it is the trouble of this message's saga, and not of this client. */
  readonly isForParticipant?: boolean;
}

interface Limits extends Required<PublishOptions> {
  readonly maxMessageBytes: number;
}

/** One publish: what of it is open, and what went wrong first. */
class Ticket {
  readonly settled: Promise<void>;
  failures: SkaldError[] = [];
  #open: number;
  #resolve: () => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(
    open: number,
    readonly deadline: number,
  ) {
    this.#open = open;
    this.settled = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  settle(failure?: SkaldError): void {
    if (failure) this.failures.push(failure);
    if (--this.#open > 0) return;
    if (this.failures.length === 0) this.#resolve();
    else this.#reject(together(this.failures));
  }
}

interface Waiting {
  readonly record: ProduceRecord;
  /** Of topic and saga: what keeps its order. */
  readonly lane: string;
  readonly bytes: number;
  readonly ticket: Ticket;
}

/** What became of one, with all of them where they are more. One that may pass goes before those that never will. */
export function together(failures: readonly unknown[]): unknown {
  if (failures.length < 2) return failures[0];
  const errors = failures.filter((one) => one instanceof SkaldError);
  const first = errors.find(({ code }) => code !== 'message-refused') ?? errors[0];
  const cause = new AggregateError(failures);
  return first ? new SkaldError(first.code, first.details, { cause }) : cause;
}

/** Those that `together` has put together. */
export function failuresIn(error: unknown): readonly unknown[] {
  return error instanceof SkaldError && error.cause instanceof AggregateError ? error.cause.errors : [error];
}

/** Of one message, which the bus will never take. */
export function refusal({ sagaId, topic }: Pick<ProduceRecord, 'sagaId' | 'topic'>, cause: unknown): SkaldError {
  return new SkaldError('message-refused', { sagaId, topic, problem: problemOf(cause) }, { cause });
}

/** Of headers, key, lengths and the batch itself: generous. */
const OVERHEAD = 512;
const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 5_000;
const REQUEST_BYTES = 8 * 1024 * 1024;
/** So many failures in a row, and the connection is made anew. */
const RENEW_AFTER = 3;

export class Publisher {
  #ready: Waiting[] = [];
  /** The lanes in the air, each with what waits for it. */
  readonly #busy = new Map<string, Waiting[]>();
  readonly #pauses = new Set<() => void>();
  #waiting = 0;
  #inTheAir = 0;
  #scheduled = false;
  #closed = false;
  #givenUp = false;
  #idle: (() => void)[] = [];

  constructor(
    private readonly sender: Sender,
    private readonly limits: Limits,
    private readonly log: Log,
  ) {}

  /** L1. */
  publish(records: readonly ProduceRecord[]): Promise<void> {
    if (this.#closed) return Promise.reject(new SkaldError('bus-closed'));
    if (records.length === 0) return Promise.resolve();
    const { maxWaiting: limit, giveUpAfter } = this.limits;
    if (this.#waiting >= limit) return Promise.reject(new SkaldError('bus-overloaded', { waiting: this.#waiting, limit }));
    const ticket = new Ticket(records.length, Date.now() + giveUpAfter);
    for (const record of records) this.#add({ record, lane: `${record.topic} ${record.sagaId}`, bytes: bytesOf(record), ticket });
    this.#schedule();
    return ticket.settled;
  }

  /** Takes nothing new; resolves when what was taken is sent, or is given up after `grace` milliseconds. */
  async close(grace: number): Promise<void> {
    this.#closed = true;
    const late = setTimeout(() => this.#giveUp(), grace);
    while (this.#waiting > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
    clearTimeout(late);
    await this.sender.close();
  }

  #giveUp(): void {
    this.#givenUp = true;
    this.sender.renew();
    for (const waiting of [this.#ready, ...this.#busy.values()]) this.#refuse(waiting.splice(0), new SkaldError('bus-closed'));
    for (const wake of this.#pauses) wake();
  }

  #add(waiting: Waiting): void {
    this.#waiting++;
    (this.#busy.get(waiting.lane) ?? this.#ready).push(waiting);
  }

  #schedule(): void {
    if (this.#scheduled || this.#ready.length === 0 || this.#inTheAir >= this.limits.inFlight) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
      this.#schedule();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#inTheAir++;
    try {
      await this.#send(batch);
    } catch (error) {
      this.#refuse(batch, new SkaldError('bus-unavailable', { what: 'to produce', problem: problemOf(error) }, { cause: error }));
    }
    this.#inTheAir--;
    for (const { lane } of batch) {
      for (const waiting of this.#busy.get(lane) ?? []) this.#ready.push(waiting);
      this.#busy.delete(lane);
    }
    this.#schedule();
  }

  /** L5. What does not fit stays, in its order, and so does what comes behind it in its partition. */
  #take(): Waiting[] {
    const ready = this.#ready;
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const partitions = new Map<string, number>();
    let total = 0;
    for (const waiting of ready) {
      const { topic, partition } = waiting.record;
      const name = `${topic} ${partition}`;
      const before = partitions.get(name) ?? 0;
      const bytes = before + waiting.bytes;
      if (before > 0 && (bytes > this.limits.maxMessageBytes || total > REQUEST_BYTES)) {
        partitions.set(name, Number.POSITIVE_INFINITY);
        left.push(waiting);
      } else {
        partitions.set(name, bytes);
        total += waiting.bytes;
        batch.push(waiting);
      }
    }
    this.#ready = [];
    for (const { lane } of batch) if (!this.#busy.has(lane)) this.#busy.set(lane, []);
    for (const waiting of left) (this.#busy.get(waiting.lane) ?? this.#ready).push(waiting);
    return batch;
  }

  /** Settles every message of the batch. */
  async #send(whole: readonly Waiting[]): Promise<void> {
    let batch = whole;
    for (let failures = 0; batch.length > 0; ) {
      try {
        await this.sender.send(byTopic(batch));
        for (const { ticket } of batch) this.#settle(ticket);
        return;
      } catch (error) {
        const fault = faultOf(error);
        if (fault === 'message' || fault === 'topic') return await this.#divide(batch, fault, error);
        if (fault === 'client')
          return this.#refuse(
            batch,
            new SkaldError('bus-unauthorised', { what: 'to produce', problem: problemOf(error) }, { cause: error }),
          );
        failures++;
        this.log({
          level: failures === RENEW_AFTER ? 'warn' : 'debug',
          message: 'messages could not be sent; they are sent again',
          about: { count: batch.length, failures, problem: problemOf(error) },
        });
        if (failures % RENEW_AFTER === 0 || error instanceof StaleMetadata) this.sender.renew();
        await this.#pause(failures);
        batch = this.#inTime(batch, error);
      }
    }
  }

  /** L4: by topic where a topic is at fault, else in halves. */
  async #divide(batch: readonly Waiting[], fault: 'message' | 'topic', error: unknown): Promise<void> {
    const { topic = '' } = batch[0]?.record ?? {};
    const ofFirst = batch.filter(({ record }) => record.topic === topic);
    if (ofFirst.length < batch.length) {
      await this.#send(ofFirst);
      await this.#send(batch.filter(({ record }) => record.topic !== topic));
    } else if (fault === 'message' && batch.length > 1) {
      const half = batch.length >> 1;
      await this.#send(batch.slice(0, half));
      await this.#send(batch.slice(half));
    } else {
      const unauthorised = new SkaldError('bus-unauthorised', { what: `topic ${topic}`, problem: problemOf(error) }, { cause: error });
      for (const waiting of batch) {
        const isItsOwn = fault === 'message' || waiting.record.isForParticipant;
        this.#refuse([waiting], isItsOwn ? refusal(waiting.record, error) : unauthorised);
      }
    }
  }

  /** L3. */
  #inTime(batch: readonly Waiting[], cause: unknown): readonly Waiting[] {
    const now = Date.now();
    const isLate = ({ ticket }: Waiting): boolean => this.#givenUp || ticket.deadline <= now;
    this.#refuse(batch.filter(isLate), new SkaldError('bus-unavailable', { what: 'to produce', problem: problemOf(cause) }, { cause }));
    return batch.filter((waiting) => !isLate(waiting));
  }

  #refuse(batch: readonly Waiting[], failure: SkaldError): void {
    for (const { ticket } of batch) this.#settle(ticket, failure);
  }

  #settle(ticket: Ticket, failure?: SkaldError): void {
    ticket.settle(failure);
    if (--this.#waiting > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const wake of idle) wake();
  }

  #pause(failures: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#pauses.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE));
      this.#pauses.add(wake);
    });
  }
}

function bytesOf({ key, value, headers = {} }: ProduceRecord): number {
  let bytes = OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  // What comes from here has headers that OVERHEAD covers; a dead letter carries anybody's.
  for (const header of Object.values(headers)) if (typeof header !== 'string' || header.length > 200) bytes += header?.length ?? 0;
  return bytes;
}

/** Grouped here: kafkajs looks through all topics for each, and copies. */
function byTopic(batch: readonly Waiting[]): { topic: string; messages: Message[] }[] {
  const topics = new Map<string, Message[]>();
  for (const { record } of batch) {
    const messages = topics.get(record.topic);
    if (messages) messages.push(record);
    else topics.set(record.topic, [record]);
  }
  return [...topics].map(([topic, messages]) => ({ topic, messages }));
}
