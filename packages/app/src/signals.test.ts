import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Participant, participant, Saga, SagaAborted, SagaSignal, SagaStep, SagaTimer } from '@skald/decorators';
import type { StandardSchema } from '@skald/kernel';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

interface Order {
  readonly id: string;
}
interface Approval {
  readonly approved: boolean;
}

@Participant('shop')
class Shop {
  @SagaStep({ compensation: 'refund' })
  async charge(order: Order): Promise<{ paid: string }> {
    return { paid: order.id };
  }
  async refund(_order: Order): Promise<void> {}
}
const shop = participant<Shop>('shop');

/** Looks the payload up, so that it is async. */
const schema: StandardSchema<unknown, Approval> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) =>
      typeof (value as Approval | undefined)?.approved === 'boolean'
        ? { value: value as Approval }
        : { issues: [{ message: 'must be a boolean', path: ['approved'] }] },
  },
};

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order);
  }
  @SagaSignal({ schema, timeout: '1d' })
  approval({ approved }: Approval) {
    if (!approved) throw new SagaAborted('not approved');
    return { approved };
  }
  @SagaSignal({ signal: 'paper' })
  signature(text: string) {
    return text;
  }
}

@Saga({ name: 'slow', version: 1 })
class SlowSaga {
  @SagaTimer({ for: '900d' })
  coolOff() {}
  @SagaStep()
  charge(order: Order) {
    return shop.charge(order);
  }
}

let folder: string;
let app: RunningSkald;

const start = () =>
  Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(OrderSaga, SlowSaga)
    .participants(Shop)
    .start();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  app = await start();
});
afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

describe('A saga that waits for signals', () => {
  it('goes on when they come, by class or by saga id, and its results have what it made of them', async () => {
    const saga = await app.sagas.start(OrderSaga, { id: '1' }, { id: '1' });
    await app.sagas.signal(OrderSaga, '1', 'approval', { approved: true }, { by: 'anna' });
    await app.sagas.signal(saga.sagaId, 'paper', 'signed');
    expect(await saga.result()).toEqual({ charge: { paid: '1' }, approval: { approved: true }, signature: 'signed' });
    expect((await app.sagas.history(saga.sagaId)).filter(({ type }) => type === 'SignalReceived')).toMatchObject([
      { data: { name: 'approval', payload: { approved: true }, by: 'anna' } },
      { data: { name: 'paper', payload: 'signed' } },
    ]);
  });

  it('is compensated when it does not like what it is told', async () => {
    const saga = await app.sagas.start(OrderSaga, { id: '1' }, { id: '1' });
    await app.sagas.signal(OrderSaga, '1', 'approval', { approved: false });
    expect(await saga.ended()).toMatchObject({ status: 'compensated' });
  });

  it('still waits in another life of the application, and keeps what came early', async () => {
    const { sagaId } = await app.sagas.start(OrderSaga, { id: '1' }, { id: '1' });
    await app.sagas.signal(OrderSaga, '1', 'signature', 'signed');
    await app.stop();
    app = await start();
    await app.sagas.signal(OrderSaga, '1', 'approval', { approved: true });
    expect(await app.sagas.result(sagaId)).toMatchObject({ signature: 'signed' });
  });

  it('is told something once, however often it is sent under one id, and other sagas may be told under the same', async () => {
    const ids = ['1', '2', '3'];
    const sagas = await Promise.all(ids.map((id) => app.sagas.start(OrderSaga, { id }, { id })));
    const send = (id: string) => app.sagas.signal(OrderSaga, id, 'approval', { approved: true }, { id: 'mail' });
    await Promise.all([...ids, ...ids].map(send));
    await Promise.all(ids.map((id) => app.sagas.signal(OrderSaga, id, 'signature', 'signed', { id: 'mail' })));
    for (const { sagaId, ended } of sagas) {
      expect(await ended()).toMatchObject({ status: 'completed' });
      expect((await app.sagas.history(sagaId)).filter(({ type }) => type === 'SignalReceived')).toHaveLength(2);
    }
  });

  it('is sent nothing that its schema refuses, that no step takes, or that is too large', async () => {
    await app.sagas.start(OrderSaga, { id: '1' }, { id: '1' });
    const signal = (name: string, payload?: unknown) => app.sagas.signal('order-1', name, payload);
    await expect(signal('approval', { approved: 'yes' })).rejects.toMatchObject({
      code: 'invalid-signal',
      details: { saga: 'order', signal: 'approval', issues: 'approved: must be a boolean' },
    });
    await expect(signal('aproval')).rejects.toMatchObject({ code: 'unknown-signal', details: { known: 'approval, paper' } });
    await expect(app.sagas.signal(OrderSaga, '1', 'signature', 'x'.repeat(300_000))).rejects.toMatchObject({ code: 'invalid-signal' });
    await expect(app.sagas.signal(OrderSaga, '1', 'signature', '漢'.repeat(100_000))).rejects.toMatchObject({ code: 'invalid-signal' });
    await expect(app.sagas.signal(SlowSaga, '1', 'coolOff', undefined)).rejects.toMatchObject({ code: 'unknown-signal' });
    expect((await app.sagas.history('order-1')).some(({ type }) => type === 'SignalReceived')).toBe(false);
  });

  it('is told nothing where it is not, or has ended', async () => {
    await expect(app.sagas.signal(OrderSaga, 'none', 'signature', 'x')).rejects.toMatchObject({ code: 'saga-not-found' });
    const { sagaId, ended } = await app.sagas.start(OrderSaga, { id: '1' }, { id: '1' });
    await app.sagas.cancel(sagaId, { by: 'anna', reason: 'no more' });
    await ended();
    await expect(app.sagas.signal(OrderSaga, '1', 'signature', 'x')).rejects.toMatchObject({ code: 'saga-ended' });
  });
});

describe('A saga that waits for a time', () => {
  it('goes on when an operator moves it there', async () => {
    const saga = await app.sagas.start(SlowSaga, { id: '1' }, { id: '1' });
    await app.sagas.move(saga.sagaId, 'coolOff', { until: new Date(0), by: 'anna', reason: 'the customer is sure' });
    expect(await saga.result()).toEqual({ charge: { paid: '1' } });
    const nowhere = app.sagas.move(saga.sagaId, 'coolOff', { until: Number.NaN, by: 'anna', reason: 'a slip' });
    await expect(nowhere).rejects.toMatchObject({ code: 'invalid-duration' });
    await expect(app.sagas.move(saga.sagaId, 'coolOff', { until: 0, by: 'anna', reason: 'again' })).rejects.toMatchObject({
      code: 'saga-ended',
    });
  });
});
