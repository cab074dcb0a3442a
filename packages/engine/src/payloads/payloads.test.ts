import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson, type KeyStore, type SagaKey, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, keyStoreContract, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import { chainHash } from '../event-codec.js';
import { readHistory, stateOf } from '../history.js';
import { catchUpIndex } from '../rebuild-index.js';
import { type AesGcmCodec, aesGcmCodec, memoryKeyStore } from './aes-gcm-codec.js';

keyStoreContract('The key store in memory', async () => ({ subject: memoryKeyStore(), close: async () => {} }));

const SECRET = 'Ada Lovelace';
let keys: KeyStore;
let codec: AesGcmCodec;
let now: number;
let shop: ScriptedParticipant;
let store: SteeredStore;
let world: EngineWorld;

beforeEach(async () => {
  keys = memoryKeyStore();
  now = 0;
  codec = aesGcmCodec({ keys, now: () => now });
  shop = new ScriptedParticipant('shop');
  shop.on('act', (_input, nth) => ({ said: `${SECRET} ${nth}` }));
  const steered = steeredStore();
  store = steered.events;
  const order = sagaOf('order', { reserve: shop, pay: shop });
  const waits = sagaOf(
    'waits',
    { reserve: shop },
    {
      steps: [
        { id: 'reserve', run: (input) => shop.command('act', input) },
        { kind: 'signal', id: 'go' },
        { id: 'pay', run: (input) => shop.command('act', input) },
      ],
    },
  );
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order, waits], store: steered, engine: { codec } });
  world.participant(shop);
  await world.start();
});
afterEach(() => world.stop());

/** As an application starts it. */
const begin = async (saga: string, id: string, input: unknown) => {
  const sagaId = `${saga}-${id}`;
  const hash = await codec.digest(sagaId, canonicalJson(input)).catch(() => '');
  const start = { type: 'start', request: world.ids.unique(), sagaId, saga, version: 1, incarnation: 'i', input, inputHash: hash } as const;
  return world.client.ask(sagaId, start);
};
const stored = async () => JSON.stringify(await store.readAll(0, 10_000));
const opened = (sagaId: string) => readHistory(store, sagaId, undefined, codec);

