import { CardIssuer } from './card-issuer.js';
import { chance } from './chance.js';
import type { Order } from './order.js';
import { SCREEN_FROM } from './order-saga.js';

export interface FaultRates {
  /** Share of the orders that nobody will pay for. */
  readonly decline: number;
  /** Share of the orders that ask for what is never in stock. */
  readonly outOfStock: number;
  /** Share of the actions and compensations that crash before they succeed. */
  readonly crashService: number;
}

/** No stock has this. */
export const SOLD_OUT = 'sold-out';

export interface Crash {
  /** Attempts that crash; the next one succeeds. */
  readonly attempts: number;
  /** Before its effect; when that is done and not yet committed; or it does not crash but answers so late that nobody waits any more. */
  readonly how: 'before' | 'after' | 'late';
}

/** Answering late holds up the whole service, as in life: it is for a few only. */
const LATE_OF_CRASHES = 0.02;

/** What goes wrong, by order and seed and by nothing else: a restart decides the same. */
export class Faults extends CardIssuer {
  constructor(
    private readonly seed: number,
    private readonly rates: FaultRates,
  ) {
    super();
  }

  /** The order as it is placed: some ask for what is sold out. */
  applyTo(order: Order): Order {
    if (!this.strikes('out-of-stock', order.orderId, this.rates.outOfStock)) return order;
    const [first, ...others] = order.lines;
    return { ...order, lines: [...(first ? [{ ...first, sku: SOLD_OUT }] : []), ...others] };
  }

  /** Small orders are refused here, large ones when they are screened, so that both happen. */
  declines(orderId: string, amount: number): boolean {
    return amount < SCREEN_FROM && this.refused(orderId);
  }

  suspects(orderId: string): boolean {
    return this.refused(orderId);
  }

  crash(orderId: string, action: string): Crash | undefined {
    if (action === 'screen' && this.strikes('slow', orderId, this.rates.crashService * LATE_OF_CRASHES))
      return { attempts: 1, how: 'late' };
    if (!this.strikes(`crash/${action}`, orderId, this.rates.crashService)) return undefined;
    const attempts = this.strikes(`again/${action}`, orderId, 0.25) ? 2 : 1;
    return { attempts, how: this.strikes(`how/${action}`, orderId, 0.5) ? 'before' : 'after' };
  }

  private refused(orderId: string): boolean {
    return this.strikes('decline', orderId, this.rates.decline);
  }

  private strikes(what: string, orderId: string, rate: number): boolean {
    return rate > 0 && chance(`${this.seed}/${what}/${orderId}`) < rate;
  }
}
