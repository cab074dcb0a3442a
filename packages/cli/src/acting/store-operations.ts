import { setTimeout } from 'node:timers/promises';
import type { CallAnswer } from '@skald/app';
import { type Holder, holderOf, openRequestBox, type RequestBox } from '@skald/event-store-sqlite';
import { duration } from '../terminal/plain-text.js';
import { Trouble } from '../trouble.js';
import { type CallOutcome, errorOf, type Operations } from './operations.js';

/** How often it is looked for an answer, in milliseconds. */
const LOOK_EVERY = 40;

export interface StoreOperationsOptions {
  /** Nobody has the store open: the request is kept for whoever opens it next, and not refused. */
  readonly later: boolean;
  /** How long an answer is waited for, in milliseconds. */
  readonly patience: number;
  /** The store must be there already: a request is never the first thing in a folder. */
  readonly file: string;
}

/** Asks the application that has an embedded store open, through the box beside the store. */
export class StoreOperations implements Operations {
  private constructor(
    private readonly box: RequestBox,
    private readonly options: StoreOperationsOptions,
    /** Undefined: nobody, and it is for later. */
    private readonly holder: Holder | undefined,
  ) {}

  /** Rejects with `Trouble` where nobody could answer: nothing is left behind then. */
  static open(options: StoreOperationsOptions): StoreOperations {
    const { file, later } = options;
    const holder = holderOf(file);
    if (holder?.shares) {
      throw new Trouble(
        'shared-store',
        `${file} is shared by several processes (one is ${holder.pid} on ${holder.host}); they are asked over their message bus.`,
        `Name both in skald.config.json, in place of --data: { "store": { "file": … }, "bus": { "kafka": { "brokers": [ … ] } } }.`,
      );
    }
    if (!holder && !later) {
      throw new Trouble(
        'no-application',
        `No application has ${file} open, and only an application decides about its sagas. Nothing was done.`,
        'Start it and ask again; or give --later: it is then done when the application starts.',
      );
    }
    const box = openRequestBox(file, { create: true });
    if (!box) throw new Trouble('no-application', 'A store in memory cannot be asked anything.');
    return new StoreOperations(box, options, holder);
  }

  async call(operation: string, values: Readonly<Record<string, unknown>>, request: string): Promise<CallOutcome> {
    this.box.post({ id: request, postedAt: Date.now(), text: JSON.stringify({ operation, arguments: values }) });
    if (!this.holder) return { type: 'left' };
    const deadline = performance.now() + this.options.patience;
    for (;;) {
      const state = this.box.stateOf(request);
      if (state.state === 'answered') return this.answered(request, state.answer);
      if (state.state === 'gone') throw new Trouble('withdrawn', `Somebody took request ${request} back. Nothing was done.`);
      if (performance.now() > deadline) throw this.unanswered(request);
      await setTimeout(LOOK_EVERY);
    }
  }

  async close(): Promise<void> {
    this.box.close();
  }

  private answered(request: string, text: string): CallOutcome {
    this.box.forget(request);
    const answer = JSON.parse(text) as CallAnswer;
    if (answer.done) return { type: 'done', result: answer.result };
    throw errorOf(answer.error);
  }

  private unanswered(request: string): Trouble {
    const { pid = 0, host = 'unknown' } = this.holder ?? {};
    const who = `Process ${pid} on ${host} has the store open, and did not answer within ${duration(this.options.patience)}.`;
    if (this.box.withdraw(request)) {
      return new Trouble(
        'no-answer',
        `${who} The request was taken back: nothing was done.`,
        'See whether that process is well, and is one of Skald.',
      );
    }
    const fix = `Look at the saga; to be sure ask again with --request ${request}, which does nothing twice.`;
    return new Trouble('no-answer', `${who} It has begun with the request: whether it was done is not known.`, fix);
  }
}