describe('With a codec', () => {
  it('Y1, Y2: no payload is stored in the clear, and a history is folded with the key as without it', async () => {
    await world.answered(begin('order', '1', { name: SECRET }));
    await world.quiet();
    expect(await stored()).not.toContain('Lovelace');
    const open = await opened('order-1');
    const closed = await readHistory(store, 'order-1');
    expect(open.map(({ type }) => type)).toEqual(closed.map(({ type }) => type));
    expect(stateOf(open)).toMatchObject({ input: { name: SECRET }, results: { pay: { said: `${SECRET} 2` } }, phase: 'ended' });
    expect(stateOf(closed)).toMatchObject({ input: '(encrypted)', results: { pay: '(encrypted)' }, phase: 'ended' });
    expect(JSON.stringify(open)).not.toContain('"sealed"');
    expect(shop.calls.map(({ args }) => args)).toEqual([[{ name: SECRET }], [{ name: SECRET }]]);
  });

  it('the chain is of the bytes that are stored: whoever verifies it needs no key', async () => {
    await world.answered(begin('order', '1', SECRET));
    await world.quiet();
    let before = 'order-1';
    for (const { type, data, metadata, hash } of await store.read('order-1')) {
      before = chainHash(before, type, data, metadata);
      expect(hash).toBe(before);
    }
  });

  it('a saga goes on after a restart by what is read with its key', async () => {
    await world.answered(begin('waits', '1', { name: SECRET }));
    await world.quiet();
    await world.restart();
    await world.answered(world.client.ask('waits-1', { type: 'signal', request: 'q', name: 'go', payload: SECRET }));
    await world.quiet();
    expect(shop.calls.at(-1)?.args).toEqual([{ name: SECRET }]);
    expect(await world.status('waits-1')).toBe('completed');
    expect(await stored()).not.toContain('Lovelace');
  });

  it('an append whose outcome is unknown is repeated with the same bytes: a decision is sealed once', async () => {
    let doubts = 2;
    const bytes: string[] = [];
    const append = store.append.bind(store);
    store.append = async (writes) => {
      bytes.push(JSON.stringify(writes.map(({ events }) => events)));
      const outcomes = await append(writes);
      return doubts-- > 0 ? outcomes.map(() => ({ type: 'unknown', error: new Error('lost') })) : outcomes;
    };
    await world.answered(begin('order', '1', SECRET), 5_000);
    await world.pass(5_000);
    expect(new Set(bytes.slice(0, 3)).size).toBe(1);
    expect(await world.status('order-1')).toBe('completed');
  });

  it('texts of errors are neither in the store nor in the index, and their names are', async () => {
    shop.on('act', () => {
      throw Object.assign(new Error(`no such person as ${SECRET}`), { name: 'Unknown', business: true, data: SECRET });
    });
    await world.answered(begin('order', '1', {}));
    await world.quiet();
    expect(await stored()).not.toContain('Lovelace');
    expect(await world.index.get('order-1')).toMatchObject({ status: 'failed', error: 'Unknown: (encrypted)' });
    expect((await world.index.list({ error: 'Unknown' })).sagas).toHaveLength(1);
    const summary = await world.index.get('order-1');
    await world.index.clear();
    await catchUpIndex(store, world.index);
    expect(await world.index.get('order-1')).toEqual(summary);
  });

  it('G1: what was sealed for one saga, or one event, does not open in another; it stops that saga only', async () => {
    await world.answered(begin('waits', '1', 'a'));
    await world.answered(begin('waits', '2', 'b'));
    await world.quiet();
    const [stolen] = await store.read('waits-1');
    store.onRead = (stream, events) =>
      stream === 'waits-2' ? events.map((event) => (event.revision === 0 ? { ...event, data: stolen?.data ?? '' } : event)) : events;
    await expect(opened('waits-2')).rejects.toMatchObject({
      code: 'payload-unreadable',
      details: { sagaId: 'waits-2', place: 'SagaStarted@0 input' },
    });
    await world.restart();
    const signalled = (id: string) => world.client.ask(`waits-${id}`, { type: 'signal', request: 'q', name: 'go' });
    await expect(world.answered(signalled('2'))).rejects.toMatchObject({ code: 'payload-unreadable' });
    await world.answered(signalled('1'));
    await world.quiet();
    expect(await world.status('waits-1')).toBe('completed');
    store.onRead = (_, events) =>
      events.map((event) => ({
        ...event,
        data: event.data.replace(/("at":\["input"\],"text":"[\w-]+\.)(.)/, (_all, before, one) => before + (one === 'A' ? 'B' : 'A')),
      }));
    await expect(opened('waits-1')).rejects.toMatchObject({ code: 'payload-unreadable' });
  });

  it('while keys cannot be had inputs wait, and are taken when they can', async () => {
    const real = keys.keys.bind(keys);
    keys.keys = async () => {
      throw new SkaldError('store-unavailable', { file: 'keys', problem: 'gone' });
    };
    await expect(world.answered(begin('order', '1', SECRET))).rejects.toMatchObject({ code: 'store-unavailable' });
    keys.keys = real;
    await world.answered(begin('order', '1', SECRET), 1_000);
    await world.pass(1_000);
    expect(await world.status('order-1')).toBe('completed');
  });
});

describe('Without the codec', () => {
  it('an encrypted saga is not decided on, and what stands in the place of its payloads is sent to nobody', async () => {
    world.bus.loses = ({ message }) => message.kind === 'command';
    await world.answered(begin('waits', '1', { name: SECRET }));
    await world.quiet();
    await world.stop();
    const plain = new EngineWorld({
      bus: () => new InProcessBus(),
      sagas: world.sagas,
      clock: world.clock,
      store: { events: store, index: world.index },
    });
    plain.participant(shop);
    await plain.start();
    const signal = { type: 'signal', request: 'q', name: 'go' } as const;
    await expect(plain.answered(plain.client.ask('waits-1', signal))).rejects.toMatchObject({ code: 'history-unreadable' });
    await plain.pass(600_000);
    expect([shop.calls, await store.read('waits-1', { from: 2 })]).toEqual([[], []]);
    await plain.stop();
    await world.restart();
    await world.pass(1_000);
    expect(shop.calls.map(({ args }) => args)).toEqual([[{ name: SECRET }]]);
  });
});

describe('A saga whose key was dropped', () => {
  const dropped = async () => {
    await world.answered(begin('waits', '1', { name: SECRET }));
    await world.quiet();
    await codec.drop('waits-1');
    shop.calls.length = 0;
  };

  it('is shown and folded all the same', async () => {
    await dropped();
    const history = await opened('waits-1');
    expect(history[0]?.data).toMatchObject({ input: '(payload dropped)', saga: 'waits' });
    expect(JSON.stringify(history)).not.toContain('sealed');
  });

  it('cannot go on: it is suspended with payload-dropped, nothing is asked of anybody, and it can only be terminated', async () => {
    await dropped();
    const ask = (input: object) =>
      world.answered(world.client.ask('waits-1', { request: world.ids.unique(), by: 'me', reason: 'why', ...input } as never));
    await expect(ask({ type: 'signal', name: 'go', payload: SECRET })).rejects.toMatchObject({ code: 'payload-dropped' });
    expect(await world.index.get('waits-1')).toMatchObject({ status: 'suspended', error: 'payload-dropped: (encrypted)' });
    for (const input of [
      { type: 'cancel' },
      { type: 'operator', action: 'resume' },
      { type: 'operator', action: 'retry', target: 'program' },
    ]) {
      await expect(ask(input)).rejects.toMatchObject({ code: 'payload-dropped' });
    }
    await expect(world.answered(begin('waits', '1', { name: SECRET }))).rejects.toMatchObject({ code: 'payload-dropped' });
    await world.restart();
    await world.pass(3_600_000);
    expect(shop.calls).toEqual([]);
    expect(await world.story('waits-1')).toContain('SagaSuspended');
    await ask({ type: 'operator', action: 'terminate', reason: SECRET });
    expect(await world.status('waits-1')).toBe('terminated');
    expect(await stored()).not.toContain('Lovelace');
  });

  it('Y3: keeps what participants still answer, without its payload', async () => {
    world.bus.loses = ({ message }) => message.kind === 'input' && message.input.type === 'reply';
    await world.answered(begin('order', '1', { name: SECRET }));
    await world.quiet();
    const reply = world.bus.published.find(({ message }) => message.kind === 'input' && message.input.type === 'reply');
    world.bus.loses = () => false;
    await codec.drop('order-1');
    if (reply) await world.bus.publish([reply]);
    await world.quiet();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested', 'SagaSuspended', 'StepSucceeded']);
    expect((await world.state('order-1')).results).toEqual({ reserve: '(payload dropped)' });
    expect(await stored()).not.toContain('Lovelace');
    await world.restart();
    await world.quiet();
    expect(shop.calls).toHaveLength(1);
  });

  it('G3: is noticed where another process dropped it, once the key is not remembered any more', async () => {
    await world.answered(begin('waits', '1', {}));
    await world.quiet();
    await keys.drop('waits-1');
    now += 60_001;
    await expect(world.answered(world.client.ask('waits-1', { type: 'signal', request: 'q', name: 'go' }))).rejects.toMatchObject({
      code: 'payload-dropped',
    });
  });
});

describe('The digest of a text', () => {
  it('B26: is the same under one key, and another under another', async () => {
    const [one, again, other, text] = [
      await codec.digest('order-1', 'a'),
      await aesGcmCodec({ keys }).digest('order-1', 'a'),
      await codec.digest('order-2', 'a'),
      await codec.digest('order-1', 'b'),
    ];
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toBe(one);
    expect(new Set([one, other, text]).size).toBe(3);
    await codec.drop('order-1');
    await expect(codec.digest('order-1', 'a')).rejects.toMatchObject({ code: 'payload-dropped' });
  });

  it('and what was sealed need the key they were made with', async () => {
    const [sealed] = await codec.seal([{ sagaId: 'order-1', place: 'here', text: 'a' }]);
    const other = aesGcmCodec({ keys: memoryKeyStore() });
    await expect(other.open([{ sagaId: 'order-1', place: 'here', sealed: sealed ?? '' }])).rejects.toMatchObject({
      code: 'payload-unreadable',
    });
    for (const broken of ['', 'x', `${sealed?.split('.')[0]}.AAAA`]) {
      await expect(codec.open([{ sagaId: 'order-1', place: 'here', sealed: broken }])).rejects.toMatchObject({
        code: 'payload-unreadable',
      });
    }
    expect(await codec.open([{ sagaId: 'order-1', place: 'here', sealed: sealed ?? '' }])).toEqual(['a']);
    const made: (SagaKey | 'dropped')[] = [...(await keys.keys(['order-1'], false)).values()];
    expect(made).toHaveLength(1);
  });
});
