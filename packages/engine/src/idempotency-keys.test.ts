import { describe, expect, it } from '@jest/globals';
import { lint, sagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, MemoryFence, ScriptedParticipant, sagaOf } from '@skald/testkit';

const bank = new ScriptedParticipant('bank');
const sagas = [sagaOf('order', { charge: bank }), sagaOf('return', { charge: bank })];

/** A world of this name: everything is lost between two of them but what the participant remembers. */
async function live(name: string, fence: MemoryFence, ...ids: readonly [string, string][]): Promise<readonly string[]> {
  const world = new EngineWorld({ name, bus: () => new InProcessBus(), sagas });
  world.participant({ definition: bank.definition, instance: bank.instance, fence });
  await world.start();
  for (const [saga, id] of ids) await world.answered(world.begin(saga, id));
  await world.quiet();
  const statuses = await Promise.all(ids.map(([saga, id]) => world.status(`${saga}-${id}`)));
  await world.stop();
  return statuses;
}

describe('The key under which a participant is asked', () => {
  it('A7: is another for each saga of one id, and for each life of it', async () => {
    const fence = new MemoryFence();
    bank.on('act', (_input, nth) => nth);
    expect(await live('first', fence, ['order', '42'], ['return', '42'])).toEqual(['completed', 'completed']);
    // The store was deleted, and 42 begins anew: its participant has not done that yet.
    expect(await live('second', fence, ['order', '42'])).toEqual(['completed']);
    expect(bank.calls.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^order-42\/first\d+\/charge$/),
      expect.stringMatching(/^return-42\/first\d+\/charge$/),
      expect.stringMatching(/^order-42\/second\d+\/charge$/),
    ]);
  });

  it('A7: can be taken for no other, since names that would allow that are refused', () => {
    const run = () => bank.command();
    const rulesOf = (name: string, id: string) =>
      lint(sagaDefinition({ name, version: 1, steps: [{ id, run }] })).map(({ rule, severity }) => `${severity} ${rule}`);
    expect(rulesOf('order', 'charge')).toEqual([]);
    expect(rulesOf('order-2', 'charge')).toEqual(['error saga-name']);
    for (const id of ['charge/2', 'charge#2', 'charge:undo']) expect(rulesOf('order', id)).toEqual(['error step-id']);
  });
});
