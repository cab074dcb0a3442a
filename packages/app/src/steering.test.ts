import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { BusinessError, type SagaState, type SagaStatus, statusOf } from '@skald/kernel';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

const calls: string[] = [];

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'release' })
  async reserve(order: string): Promise<void> {
    calls.push(`reserve ${order}`);
  }

  async release(order: string): Promise<void> {
    calls.push(`release ${order}`);
  }

  async ship(order: string): Promise<void> {
    calls.push(`ship ${order}`);
  }

  async notify(address: string): Promise<string> {
    calls.push(`notify ${address}`);
    if (address === 'nowhere') throw new BusinessError('no such address');
    return address;
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<{ readonly address: string }>({ name: 'order', version: 1, deadline: '1h' })
  .step('reserve', ({ address }) => shop.reserve(address))
  .wait('later', { for: '30m', when: ({ address }) => address === 'slow' })
  .step('ship', { pivot: true, run: ({ address }) => shop.ship(address) })
  .step('notify', ({ address }) => shop.notify(address))
  .done();

let app: RunningSkald;
/** Told when a saga has come to a state. */
const waiting: { readonly fits: (state: SagaState) => boolean; readonly resolve: () => void }[] = [];
const moved = (state: SagaState): void => {
  for (const { fits, resolve } of waiting) if (fits(state)) resolve();
};
const comesTo = (sagaId: string, status: SagaStatus): Promise<void> =>
  new Promise((resolve) => waiting.push({ fits: (state) => state.sagaId === sagaId && statusOf(state) === status, resolve }));

beforeEach(async () => {
  calls.length = 0;
  app = await Skald.embedded({ file: ':memory:', log: () => {} })
    .sagas(order)
    .participants(Shop)
    .observe({ moved })
    .start();
});
afterEach(() => app.stop());

const why = { by: 'anna', reason: 'she called' };

describe('A person', () => {
  it('patches what a parked step is asked with, and sees beforehand that this is possible', async () => {
    const suspended = comesTo('order-1', 'suspended');
    const { result } = await app.sagas.start(order, { address: 'nowhere' }, { id: '1' });
    await suspended;
    const { targets } = await app.sagas.actions('order-1');
    expect(targets).toMatchObject([{ target: 'step:notify', actions: ['retry', 'patch', 'skip', 'succeed'] }]);
    await app.sagas.patch('order-1', { ...why, target: 'step:notify', args: ['here'] });
    expect(await result()).toMatchObject({ notify: 'here' });
    expect(calls).toEqual(['reserve nowhere', 'ship nowhere', 'notify nowhere', 'notify here']);
  });

  it('is told what is possible where something is not', async () => {
    const suspended = comesTo('order-1', 'suspended');
    await app.sagas.start(order, { address: 'nowhere' }, { id: '1' });
    await suspended;
    const fail = app.sagas.fail('order-1', { ...why, target: 'step:notify' });
    await expect(fail).rejects.toMatchObject({
      code: 'action-not-possible',
      details: { why: 'nothing waits for the word that it did not happen', possible: 'retry, patch, skip, succeed' },
    });
    const circular: unknown[] = [];
    circular.push(circular);
    const patch = (args: unknown) => app.sagas.patch('order-1', { ...why, target: 'step:notify', args: args as [] });
    await expect(patch('here')).rejects.toMatchObject({ code: 'invalid-arguments' });
    await expect(patch(circular)).rejects.toMatchObject({ code: 'invalid-arguments' });
    await expect(patch(['x'.repeat(300_000)])).rejects.toMatchObject({ code: 'invalid-arguments' });
    await expect(app.sagas.actions('order-2')).rejects.toMatchObject({ code: 'saga-not-found' });
  });

  it('gets the same refusal for the same request, although it would be possible by then', async () => {
    await app.sagas.start(order, { address: 'slow' }, { id: '1' });
    const resume = () => app.sagas.resume('order-1', { ...why, request: 'r-1' });
    await expect(resume()).rejects.toMatchObject({ code: 'not-parked' });
    await app.sagas.suspend('order-1', why);
    await expect(resume()).rejects.toMatchObject({ code: 'not-parked' });
    expect(statusOf(await app.sagas.get('order-1'))).toBe('suspended');
  });

  it('moves the deadline, takes it away, and ends the saga by it', async () => {
    const reserved = new Promise<void>((resolve) => waiting.push({ fits: ({ steps }) => steps.has('later'), resolve }));
    const { ended } = await app.sagas.start(order, { address: 'slow' }, { id: '1' });
    await reserved;
    await app.sagas.deadline('order-1', { ...why, until: null });
    expect((await app.sagas.get('order-1')).deadlineAt).toBeUndefined();
    await expect(app.sagas.deadline('order-1', { ...why, until: Number.NaN })).rejects.toMatchObject({ code: 'invalid-duration' });
    await app.sagas.deadline('order-1', { ...why, until: new Date(0) });
    expect(await ended()).toMatchObject({ status: 'compensated', reason: 'the deadline passed' });
  });

  it('sees what a cancel would undo before there is one', async () => {
    const reserved = new Promise<void>((resolve) => waiting.push({ fits: ({ steps }) => steps.has('later'), resolve }));
    const { ended } = await app.sagas.start(order, { address: 'slow' }, { id: '1' });
    await reserved;
    expect(await app.sagas.plan('order-1')).toMatchObject({
      cancel: { accepted: true },
      levels: [[{ step: 'reserve', because: 'succeeded' }]],
      stopped: ['later'],
    });
    await app.sagas.cancel('order-1', why);
    await ended();
    expect(await app.sagas.plan('order-1')).toMatchObject({ cancel: { accepted: false, code: 'saga-ended' }, levels: [] });
  });
});
