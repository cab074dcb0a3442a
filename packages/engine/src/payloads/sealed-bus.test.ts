import { beforeEach, describe, expect, it } from '@jest/globals';
import { type BusMessage, type Delivery, type KeyStore, type Outgoing, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, messageBusContract, ScriptedParticipant, sagaOf, VirtualClock, WatchedBus } from '@skald/testkit';
import { observers } from '../observer.js';
import { type AesGcmCodec, aesGcmCodec, memoryKeyStore } from './aes-gcm-codec.js';
import { SealedBus } from './sealed-bus.js';

const SECRET = 'Ada Lovelace';
let keys: KeyStore;
let codec: AesGcmCodec;
let clock: VirtualClock;
let troubles: unknown[];
let watched: WatchedBus;

beforeEach(() => {
  keys = memoryKeyStore();
  codec = aesGcmCodec({ keys });
  clock = new VirtualClock();
  troubles = [];
  watched = new WatchedBus(new InProcessBus());
});

const observer = observers([{ troubled: (_what, error) => void troubles.push(error) }]);
const sealed = (clear: readonly string[] = []) => new SealedBus(watched, { codec, clock, observer, clear });

messageBusContract('A bus that seals payloads', async () => {
  const bus = new SealedBus(new InProcessBus(), { codec: aesGcmCodec({ keys: memoryKeyStore() }), clock: new VirtualClock(), observer });
  return { subject: bus, close: () => bus.close() };
});

const key = 'order-1/i/charge';
const command = (args: readonly unknown[], result?: unknown): BusMessage => ({
  kind: 'command',
  sagaId: 'order-1',
  command: {
    ...{
      sagaId: 'order-1',
      incarnation: 'i',
      step: 'charge',
      round: 1,
      attempt: 1,
      operation: 'action',
      purpose: 'step',
      key,
      undoRound: 0,
    },
    ...{ participant: 'bank', action: 'charge', args, firstRequestedAt: 0, dueAt: 1 },
    ...(result !== undefined && { result }),
  },
});
type Sent = Extract<BusMessage, { kind: 'input' }>['input'];
const input = (sent: Sent): BusMessage => ({ kind: 'input', sagaId: 'order-1', input: sent, client: 'c' });
const reply = (outcome: Extract<Sent, { type: 'reply' }>['outcome']): BusMessage =>
  input({
    ...{ type: 'reply', sagaId: 'order-1', incarnation: 'i', step: 'charge', round: 1, attempt: 1, operation: 'action', purpose: 'step' },
    ...{ undoRound: 0, outcome },
  });
const start = { request: 'r', sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'i', inputHash: 'h' };

const MESSAGES: readonly BusMessage[] = [
  command([{ name: SECRET }, 2], { paid: SECRET }),
  command([]),
  input({ type: 'start', ...start, input: { name: SECRET } }),
  input({ type: 'start', ...start, input: null }),
  input({ type: 'start', ...start, input: 1, again: { of: 'order-0', by: 'me', reason: SECRET } }),
  input({ type: 'signal', request: 's', name: 'go', payload: [SECRET], by: 'me' }),
  input({ type: 'signal', request: 's', name: 'go' }),
  input({ type: 'cancel', request: 'c', reason: SECRET, by: 'me' }),
  input({ type: 'operator', request: 'o', action: 'succeed', target: 'step:charge', by: 'me', reason: SECRET, result: { paid: SECRET } }),
  input({ type: 'operator', request: 'o', action: 'patch', target: 'step:charge', by: 'me', reason: SECRET, args: [SECRET] }),
  input({ type: 'operator', request: 'o', action: 'resume', by: 'me', reason: SECRET }),
  input({ type: 'wake' }),
  reply({ type: 'succeeded', result: { paid: SECRET } }),
  reply({ type: 'succeeded' }),
  reply({ type: 'failed', kind: 'business', effect: 'none', error: { name: 'Declined', message: SECRET, data: { name: SECRET } } }),
  reply({ type: 'failed', kind: 'technical', effect: 'unknown', error: { name: 'Reset', message: SECRET } }),
  reply({ type: 'undone', executed: true }),
];

const outgoing = (message: BusMessage): Outgoing => ({
  address: message.kind === 'command' ? { to: 'participant', participant: 'bank' } : { to: 'inbox' },
  message,
});

/** What arrives at both addresses, once it has. */
async function arrived(bus: SealedBus, count: number): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  let enough = () => {};
  const all = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const take = (batch: readonly Delivery[]) => {
    if (deliveries.push(...batch) >= count) enough();
  };
  await bus.consume({ to: 'participant', participant: 'bank' }, take);
  await bus.consume({ to: 'inbox' }, take);
  if (count > 0) await all;
  return deliveries;
}

