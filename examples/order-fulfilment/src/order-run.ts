import type { Sagas } from '@skald/app';
import type { Observer } from '@skald/engine';
import { isEnded, type SagaIndex, type SagaState, type SagaStatus, SkaldError, statusOf } from '@skald/kernel';
import type { Order } from './order.js';
import { OrderSaga } from './order-saga.js';

/** Sagas in flight: enough for full batches, few enough that each is through in a moment. */
const IN_FLIGHT = 1_000;
/** Milliseconds without any news after which a run is given up. */
const PATIENCE = 60_000;
const PAGE = 10_000;

export type Counts = Partial<Record<SagaStatus, number>>;

export interface RunFigures {
  /** Ended in this run. */
  readonly ended: number;
  /** From the first start to the last end. */
  readonly seconds: number;
}

/** Where orders are started, in this process or in others. */
export interface OrderDesk {
  readonly sagas: Pick<Sagas, 'start'>;
  /** What is there already. */
  readonly index: Pick<SagaIndex, 'list'>;
}

export interface News {
  /** A saga has moved, and stands so now. May be told twice. */
  heard(sagaId: string, status: SagaStatus): void;
}

/**
 * Starts a saga for each order, some at a time, and follows them all to their ends. What the store has from an earlier run is not started
 * again; what had not ended there is waited for.
 */
export class OrderRun implements Observer, News {
  /** By saga id: started and neither ended nor suspended. */
  private readonly inFlight = new Set<string>();
  private readonly over = new Map<string, SagaStatus>();
  private readonly known = new Set<string>();
  private before = 0;
  private begun: number | undefined;
  private lastEnd = 0;
  private lastNews = performance.now();
  private stopped = false;
  private failure: unknown;
  private wakeUp = () => {};

  /** Of a run as fast as it goes, or of so many orders a second. */
  constructor(private readonly rate?: number) {}

  moved(state: SagaState): void {
    this.heard(state.sagaId, statusOf(state));
  }

  heard(sagaId: string, status: SagaStatus): void {
    this.begun ??= performance.now();
    this.lastNews = performance.now();
    // Others may start an order: a run before this one, whose message was still on its way.
    this.known.add(orderOf(sagaId));
    if (!isOver(status)) {
      if (!this.over.has(sagaId)) this.inFlight.add(sagaId);
      return;
    }
    this.inFlight.delete(sagaId);
    this.over.set(sagaId, status);
    this.lastEnd = this.lastNews;
    this.wakeUp();
  }

  /** Learns what is there from an earlier run, from the index, a page at a time. Answers how many orders have ended. */
  async recall({ index }: OrderDesk): Promise<number> {
    let after: string | undefined;
    do {
      const page = await index.list({ limit: PAGE, ...(after !== undefined && { after }) });
      for (const { sagaId, status } of page.sagas) this.remember(sagaId, status);
      after = page.next;
    } while (after !== undefined);
    return this.over.size;
  }

  private remember(sagaId: string, status: SagaStatus): void {
    this.known.add(orderOf(sagaId));
    // What was heard meanwhile is newer.
    if (this.over.has(sagaId)) return;
    if (!isOver(status)) this.inFlight.add(sagaId);
    else {
      this.over.set(sagaId, status);
      this.before += 1;
    }
  }

  /** Resolves when all have ended, or stand suspended; or after `stop`. Rejects when the store refuses, or when nothing moves any more. */
  async process(desk: OrderDesk, orders: Iterable<Order>): Promise<RunFigures> {
    let started = 0;
    for (const order of orders) {
      if (this.known.has(order.orderId)) continue;
      while (this.goesOn() && this.inFlight.size >= IN_FLIGHT) await this.news();
      if (this.rate !== undefined) await this.itsTurn(started++ / this.rate);
      if (!this.goesOn()) break;
      if (this.known.has(order.orderId)) continue;
      this.begun ??= performance.now();
      this.inFlight.add(`order-${order.orderId}`);
      void this.start(desk, order);
    }
    while (this.goesOn() && this.inFlight.size > 0) await this.news();
    if (this.failure !== undefined) throw this.failure;
    return { ended: this.over.size - this.before, seconds: this.begun === undefined ? 0 : Math.max(0, this.lastEnd - this.begun) / 1000 };
  }

  /** Starts no more; `process` resolves at once. */
  stop(): void {
    this.stopped = true;
    this.wakeUp();
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  counts(): Counts {
    const counts: Counts = {};
    for (const status of this.over.values()) counts[status] = (counts[status] ?? 0) + 1;
    return counts;
  }

  get progress(): { readonly ended: number; readonly inFlight: number; readonly rate: number } {
    const elapsed = this.begun === undefined ? 0 : (performance.now() - this.begun) / 1000;
    const ended = this.over.size;
    return { ended, inFlight: this.inFlight.size, rate: elapsed > 0 ? (ended - this.before) / elapsed : 0 };
  }

  private goesOn(): boolean {
    return !this.stopped && this.failure === undefined;
  }

  /** A refusal that will pass, a full disk say, is tried again. */
  private async start({ sagas }: OrderDesk, order: Order): Promise<void> {
    for (;;) {
      try {
        await sagas.start(OrderSaga, order, { id: order.orderId });
        return;
      } catch (error) {
        if (this.stopped) return;
        if (!(error instanceof SkaldError && error.retryable)) return this.fail(error);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
      }
    }
  }

  private fail(error: unknown): void {
    this.failure ??= error;
    this.wakeUp();
  }

  /** Seconds after the first one. */
  private async itsTurn(after: number): Promise<void> {
    const due = (this.begun ?? performance.now()) + after * 1_000;
    while (this.goesOn() && performance.now() < due) await this.news(due - performance.now());
  }

  /** The next end, or a second. */
  private async news(atMost = 1_000): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.min(Math.max(atMost, 0), 1_000));
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.inFlight.size === 0 || performance.now() - this.lastNews <= PATIENCE) return;
    this.fail(new Error(`nothing has moved for ${PATIENCE / 1000} s; ${this.inFlight.size} sagas have not ended`));
  }
}

function orderOf(sagaId: string): string {
  return sagaId.slice('order-'.length);
}

/** Nothing moves any more by itself. */
function isOver(status: SagaStatus): boolean {
  return isEnded(status) || status === 'suspended';
}
