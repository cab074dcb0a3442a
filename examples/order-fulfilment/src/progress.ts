import { clearLine, cursorTo } from 'node:readline';
import { widthOf } from '@skald/cli';
import type { OrderRun } from './order-run.js';

const LIVE_EVERY = 200;
const SELDOM = 5_000;

/** How a run is getting on, on standard error: a line that is renewed on a terminal, else a line now and then. */
export class Progress {
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly run: OrderRun,
    private readonly orders: number,
    private readonly stream: NodeJS.WriteStream,
    private readonly live: boolean,
  ) {
    this.timer = setInterval(() => this.show(), live ? LIVE_EVERY : SELDOM).unref();
  }

  /** A line of its own. */
  say(line: string): void {
    this.clear();
    this.stream.write(`${line}\n`);
  }

  stop(): void {
    clearInterval(this.timer);
    this.clear();
  }

  private show(): void {
    const { ended, inFlight, rate } = this.run.progress;
    const { completed = 0, compensated = 0, suspended = 0 } = this.run.counts();
    const line =
      `${ended} of ${this.orders} orders: ${completed} completed, ${compensated} compensated${suspended > 0 ? `, ${suspended} suspended` : ''}; ` +
      `${inFlight} in flight, ${Math.round(rate)} a second`;
    if (!this.live) this.stream.write(`${line}\n`);
    else {
      cursorTo(this.stream, 0);
      this.stream.write(line.slice(0, (widthOf(this.stream) ?? 120) - 1));
      clearLine(this.stream, 1);
    }
  }

  private clear(): void {
    if (!this.live) return;
    cursorTo(this.stream, 0);
    clearLine(this.stream, 0);
  }
}
