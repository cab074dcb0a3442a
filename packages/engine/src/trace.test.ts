import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type TraceContext } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';
import { currentCommand } from './participants/command-context.js';

const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'vendor=1' };

let shop: ScriptedParticipant;
let seen: unknown[];
let world: EngineWorld;

beforeEach(async () => {
  seen = [];
  shop = new ScriptedParticipant('shop');
  const look = (): void => void seen.push([currentCommand()?.traceparent, currentCommand()?.tracestate]);
  shop.on('undo', look);
  shop.on('act', (_input, nth) => {
    look();
    if (nth === 2) throw new BusinessError('no');
  });
  const steps = { reserve: shop, pay: shop };
  const sagas = [sagaOf('order', steps), sagaOf('fast', steps, { mode: 'express' })];
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  world.participant(shop);
  await world.start();
});
afterEach(() => world.stop());

function start(saga: string, given?: TraceContext) {
  const identity = { sagaId: `${saga}-1`, saga, version: 1, incarnation: 'i', input: {}, inputHash: 'h' };
  const to = saga === 'fast' ? 'express' : 'inbox';
  return world.client.ask(identity.sagaId, { type: 'start', request: 'r', ...identity, ...(given && { trace: given }) }, { to });
}

describe('The trace of whoever starts a saga', () => {
  it.each(['order', 'fast'])('goes with every command of %s, compensations too, and back with the replies', async (saga) => {
    await world.answered(start(saga, trace));
    await world.quiet();
    expect(seen).toEqual(Array(3).fill([trace.traceparent, trace.tracestate]));
    const carried = world.bus.published.flatMap(({ message }) => {
      if (message.kind === 'command') return [message.command.trace];
      return message.kind === 'input' && message.input.type === 'reply' ? [message.input.trace] : [];
    });
    expect(carried).toEqual(Array(6).fill(trace));
  });

  it('is in the history, and so outlives its process', async () => {
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(start('order', trace));
    await world.restart();
    await world.quiet();
    expect((await world.history('order-1'))[0]).toMatchObject({ type: 'SagaStarted', data: { trace } });
    expect(seen[0]).toEqual([trace.traceparent, trace.tracestate]);
  });

  it('goes on in the sagas that the saga starts, to the last of them, and in what is undone of them later', async () => {
    const family = (saga: string, child: string) =>
      sagaOf(saga, {
        start: { ask: shop, run: () => startOf(child) },
        ...(saga === 'top' && { pay: shop }),
      });
    world.sagas.push(family('top', 'middle'), family('middle', 'leaf'), sagaOf('leaf', { reserve: shop }));
    await world.restart();
    await world.answered(start('top', trace));
    await world.quiet();
    expect(shop.log).toEqual(['act', 'act', 'undo']);
    expect(seen).toEqual(Array(3).fill([trace.traceparent, trace.tracestate]));
    const begun = (await world.index.list({})).sagas.map(({ sagaId }) => sagaId);
    expect(begun).toHaveLength(3);
    for (const sagaId of begun) expect((await world.state(sagaId)).trace).toEqual(trace);
    const between = world.bus.published.flatMap(({ message }) =>
      message.kind === 'input' && (message.input.type === 'asked' || message.input.type === 'reply') ? [message.input.trace] : [],
    );
    expect(between.length).toBeGreaterThan(8);
    expect(between).toEqual(between.map(() => trace));
  });

  it('is not made up', async () => {
    await world.answered(start('order'));
    await world.quiet();
    expect(seen[0]).toEqual([undefined, undefined]);
    expect(world.commands().some((command) => 'trace' in command)).toBe(false);
  });
});
