import type { DatabaseSync } from 'node:sqlite';
import { BusinessError, child, Participant, participant, Saga, type SagaContext, SagaStep } from '@skald/decorators';
import { currentCommand } from '@skald/engine';
import { inject } from 'inversify';

/** What becomes of a parent and of its two children. */
export const FAMILIES = ['completes', 'no-van', 'closed', 'flaky', 'cancelled'] as const;
export type Family = (typeof FAMILIES)[number];

export interface Order {
  readonly id: string;
  readonly family: Family;
}
export interface Parcel extends Order {
  readonly content: 'goods' | 'gift';
}

/** Rows of `effects`: one for each effect that was made, by the order that it was made for. */
export const FAMILY_EFFECTS = 'CREATE TABLE IF NOT EXISTS effects (key TEXT NOT NULL, what TEXT NOT NULL, done_for TEXT NOT NULL)';

function count(db: DatabaseSync, what: string, { id }: Order): void {
  db.prepare('INSERT INTO effects (key, what, done_for) VALUES (?, ?, ?)').run(currentCommand()?.idempotencyKey ?? '', what, id);
}

function failAtFirst(family: Family): void {
  if (family === 'flaky' && currentCommand()?.attempt === 1) throw new Error('deadlock');
}

@Participant('till')
export class Till {
  constructor(@inject('db') private readonly db: DatabaseSync) {}

  @SagaStep({ compensation: 'refund' })
  async charge(order: Order): Promise<void> {
    count(this.db, 'charge', order);
    failAtFirst(order.family);
  }
  async refund(order: Order): Promise<void> {
    count(this.db, 'undo charge', order);
  }

  async close(order: Order): Promise<void> {
    if (order.family === 'closed') throw new BusinessError('the books are closed');
    count(this.db, 'close', order);
  }
}

@Participant('depot')
export class Depot {
  constructor(@inject('db') private readonly db: DatabaseSync) {}

  @SagaStep({ compensation: 'unpack' })
  async pack(parcel: Parcel): Promise<{ readonly label: string }> {
    count(this.db, `pack ${parcel.content}`, parcel);
    failAtFirst(parcel.family);
    return { label: `${parcel.content} of ${parcel.id}` };
  }
  async unpack(parcel: Parcel): Promise<void> {
    count(this.db, `undo pack ${parcel.content}`, parcel);
  }

  @SagaStep({ compensation: 'unload' })
  async load(parcel: Parcel): Promise<void> {
    if (parcel.family === 'no-van' && parcel.content === 'goods') throw new BusinessError('no van');
    count(this.db, `load ${parcel.content}`, parcel);
  }
  async unload(parcel: Parcel): Promise<void> {
    count(this.db, `undo load ${parcel.content}`, parcel);
  }
}

const till = participant<Till>('till');
const depot = participant<Depot>('depot');
const retry = { attempts: 5, delay: '20ms', maxDelay: '200ms' } as const;

/** Of the parcels at the same time: few enough for some to wait for their turn. */
export const MOST_PARCELS = 40;

@Saga({ name: 'parcel', version: 1, limits: { running: MOST_PARCELS } })
export class ParcelSaga {
  @SagaStep({ retry })
  pack(parcel: Parcel) {
    return depot.pack(parcel);
  }
  @SagaStep({ retry })
  load(parcel: Parcel) {
    return depot.load(parcel);
  }
  result(_parcel: Parcel, { results }: SagaContext<ParcelSaga>) {
    return results.pack?.label ?? '';
  }
}

@Saga({ name: 'order', version: 1, deadline: '1d' })
export class OrderSaga {
  @SagaStep({ retry })
  charge(order: Order) {
    return till.charge(order);
  }
  /** A word of a child that was lost with a manager is asked for again after this. */
  @SagaStep({ timeout: '4s' })
  goods(order: Order) {
    return child(ParcelSaga, { ...order, content: 'goods' as const });
  }
  @SagaStep({ after: 'charge', timeout: '4s' })
  gift(order: Order) {
    return child(ParcelSaga, { ...order, content: 'gift' as const });
  }
  @SagaStep({ after: ['goods', 'gift'], retry })
  close(order: Order) {
    return till.close(order);
  }
}
