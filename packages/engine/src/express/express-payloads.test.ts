import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, canonicalJson, checkLaws } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import { readHistory, stateOf } from '../history.js';
import { type AesGcmCodec, aesGcmCodec, memoryKeyStore } from '../payloads/aes-gcm-codec.js';

const SECRET = 'Ada Lovelace';
let codec: AesGcmCodec;
let shop: ScriptedParticipant;
let store: SteeredStore;
let world: EngineWorld;

beforeEach(async () => {
  codec = aesGcmCodec({ keys: memoryKeyStore() });
  shop = new ScriptedParticipant('shop');
  shop.on('act', () => ({ said: SECRET }));
  const steered = steeredStore();
  store = steered.events;
  const reserve = { ask: shop, compensationRetry: { attempts: 1 } } as const;
  const order = sagaOf('order', { reserve, pay: shop }, { mode: 'express' });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered, engine: { codec } });
  world.participant(shop);
  await world.start();
});
afterEach(() => world.stop());

/** As an application starts it. */
async function begin(input: unknown) {
  const [sagaId, inputHash] = ['order-1', await codec.digest('order-1', canonicalJson(input))];
  const start = { type: 'start', request: 'r', sagaId, saga: 'order', version: 1, incarnation: 'i', input, inputHash } as const;
  return world.client.ask(sagaId, start, { to: 'express' });
}

/** What is stored, as somebody without a key sees it. */
async function stored(): Promise<string> {
  return JSON.stringify([await store.readAll(0, 1_000), await world.index.get('order-1')]);
}

const payNot = (): void => {
  shop.on('act', (_input, nth) => {
    if (nth === 2) throw new BusinessError(`${SECRET} cannot pay`);
    return { said: SECRET };
  });
};

describe('The payloads of an express saga', () => {
  it('are sealed in its summary, and told to whoever asked', async () => {
    const answer = await world.answered(begin({ name: SECRET }));
    expect(answer.ending).toEqual({ status: 'completed', output: { reserve: { said: SECRET }, pay: { said: SECRET } } });
    expect(await stored()).not.toContain(SECRET);
    const history = await readHistory(store, 'order-1', undefined, codec);
    expect(stateOf(history)).toMatchObject({ input: { name: SECRET }, end: { data: { output: answer.ending?.output } } });
  });

  it('are sealed in the summary of one that failed', async () => {
    payNot();
    const answer = await world.answered(begin({ name: SECRET }));
    expect(answer.ending).toMatchObject({ status: 'compensated', reason: `BusinessError: ${SECRET} cannot pay` });
    expect(await stored()).not.toContain(SECRET);
  });

  it('are sealed in the history of one that goes on as a standard saga, which can go on', async () => {
    payNot();
    shop.on('undo', (_input, nth) => {
      if (nth === 1) throw new Error(`${SECRET} is not at home`);
    });
    await world.answered(begin({ name: SECRET }));
    expect(await stored()).not.toContain(SECRET);
    await world.answered(world.operate('order-1', 'retry', { target: 'compensation:reserve' }));
    await world.quiet();
    expect(await world.status('order-1')).toBe('compensated');
    expect(checkLaws(await readHistory(store, 'order-1', undefined, codec))).toEqual([]);
    expect(shop.calls.at(-1)?.args).toEqual([{ name: SECRET }, { said: SECRET }]);
  });
});
