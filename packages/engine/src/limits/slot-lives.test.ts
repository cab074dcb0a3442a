import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type InboxMessage, limitStream } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf } from '@skald/testkit';
import { loadLimiter } from './limit-stream.js';

let world: EngineWorld;

/** One of the saga may run, and whoever runs, stays: commands get lost. */
beforeEach(async () => {
  const shop = new ScriptedParticipant('shop');
  const saga = sagaOf('order', { reserve: { ask: shop, timeout: '1h' } }, { limits: { running: 1 } });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [saga] });
  world.participant(shop);
  await world.start();
  world.bus.loses = ({ address }) => address.to === 'participant';
});
afterEach(() => world.stop());

async function begin(...ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await world.answered(world.begin('order', id));
    await world.pass(1);
  }
}

async function say(sagaId: string, input: InboxMessage['input']): Promise<void> {
  await world.bus.publish([{ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input } }]);
  await world.quiet();
}

const counts = () => world.index.count();
const startedAt = async (sagaId: string) => (await world.state(sagaId)).startedAt;
const holders = async () => (await loadLimiter(world.events, limitStream('order'))).state.holders;

describe('B23: a slot and the lives of one id', () => {
  it('is not given back by an earlier life, whose word comes once more', async () => {
    await begin('0', '1');
    const since = (await startedAt('order-0')) - 1;
    await say('limit-order', { type: 'limit', do: 'return', saga: 'order-0', since });
    expect(await counts()).toEqual({ running: 1, throttled: 1 });
    await say('limit-order', { type: 'limit', do: 'return', saga: 'order-0', since: since + 1 });
    expect(await counts()).toEqual({ running: 2 });
  });

  it('of an earlier life is taken by nobody, and given back', async () => {
    await begin('0', '1');
    await say('order-1', { type: 'slot', since: (await startedAt('order-1')) - 1 });
    expect([await world.status('order-1'), world.notes]).toEqual(['throttled', ['order-1 stray']]);
    expect(world.bus.published.at(-1)?.message).toMatchObject({ input: { do: 'return', saga: 'order-1' } });
    await world.answered(world.operate('order-0', 'terminate'));
    await world.quiet();
    expect(await counts()).toEqual({ terminated: 1, running: 1 });
  });

  it('passes on to a later life that asks for one, and stays with it whatever the earlier one is heard to say', async () => {
    const commandsOnly = world.bus.loses;
    world.bus.loses = ({ message, address }) => address.to === 'participant' || (message.kind === 'input' && message.input.type === 'slot');
    await say('limit-order', { type: 'limit', do: 'ask', saga: 'order-0', since: 5 });
    world.bus.loses = commandsOnly;
    await begin('0', '1');
    expect(await counts()).toEqual({ running: 1, throttled: 1 });
    await say('limit-order', { type: 'limit', do: 'return', saga: 'order-0', since: 5 });
    await world.pass(31_000);
    expect([await world.status('order-0'), await world.status('order-1')]).toEqual(['running', 'throttled']);
    expect([...(await holders())]).toEqual([['order-0', await startedAt('order-0')]]);
  });

  it('that was granted to nobody is given back', async () => {
    await say('limit-order', { type: 'limit', do: 'ask', saga: 'order-9', since: 5 });
    expect((await holders()).size).toBe(0);
  });
});
