import { describe, expect, test } from '@jest/globals';
import { type SagaDefinition, type StepEntry, sagaDefinition, stepGraph } from '@skald/kernel';
import { ask, Life, type Order } from '../fixtures/order-lives.js';
import { gate } from './gate.js';

const saga = (...steps: readonly StepEntry[]) => sagaDefinition({ name: 'order', version: 1, steps });

/** choose (by post or by hand) → byPost, byHand → pack: an item for each of three boxes */
const choose: StepEntry = {
  ...{ kind: 'choice', id: 'choose', after: [] },
  branches: { post: ({ gift }: Order) => gift, hand: ({ gift }: Order) => !gift },
};
const byHand: StepEntry = { id: 'byHand', after: 'choose', branch: 'choose.hand', run: ask('byHand') };
const byPost: StepEntry = { id: 'byPost', after: 'choose', branch: 'choose.post', run: ask('byPost') };
const each = (boxes: number) => () => ({
  items: Array.from({ length: boxes }, (_, box) => box),
  run: (box: number) => ({ participant: 'shop', action: 'pack', args: [box] }),
});
const pack: StepEntry = { kind: 'map', id: 'pack', after: ['byHand', 'byPost'], each: each(3), concurrency: 2 };

async function verdict(definition: SagaDefinition) {
  const life = new Life('order-1', saga(choose, byHand, byPost, pack), { id: '7', gift: false }).answer('byHand', 'pack/0');
  const { mayDeploy, held, notes } = await gate(new Map([['order-1', life.stored()]]), [{ definition, program: stepGraph(definition) }]);
  return { mayDeploy, reasons: held.map(({ reason }) => reason), notes };
}

describe('Of a saga that has chosen, and packs its boxes two at a time,', () => {
  test.each([
    ['more boxes at once', { ...pack, concurrency: 3 }, /^step pack: as many items at once, and as many that may fail, as on record go on/],
    ['boxes that may fail', { ...pack, tolerate: { failures: 1 } }, /^step pack: as many items at once/],
  ] as const)('%s are no reason against a deployment, and noted', async (_title, changed, note) => {
    expect(await verdict(saga(choose, byHand, byPost, changed))).toEqual({
      mayDeploy: true,
      reasons: [],
      notes: [expect.stringMatching(note)],
    });
  });

  test('so is a branch that nobody takes', async () => {
    const courier: StepEntry = { ...choose, branches: { ...choose.branches, courier: () => false } };
    expect(await verdict(saga(courier, byHand, byPost, pack))).toEqual({
      ...{ mayDeploy: true, reasons: [] },
      notes: ['step choose: it has other branches now; the one that was taken is the same'],
    });
  });

  test.each([
    [
      'a branch with a step, which would have been skipped',
      [
        { ...choose, branches: { ...choose.branches, courier: () => false } },
        byHand,
        byPost,
        { ...byHand, id: 'ride', branch: 'choose.courier' },
        pack,
      ],
      'at revision 4 the history has nothing more of that decision; this definition would record StepSkipped of ride',
    ],
    [
      'another branch',
      [{ ...choose, branches: { post: () => true, hand: () => false } }, byHand, byPost, pack],
      'at revision 1, ChoiceMade of choose: chosen was "hand", and would be "post"; notTaken was ["post"], and would be ["hand"]',
    ],
    [
      'a box more',
      [choose, byHand, byPost, { ...pack, each: each(4) }],
      'at revision 5, MapStarted of pack: count was 3, and would be 4; its items are others, or come in another order',
    ],
  ] as const)('%s is one', async (_title, steps, reason) => {
    const { mayDeploy, reasons } = await verdict(saga(...(steps as readonly StepEntry[])));
    expect({ mayDeploy, reasons }).toEqual({ mayDeploy: false, reasons: [reason] });
  });
});
