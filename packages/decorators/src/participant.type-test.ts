/** What the compiler holds of participants, and of what sagas ask of them. */
import { type Later, later, type StandardSchema } from '@skald/kernel';
import { Participant, SagaStep } from './decorators.js';
import { participant } from './participant-proxy.js';

interface Order {
  readonly id: string;
}
interface Reservation {
  readonly reservationId: string;
}
declare const orderSchema: StandardSchema<Order>;
declare const numberSchema: StandardSchema<number>;

@Participant('inventory')
class InventoryService {
  constructor(private readonly stock: Map<string, number>) {}

  @SagaStep({ compensation: 'release', input: orderSchema })
  async reserve(order: Order) {
    return this.look(order);
  }
  async release(_order: Order, _reservation?: Reservation): Promise<void> {}

  @SagaStep({ compensation: 'uncount' })
  async count(): Promise<number> {
    return this._size();
  }
  async uncount(): Promise<void> {}

  async move(from: string, to?: string): Promise<string> {
    return from + to;
  }
  _size(): number {
    return this.stock.size;
  }
  private async look(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }
}

// ── participant<>() ──

const inventory = participant<InventoryService>('inventory');
const order: Order = { id: '1' };

export const result: Reservation | undefined = inventory.reserve(order).resultType;
inventory.move('a');
inventory.move('a', 'b');
// @ts-expect-error an argument of another type
inventory.reserve({ id: 1 });
// @ts-expect-error a missing argument
inventory.reserve();
// @ts-expect-error too many arguments
inventory.reserve(order, 2);
// @ts-expect-error a misspelt action
inventory.reserv(order);
// @ts-expect-error a private member
inventory.look(order);
// @ts-expect-error a member that is not async
inventory._size();
// @ts-expect-error a field of the class
inventory.stock;
// @ts-expect-error the proxy is not a promise
inventory.then;
// @ts-expect-error the result of another action
export const wrong: string | undefined = inventory.reserve(order).resultType;

// ── @Participant ──

// @ts-expect-error a public member that is not async
@Participant('sync')
class SyncMember {
  size(): number {
    return 1;
  }
}

// @ts-expect-error a public field
@Participant('field')
class PublicField {
  stock = 1;
}

// @ts-expect-error a name that tools look for on any object
@Participant('reserved')
class ReservedName {
  async toJSON(): Promise<void> {}
}

// @ts-expect-error three arguments: an action takes one or two
@Participant('wide')
class ThreeArguments {
  async move(_from: string, _to: string, _count: number): Promise<void> {}
}

// ── @SagaStep on an action ──

class Compensations {
  // @ts-expect-error a misspelt compensation
  @SagaStep({ compensation: 'relase' })
  async misspelt(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error a private compensation
  @SagaStep({ compensation: 'hidden' })
  async privately(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error a compensation that takes another input
  @SagaStep({ compensation: 'byNumber' })
  async otherInput(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error a compensation that takes another result
  @SagaStep({ compensation: 'byOtherResult' })
  async otherResult(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error a compensation that insists on a result, which may be unknown
  @SagaStep({ compensation: 'byResult' })
  async unknownResult(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error a compensation that is not async
  @SagaStep({ compensation: 'sync' })
  async undoneAtOnce(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error an action of two arguments has no compensation: it would get the first only
  @SagaStep({ compensation: 'release' })
  async twoArguments(order: Order, count: number): Promise<Reservation> {
    return { reservationId: order.id + count };
  }

  // @ts-expect-error a schema for another input
  @SagaStep({ input: numberSchema })
  async otherSchema(_order: Order): Promise<void> {}

  // @ts-expect-error a schema for another output
  @SagaStep({ output: numberSchema })
  async otherOutput(order: Order): Promise<Reservation> {
    return { reservationId: order.id };
  }

  // @ts-expect-error neither a command nor a promise
  @SagaStep()
  neither(order: Order): string {
    return order.id;
  }

  async release(_order: Order, _reservation?: Reservation): Promise<void> {}
  async byNumber(_order: number): Promise<void> {}
  async byOtherResult(_order: Order, _count?: number): Promise<void> {}
  async byResult(_order: Order, _reservation: Reservation): Promise<void> {}
  sync(_order: Order): void {}
  // biome-ignore lint/correctness/noUnusedPrivateClassMembers: a compensation that nobody may name
  private async hidden(_order: Order): Promise<void> {}
}

export const tested = [SyncMember, PublicField, ReservedName, ThreeArguments, Compensations];

// ── an action that may be answered later ──

@Participant('lab')
class Lab {
  @SagaStep({ compensation: 'discard', input: orderSchema, output: numberSchema })
  async scan(order: Order): Promise<number | Later<number>> {
    return order.id === '' ? 0 : later<number>();
  }
  /** Its result is what comes by the token. */
  async discard(_order: Order, scanned?: number): Promise<void> {
    scanned?.toFixed();
  }

  // @ts-expect-error the result by the token is of another type than the schema's
  @SagaStep({ output: numberSchema })
  async weigh(): Promise<Later<string>> {
    return later();
  }
}

const lab = participant<Lab>('lab');
export const scanned: number | undefined = lab.scan(order).resultType;
// @ts-expect-error a saga sees the result, not the promise of one
export const unsettled: Later<number> | undefined = lab.scan(order).resultType;
