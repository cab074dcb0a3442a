import { afterEach, describe, expect, it } from '@jest/globals';
import { BusinessError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';

let shop: ScriptedParticipant;
let dock: ScriptedParticipant;
let world: EngineWorld;

afterEach(() => world.stop());

const CHILD = 'ship-order-1.id1.ship';

async function begin(): Promise<void> {
  const ship = { ask: dock, run: () => startOf('ship', { order: 1 }) };
  const sagas = [sagaOf('order', { charge: shop, ship, close: shop }), sagaOf('ship', { pack: dock, load: dock })];
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  for (const participant of [shop, dock]) world.participant(participant);
  await world.start();
}

async function lawful(...ids: readonly string[]): Promise<void> {
  expect(await world.brokenLaws(...ids)).toEqual([]);
}

describe('A parent and its child, whatever is lost when', () => {
  const run = async (fails: boolean, losing: number): Promise<string[]> => {
    shop = new ScriptedParticipant('shop');
    dock = new ScriptedParticipant('dock');
    if (fails) {
      shop.on('act', (_input, nth) => {
        if (nth >= 2) throw new BusinessError('closed');
      });
    }
    await begin();
    let nth = 0;
    world.bus.loses = ({ message }) =>
      message.kind !== 'answer' && !(message.kind === 'input' && 'request' in message.input) && ++nth === losing;
    await world.answered(world.begin('order', '1'), 10);
    // The manager dies, with all that was under way.
    await world.restart();
    await world.quiet();
    await world.pass(600_000);
    const all = [await world.status('order-1'), await world.status(CHILD), dock.log.join(' '), shop.log.join(' ')];
    await lawful('order-1', CHILD);
    return [...all, String(nth)];
  };

  it.each([false, true])('comes to the same end as when nothing is lost (and the last step fails: %p)', async (fails) => {
    const [status, childStatus, docked, shopped, messages] = await run(fails, 0);
    expect([status, childStatus]).toEqual(fails ? ['compensated', 'compensated'] : ['completed', 'completed']);
    for (let losing = 1; losing <= Number(messages); losing++) {
      await world.stop();
      expect({ losing, end: (await run(fails, losing)).slice(0, 4) }).toEqual({ losing, end: [status, childStatus, docked, shopped] });
    }
    expect(Number(messages)).toBeGreaterThan(10);
  });
});
