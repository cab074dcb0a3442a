import { describe, expect, test } from '@jest/globals';
import { Container, inject } from 'inversify';
import { Participant, Saga, SagaStep } from './decorators.js';
import { participant } from './participant-proxy.js';

class Warehouse {
  stock = 3;
}

@Participant('inventory')
class InventoryService {
  constructor(@inject(Warehouse) private readonly warehouse: Warehouse) {}
  async reserve(count: number): Promise<number> {
    return this.warehouse.stock - count;
  }
}

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  constructor(readonly warehouse: Warehouse) {}
  @SagaStep()
  reserve(count: number) {
    return participant<InventoryService>('inventory').reserve(count + this.warehouse.stock);
  }
}

describe('Decorated classes', () => {
  const container = new Container();
  container.bind(Warehouse).toSelf().inSingletonScope();
  container.bind(InventoryService).toSelf();
  container.bind(OrderSaga).toSelf();

  test('are injectable without another decorator', async () => {
    expect(await container.get(InventoryService).reserve(1)).toBe(2);
    expect(container.get(OrderSaga).reserve(1).args).toEqual([4]);
  });

  test('are the classes they were', () => {
    expect(new InventoryService(new Warehouse())).toBeInstanceOf(InventoryService);
    expect(Object.keys(OrderSaga)).toEqual([]);
    expect(Object.getOwnPropertyNames(OrderSaga.prototype)).toEqual(['constructor', 'reserve']);
  });

  test.each([
    { decorator: '@Saga', apply: Saga({ name: 'order', version: 1 }) },
    { decorator: '@Participant', apply: Participant('inventory') },
    { decorator: '@SagaStep', apply: SagaStep() },
  ])('cannot be standard decorators, and $decorator says so', ({ decorator, apply }) => {
    const asStandard = apply as unknown as (value: unknown, context: { kind: string }) => void;
    expect(() => asStandard(class {}, { kind: 'class' })).toThrow(`${decorator} was called as a standard decorator`);
  });
});
