/**
 * What becomes of a batch of writes.
 *
 * P1. All are sent at once, in order; each has its own fate.
 * P2. A write whose outcome is unknown is sent again, the very same bytes at the very same revision, until there is an answer or no more patience.
 *     The server knows a repeat by the ids of its events.
 * P3. A conflict that answers such a repeat may be the write itself: the stream is read, and equal ids are success.
 * P4. Of writes to one stream, those after a doubtful one are settled after it: their conflict may have been its absence.
 * P5. Nothing is sent of a batch that has a write which cannot be: without events, or too large.
 * P6. When all that was not stored is known not to be, and nothing was, the batch is rejected with the reason.
 */
import { type AppendOutcome, SkaldError, type StreamWrite } from '@skald/kernel';
import type { Answer, AppendCalls, EncodedWrite } from './append-calls.js';
import { encode, sizeOf } from './event-envelope.js';
import type { ReadCalls } from './read-calls.js';
import { translate } from './server-errors.js';
import { backOff, Limiter, type Shutter } from './waiting.js';

export interface AppendOptions {
  readonly server: string;
  readonly prefix: string;
  readonly maxAppendSize: number;
  readonly maxUnacknowledged: number;
  readonly answerTimeout: number;
  readonly patience: number;
  readonly trouble: (what: string, error: unknown) => void;
}

interface Job {
  readonly write: EncodedWrite;
  answer: Answer;
  /** An attempt may have stored it. */
  doubtful: boolean;
}

export class Appends {
  readonly #limiter: Limiter;

  constructor(
    private readonly calls: AppendCalls,
    private readonly reads: ReadCalls,
    private readonly shutter: Shutter,
    private readonly options: AppendOptions,
  ) {
    this.#limiter = new Limiter(options.maxUnacknowledged);
  }

  async append(writes: readonly StreamWrite[]): Promise<readonly AppendOutcome[]> {
    const encoded = writes.map((write) => this.#encode(write));
    const until = Date.now() + this.options.patience;
    const jobs = await Promise.all(
      encoded.map(async (write): Promise<Job> => {
        const answer = await this.#attempt(write);
        return { write, answer, doubtful: answer.type === 'unknown' };
      }),
    );
    if (jobs.some(isOpen)) await this.#settleAll(jobs, until);
    return this.#outcomes(jobs);
  }

  /** P5 */
  #encode({ stream, expectedRevision, events }: StreamWrite): EncodedWrite {
    if (events.length === 0) throw new TypeError(`a write to ${stream} has no events`);
    const encoded = events.map(encode);
    const bytes = encoded.reduce((sum, event) => sum + sizeOf(event), 0);
    const limit = this.options.maxAppendSize;
    if (bytes > limit)
      throw new SkaldError('payload-too-large', { sagaId: stream, what: `a write of ${events.length} events`, bytes, limit });
    return { stream: this.options.prefix + stream, expectedRevision, events: encoded };
  }

  #attempt(write: EncodedWrite): Promise<Answer> {
    return this.#limiter.run(() => this.calls.send(write));
  }

  /** P4 */
  async #settleAll(jobs: readonly Job[], until: number): Promise<void> {
    const byStream = new Map<string, Job[]>();
    for (const job of jobs) {
      const ofOneStream = byStream.get(job.write.stream);
      if (ofOneStream) ofOneStream.push(job);
      else byStream.set(job.write.stream, [job]);
    }
    await Promise.all(
      [...byStream.values()].map(async (ofOneStream) => {
        let after = false;
        for (const job of ofOneStream) {
          if (!isOpen(job) && !(after && job.answer.type === 'conflict')) continue;
          after = true;
          await this.#settle(job, until);
        }
      }),
    );
  }

  /** P2 */
  async #settle(job: Job, until: number): Promise<void> {
    for (let repeat = 1; !this.shutter.isShut; repeat++) {
      if (isOpen(job)) {
        const pause = backOff(repeat);
        if (Date.now() + pause >= until) return;
        this.options.trouble(`an append to ${job.write.stream} is tried again`, errorOf(job.answer));
        await this.shutter.pause(pause);
        if (this.shutter.isShut) return;
      }
      job.answer = await this.#attempt(job.write);
      if (job.answer.type === 'unknown') job.doubtful = true;
      if (job.answer.type === 'conflict' && job.doubtful) job.answer = await this.#lookUp(job.write, job.answer);
      if (!isOpen(job)) return;
    }
  }

  /** P3 */
  async #lookUp({ stream, expectedRevision, events }: EncodedWrite, conflict: Answer): Promise<Answer> {
    try {
      const there = await this.reads.stream(stream, expectedRevision + 1, { limit: events.length, timeout: this.options.answerTimeout });
      const last = there.at(-1);
      const same = there.length === events.length && there.every(({ id }, nth) => id === events[nth]?.id.toLowerCase());
      return same && last ? { type: 'appended', revision: last.revision, position: last.position } : conflict;
    } catch (error) {
      return { type: 'unknown', error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  /** P6 */
  #outcomes(jobs: readonly Job[]): AppendOutcome[] {
    const failed = jobs.find(({ answer }) => errorOf(answer) !== undefined);
    if (failed && jobs.every(isNotStored)) throw this.#translated(failed);
    return jobs.map((job) => {
      const { answer } = job;
      return answer.type === 'appended' || answer.type === 'conflict' ? answer : { type: 'unknown', error: this.#translated(job) };
    });
  }

  #translated({ write, answer }: Job): SkaldError {
    if (this.shutter.isShut) return new SkaldError('store-closed', {}, { cause: errorOf(answer) });
    return translate(errorOf(answer), { server: this.options.server, action: `append to ${write.stream}`, stream: write.stream });
  }
}

/** Whether there is reason to try again. */
function isOpen({ answer }: Job): boolean {
  return answer.type === 'unknown' || answer.type === 'unsent';
}

function isNotStored({ answer, doubtful }: Job): boolean {
  return answer.type === 'conflict' || ((answer.type === 'unsent' || answer.type === 'refused') && !doubtful);
}

function errorOf(answer: Answer): Error | undefined {
  return 'error' in answer ? answer.error : undefined;
}
