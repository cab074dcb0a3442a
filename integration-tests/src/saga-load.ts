import { setTimeout } from 'node:timers/promises';
import type { RunningSkald } from '@skald/app';
import type { SagaRef } from '@skald/decorators';
import { SkaldError } from '@skald/kernel';

/** So many are started at once, every so many milliseconds: some are always under way when managers change. */
const AT_ONCE = 10;
const EVERY = 300;

export interface Order {
  readonly saga: SagaRef;
  readonly id: string;
  readonly input: unknown;
  /** What somebody asks of it as soon as it is started; what is refused is no trouble. */
  readonly afterwards?: (app: RunningSkald) => Promise<unknown>;
}

/** Participants of sagas in this process, and whoever starts sagas one after the other. */
export class SagaLoad {
  /** Ids of instances that were started for certain. */
  readonly started = new Set<string>();
  private stopped = false;
  private isClosed = false;
  private readonly starting = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly app: RunningSkald,
    private readonly orderOf: (nth: number) => Order,
    private readonly closeAll: () => void,
  ) {}

  start(): void {
    this.running = this.startMany();
  }

  /** Resolves when all that was begun is started. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.all(this.starting);
  }

  /** Also of a load that nobody stopped: what is not started by now is given up. */
  async close(): Promise<void> {
    this.stopped = true;
    this.isClosed = true;
    await this.app.stop();
    this.closeAll();
  }

  private async startMany(): Promise<void> {
    for (let n = 0; !this.stopped; n += 1) {
      const start = this.startOne(this.orderOf(n));
      this.starting.add(start);
      void start.then(() => this.starting.delete(start));
      if (n % AT_ONCE === 0) await setTimeout(EVERY);
    }
  }

  private async startOne({ saga, id, input, afterwards }: Order): Promise<void> {
    await this.untilAnswered(() => this.app.sagas.start(saga, input as never, { id }));
    if (this.isClosed) return;
    this.started.add(id);
    if (afterwards) await this.untilAnswered(() => afterwards(this.app));
  }

  private async untilAnswered(ask: () => Promise<unknown>): Promise<void> {
    while (!this.isClosed) {
      try {
        await ask();
        return;
      } catch (error) {
        if (this.isClosed || (error instanceof SkaldError && REFUSALS.includes(error.code))) return;
        if (!(error instanceof SkaldError && error.retryable)) throw error;
        await setTimeout(100);
      }
    }
  }
}

/** Of what is asked of a saga that has ended, or has turned back by itself. */
const REFUSALS: readonly string[] = ['saga-ended', 'already-compensating'];
