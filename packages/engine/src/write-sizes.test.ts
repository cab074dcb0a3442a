import { afterEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type StepEntry, sagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import { MAX_EVENT_BYTES } from './turn.js';

let world: EngineWorld;
let store: SteeredStore;
afterEach(() => world.stop());

async function worldOf(shop: ScriptedParticipant): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  const steps = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((id) => [id, { ask: shop, after: [] }]));
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [sagaOf('order', steps, { result: () => 'done' })], store: steered });
  world.participant(shop);
  await world.start();
}

function bytesOf(writes: SteeredStore['appends'][number]): number[] {
  return writes.map(({ events }) => events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0));
}

describe('Steps of many items', () => {
  /** So many steps of a hundred items, all of them at once; then one that fails, or does not. Answers the most events, and bytes, of a write. */
  async function shipped(maps: number, characters: number, fails: boolean): Promise<{ readonly events: number; readonly bytes: number }> {
    const shop = new ScriptedParticipant('shop', { act: { compensation: 'undo' }, undone: {} }).on('act', (input) => {
      if (fails && input === 'last') throw new BusinessError('no');
    });
    const text = 'x'.repeat(characters);
    const compensation = { name: 'undo', run: () => shop.command('undone', text) };
    const each = () => ({ items: [...Array(100).keys()], run: (item: unknown) => shop.command('act', item, text) });
    const ships = Array.from({ length: maps }, (_, n): StepEntry => {
      return { kind: 'map', id: `ship${n}`, after: [], concurrency: 100, each, compensation };
    });
    const last = { id: 'last', after: ships.map(({ id }) => id), run: () => shop.command('act', 'last') };
    const steered = steeredStore();
    store = steered.events;
    const order = sagaDefinition({ name: 'order', version: 1, steps: [...ships, last] });
    world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered });
    world.participant(shop);
    await world.start();
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect(await world.status('order-1')).toBe(fails ? 'compensated' : 'completed');
    const counts = store.appends.flat().map(({ events }) => events.length);
    return { events: Math.max(...counts), bytes: Math.max(...store.appends.flatMap(bytesOf)) };
  }

  it.each([
    ['however many they are', 8, 10],
    ['however large what they ask is', 1, 10_000],
  ])('A16: are opened, and undone, in portions that fit a write, %s', async (_title, maps, characters) => {
    for (const fails of [false, true]) {
      const most = await shipped(maps, characters, fails);
      expect(most.events).toBeLessThanOrEqual(500);
      expect(most.bytes).toBeLessThanOrEqual(512 * 1024);
      if (!fails) await world.stop();
    }
  });
});

describe('A16, T3: Sizes are those of UTF-8', () => {
  const half = MAX_EVENT_BYTES / 2;

  it.each([
    ['ASCII', 'x', 1],
    ['two bytes', 'ö', 2],
    ['three bytes', '雪', 3],
    ['four bytes for two characters', '😀', 4],
  ])('of one event: %s', async (_title, character, bytes) => {
    await worldOf(new ScriptedParticipant('shop'));
    // This world's starts hold the input twice, once as its hash.
    const fits = character.repeat(Math.floor((half - 1_000) / bytes));
    const tooLarge = character.repeat(Math.ceil(half / bytes));
    await expect(world.answered(world.begin('order', '1', tooLarge))).rejects.toMatchObject({
      code: 'payload-too-large',
      details: { limit: `${MAX_EVENT_BYTES}` },
    });
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '2', fits));
    expect((await world.state('order-2')).input).toBe(fits);
  });

  it.each([
    ['ASCII', 'x'.repeat(half)],
    ['three bytes', '雪'.repeat(half / 3)],
  ])('of one write, which leaves inputs to the next: %s', async (_title, result) => {
    await worldOf(new ScriptedParticipant('shop').on('act', () => result));
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    const sizes = store.appends.flatMap(bytesOf);
    expect(sizes.length).toBeGreaterThan(2);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(512 * 1024);
    // Not one write for each either.
    expect(sizes.filter((size) => size > half)).toHaveLength(3);
    expect((await world.history('order-1')).filter(({ type }) => type === 'StepSucceeded')).toHaveLength(6);
  });
  it('of one decision, which cannot be cut: its saga is suspended, nothing is asked, and others go on', async () => {
    const shop = new ScriptedParticipant('shop');
    await worldOf(shop);
    // Six times this is asked at once.
    await world.answered(world.begin('order', '1', 'x'.repeat(100 * 1024)));
    await world.answered(world.begin('order', '2', 'x'.repeat(50 * 1024)));
    await world.quiet();
    expect((await world.index.get('order-1'))?.error).toMatch(/^payload-too-large: .*7 events/);
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'SagaSuspended']);
    expect([await world.status('order-2'), shop.log.length]).toEqual(['completed', 6]);
  });
});
