import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant, type SagaRef } from '@skald/decorators';
import { BusinessError, type StandardSchema } from '@skald/kernel';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

const shelf = { empty: true };

@Participant('shop')
class Shop {
  async reserve(item: string): Promise<string> {
    if (shelf.empty) throw new BusinessError(`no ${item} left`);
    return item;
  }
}

interface Order {
  readonly item: string;
}

/** Converts: what is on record has been through it. */
const Shouted: StandardSchema<unknown, Order> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value: { item: `${(value as Order).item}!` } }) },
};
const shop = participant<Shop>('shop');
const order = (version: number) =>
  defineSaga({ name: 'order', version, input: Shouted })
    .step('reserve', ({ item }) => shop.reserve(item))
    .done();
const first = order(1);
const second = order(2);

let app: RunningSkald;
const start = async (...sagas: readonly SagaRef[]): Promise<void> => {
  app = await Skald.embedded({ file: ':memory:', log: () => {} })
    .sagas(...sagas)
    .participants(Shop)
    .start();
};
const why = { by: 'anna', reason: 'the shelf is full again' };

beforeEach(() => {
  shelf.empty = true;
});
afterEach(() => app.stop());

describe('A saga that is started again', () => {
  it('is another one, with the same input as it was recorded, which names the earlier', async () => {
    await start(first);
    await (await app.sagas.start(first, { item: 'tea' }, { id: '42' })).ended();
    shelf.empty = false;
    expect((await app.sagas.actions('order-42')).saga).toEqual(['start-again']);
    const { sagaId, existing, result } = await app.sagas.startAgain('order-42', why);
    expect([sagaId, existing, await result()]).toEqual(['order-42~2', false, { reserve: 'tea!' }]);
    expect(await app.sagas.get(sagaId)).toMatchObject({ again: { of: 'order-42', ...why }, input: { item: 'tea!' } });
  });

  it('is started once, however often and by whomever it is asked for', async () => {
    await start(first);
    await (await app.sagas.start(first, { item: 'tea' }, { id: '42' })).ended();
    const both = await Promise.all([
      app.sagas.startAgain('order-42', why),
      app.sagas.startAgain('order-42', { by: 'bert', reason: 'too' }),
    ]);
    expect(both.map(({ sagaId }) => sagaId)).toEqual(['order-42~2', 'order-42~2']);
    expect(both.map(({ existing }) => existing).sort()).toEqual([false, true]);
    await both[0].ended();
    expect((await app.sagas.startAgain('order-42~2', why)).sagaId).toBe('order-42~3');
    await expect(app.sagas.startAgain('order-42', { ...why, input: { item: 'coffee' } })).rejects.toMatchObject({ code: 'saga-exists' });
  });

  it('may have another input and another id, and is of the newest version, whose schema its input goes through', async () => {
    await start(first);
    await (await app.sagas.start(first, { item: 'tea' }, { id: '42' })).ended();
    await (await app.sagas.startAgain('order-42', { ...why, input: { item: 'coffee' }, id: 'new' })).ended();
    expect(await app.sagas.get('order-new')).toMatchObject({ version: 1, input: { item: 'coffee!' }, again: { of: 'order-42' } });
    await app.stop();
    await start(first, second);
    await (await app.sagas.start(first, { item: 'tea' }, { id: '42' })).ended();
    const { sagaId } = await app.sagas.startAgain('order-42', why);
    expect(await app.sagas.get(sagaId)).toMatchObject({ version: 2, input: { item: 'tea!!' } });
  });

  it('is refused while the earlier one has not ended, where it is completed, where there is none, and where it is not registered', async () => {
    await start(first);
    await expect(app.sagas.startAgain('order-42', why)).rejects.toMatchObject({ code: 'saga-not-found' });
    shelf.empty = false;
    await (await app.sagas.start(first, { item: 'tea' }, { id: '42' })).result();
    const completed = { code: 'action-not-possible', details: { action: 'start-again', why: 'it is completed', possible: 'none' } };
    await expect(app.sagas.startAgain('order-42', why)).rejects.toMatchObject(completed);
  });
});