describe('A bus that seals payloads', () => {
  it('gives back each message as it was, and shows nothing of it on the way', async () => {
    for (const message of MESSAGES) {
      watched = new WatchedBus(new InProcessBus());
      const bus = sealed();
      await bus.publish([outgoing(message)]);
      expect(JSON.stringify(watched.published)).not.toContain('Lovelace');
      expect((await arrived(bus, 1)).map((delivery) => delivery.message)).toEqual([message]);
    }
  });

  it('leaves what its consumers need to sort, match and check a message in the clear', async () => {
    await sealed().publish(MESSAGES.map(outgoing));
    for (const [at, { message }] of watched.published.entries()) {
      const [was, is] = [MESSAGES[at], message];
      expect([is.kind, is.sagaId]).toEqual([was?.kind, was?.sagaId]);
      if (is.kind === 'command' && was?.kind === 'command') {
        const { result: _, ...plain } = was.command;
        expect(is.command).toEqual({ ...plain, args: expect.any(Array) });
      }
    }
  });

  it('sends in the clear to a participant without keys, and takes its answers as they are', async () => {
    const bus = sealed(['bank']);
    await bus.publish([outgoing(command([SECRET]))]);
    expect(JSON.stringify(watched.published)).toContain('Lovelace');
    const clear = reply({ type: 'succeeded', result: SECRET });
    await watched.publish([outgoing(clear)]);
    expect((await arrived(bus, 2)).map(({ message }) => message)).toEqual([command([SECRET]), clear]);
  });

  it('Z3: a command whose key was dropped is carried out by nobody; an answer loses its payload only', async () => {
    const bus = sealed();
    await bus.publish([command([SECRET]), reply({ type: 'succeeded', result: SECRET })].map(outgoing));
    await codec.drop('order-1');
    await bus.publish(
      [command([SECRET]), reply({ type: 'failed', kind: 'business', effect: 'none', error: { name: 'Declined', message: SECRET } })].map(
        outgoing,
      ),
    );
    const deliveries = await arrived(bus, 2);
    expect(deliveries.map(({ message }) => message)).toEqual([
      reply({ type: 'succeeded', result: '(payload dropped)' }),
      reply({ type: 'failed', kind: 'business', effect: 'none', error: { name: 'Declined', message: '(payload dropped)' } }),
    ]);
    expect(troubles).toEqual([expect.objectContaining({ code: 'payload-dropped' })]);
  });

  it('Z3: what does not open is told and left out, and the others of its batch are delivered', async () => {
    const bus = sealed();
    await bus.publish([command([SECRET]), command([1])].map(outgoing));
    const [first, second] = watched.published;
    const broken = structuredClone(first) as unknown as { message: { command: { args: { skald: string }[] } } };
    for (const one of broken.message.command.args) one.skald = `${one.skald.slice(0, -8)}AAAAAAA=`;
    watched = new WatchedBus(new InProcessBus());
    if (second) await watched.publish([broken as unknown as Outgoing, second]);
    expect((await arrived(sealed(), 1)).map(({ message }) => message)).toEqual([command([1])]);
    expect(troubles).toEqual([expect.objectContaining({ code: 'payload-unreadable' })]);
  });

  it('Z1: publishes in the order in which it was asked to, however long keys take, and also when they cannot be had for some', async () => {
    const seal = codec.seal.bind(codec);
    const waits: (() => void)[] = [];
    codec.seal = async (payloads) => {
      if (waits.length === 0) await new Promise<void>((resolve) => void waits.push(resolve));
      if (JSON.stringify(payloads).includes('refused')) throw new Error('no keys');
      return seal(payloads);
    };
    const bus = sealed();
    const [slow, refused, quick] = [1, 'refused', 3].map((n) => bus.publish([outgoing(command([n]))]));
    const failing = expect(refused).rejects.toThrow('no keys');
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(watched.published).toEqual([]);
    waits[0]?.();
    await Promise.all([slow, quick, failing]);
    expect((await arrived(bus, 2)).map(({ message }) => message)).toEqual([command([1]), command([3])]);
  });

  it('Z2: while keys cannot be had nothing is delivered, and then everything in order', async () => {
    await sealed().publish([1, 2, 3].map((n) => outgoing(command([n]))));
    const real = keys.keys.bind(keys);
    keys.keys = async () => {
      throw new SkaldError('store-unavailable', { file: 'keys', problem: 'gone' });
    };
    codec = aesGcmCodec({ keys });
    const bus = sealed();
    const deliveries = await arrived(bus, 0);
    while (troubles.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(deliveries).toEqual([]);
    keys.keys = real;
    await clock.advance(1_000, () => new Promise((resolve) => setImmediate(resolve)));
    while (deliveries.length < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(deliveries.map(({ message }) => message)).toEqual([1, 2, 3].map((n) => command([n])));
  });
});

it('A whole system over such a bus comes to the same end', async () => {
  const shop = new ScriptedParticipant('shop');
  shop.on('act', (given, nth) => ({ given, nth }));
  const world = new EngineWorld({ bus: () => sealed(), clock, sagas: [sagaOf('order', { reserve: shop, pay: shop })], engine: { codec } });
  world.participant(shop);
  await world.start();
  await world.answered(world.begin('order', '1', { name: SECRET }));
  await world.quiet();
  expect(await world.status('order-1')).toBe('completed');
  expect(shop.calls.map(({ args }) => args)).toEqual([[{ name: SECRET }], [{ name: SECRET }]]);
  expect(JSON.stringify(watched.published.filter(({ message }) => message.kind === 'command'))).not.toContain('Lovelace');
  await world.stop();
});
