import { describe, expect, test } from '@jest/globals';
import type { Command, SagaDefinition, SagaView } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { participant } from './participant-proxy.js';

interface Shop {
  charge(id: string): Promise<{ paymentId: string }>;
  ship(id: string, paymentId?: string): Promise<void>;
}
const shop = participant<Shop>('shop');
const view: SagaView = {
  results: { charge: { paymentId: 'p' } },
  saga: { id: '1', name: 'order', version: 1, startedAt: 0 },
  now: 7,
};
const commandsOf = ({ steps }: SagaDefinition) => steps.filter((step) => step.kind === 'command');
const charged = defineSaga<string>({ name: 'order', version: 1 }).step('charge', (id) => shop.charge(id));

describe('A saga written with the builder', () => {
  test('puts each step after the one before unless it says otherwise', () => {
    const steps = commandsOf(
      charged
        .step('pack', (id) => shop.ship(id))
        .step('ship', { after: ['charge'], run: (id, { results }) => shop.ship(id, results.charge.paymentId) })
        .step('tell', { after: [], run: (id) => shop.ship(id) })
        .done(),
    );
    expect(steps.map(({ id, after }) => [id, after])).toEqual([
      ['charge', []],
      ['pack', ['charge']],
      ['ship', ['charge']],
      ['tell', []],
    ]);
    expect(steps[2]?.run('1', view).args).toEqual(['1', 'p']);
  });

  test('gives compensations the result of their step and the context', () => {
    const undo = (id: string, result: { paymentId: string } | undefined, { now }: { now: number }) =>
      shop.ship(`${id}-${now}`, result?.paymentId);
    const steps = commandsOf(
      defineSaga<string>({ name: 'order', version: 1 })
        .step('charge', { run: (id) => shop.charge(id), compensation: undo })
        .step('again', { run: (id) => shop.charge(id), compensation: { name: 'giveBack', run: undo } })
        .done(),
    );
    expect(steps.map(({ compensation }) => compensation?.name)).toEqual(['undo charge', 'giveBack']);
    expect(steps.map(({ compensation }) => compensation?.run('1', view).args)).toEqual([['1-7', 'p'], ['1-7']]);
  });

  test('is answered anew by each step, so that a beginning can be shared', () => {
    const one = charged.step('ship', (id) => shop.ship(id)).done();
    const other = charged.result((id, { results }) => id + results.charge.paymentId);
    expect([one.steps.length, other.steps.length, charged.done().steps.length]).toEqual([2, 1, 1]);
    expect([one.result, other.result?.('1', view)]).toEqual([undefined, '1p']);
  });

  test('refuses a step that is defined twice', () => {
    const again = charged as unknown as { step(name: string, run: () => Command): unknown };
    expect(() => again.step('charge', () => shop.ship('1'))).toThrow("step 'charge' is defined twice");
  });

  test('tells a step that returned no command so', () => {
    const careless = charged as unknown as { step(name: string, run: () => unknown): typeof charged };
    const steps = commandsOf(careless.step('ship', async () => shop.ship('1')).done());
    expect(() => steps[1]?.run('1', view)).toThrow('In saga order, ship returned a Promise instead of a command.');
  });
});
