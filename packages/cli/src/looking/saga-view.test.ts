import { expect, test } from '@jest/globals';
import type { HistoryEvent } from '@skald/engine';
import { sagaDefinition } from '@skald/kernel';
import { given, lateReply, operator, outcomes, reply, start } from '@skald/testkit';
import { sagaFacts } from './saga-facts.js';
import { sagaView } from './saga-view.js';

test('a pivot that has happened after its saga had turned back is told at the top, since nothing undoes it', () => {
  const pay = { id: 'pay', pivot: true, run: () => ({ participant: 'bank', action: 'pay', args: [] }) };
  const order = sagaDefinition({ name: 'order', version: 1, steps: [pay] });
  const failed = given(order).when(start(order), reply('pay', outcomes.unknowable), operator('fail', 'step:pay'));
  const shown = ({ history }: typeof failed) => {
    const facts = sagaFacts(history.map((event, revision): HistoryEvent => ({ ...event, revision, hash: '' })));
    return { stands: facts.steps[0]?.stands, text: sagaView(facts, { colours: false, width: 100, now: 0 }).join('\n') };
  };
  const said = 'pay has happened after all, and nothing undoes it';
  expect(shown(failed)).toEqual({ stands: undefined, text: expect.not.stringContaining(said) });
  expect(shown(failed.when(lateReply('pay', { ...outcomes.succeeded, compensable: false })))).toEqual({
    stands: true,
    text: expect.stringContaining(said),
  });
});
