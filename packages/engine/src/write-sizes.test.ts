import { afterEach, describe, expect, it } from '@jest/globals';
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
