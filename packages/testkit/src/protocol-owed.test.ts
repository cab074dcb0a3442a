/** What the world is owed, and the event that settles each kind of it. */
import { describe, expect, it } from '@jest/globals';
import { type SagaDefinition, type StepData, type StepEntry, sagaDefinition } from '@skald/kernel';
import { lateReply, operator, outcomes, reply, signal, start, wake } from './made-up-messages.js';
import { saga as itemSaga, map } from './sagas-of-items.js';
import { startOf } from './scripted-participant.js';
import { type Expected, given, type Said, type Specification } from './specification.js';

const { succeeded, declined, rolledBack, reset, undone, nothingToUndo, deferred, sealed, sealedInDoubt, unknowable } = outcomes;
const retry = { attempts: 2, delay: 10, jitter: 0 };
const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: { attempts: 1 }, compensationRetry: retry, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
const saga = (...steps: readonly StepEntry[]) => sagaDefinition({ name: 'order', version: 1, steps });
const refund = { name: 'refund', run: () => ({ participant: 'bank', action: 'refund', args: [] }) };
const starts = { run: () => startOf('trip') };

const plain = saga(step('a', { retry }));
const pivot = saga(step('a', { pivot: true }));
const own = saga(step('a', { compensation: refund }), step('b'));
const undoing = saga(step('first'), step('a'), step('b'));
const task = saga(step('a', { callback: { timeout: 1_000 } }));
const family = saga(step('a', starts), step('b'));
const items = itemSaga([map(1)]);

/** What is owed, how it came to that, and each message that settles it with the first event that says so. */
const EFFECTS: readonly (readonly [string, SagaDefinition, readonly Said[], string, readonly (readonly [Said, Expected])[]])[] = [
  [
    'an action',
    plain,
    [],
    'action a',
    [
      [reply('a', succeeded), 'StepSucceeded'],
      [reply('a', declined), 'StepFailed'],
      [reply('a', rolledBack), 'StepFailed'],
      [reply('a', reset), 'StepFailed'],
      [reply('a', unknowable), 'StepFailed'],
      [reply('a', { type: 'refused', reason: 'expired' }), 'StepFailed'],
      [wake(100), 'StepTimedOut'],
      [operator('terminate'), 'SagaTerminated'],
    ],
  ],
  ['an action that is answered later', task, [], 'action a', [[reply('a', deferred), 'StepDeferred']]],
  [
    'a seal',
    pivot,
    [wake(100)],
    'seal a',
    [
      [reply('a', sealed), 'StepSealed'],
      [reply('a', sealedInDoubt), 'StepSealed'],
      [reply('a', succeeded), 'StepSucceeded'],
      [reply('a', declined), 'StepFailed'],
      [reply('a', reset), 'StepSealFailed'],
      [wake(200), 'StepSealFailed'],
    ],
  ],
  [
    'an undo by the participant',
    undoing,
    [reply('first', succeeded), reply('a', succeeded), reply('b', declined)],
    'compensation a',
    [
      [reply('a', undone), 'CompensationSucceeded'],
      [reply('a', nothingToUndo), 'CompensationSucceeded'],
      [reply('a', reset), 'CompensationFailed'],
      [wake(60_000), 'CompensationFailed'],
    ],
  ],
  [
    'an undo by the saga’s own command',
    own,
    [reply('a', succeeded), reply('b', declined)],
    'compensation a',
    [
      [reply('a', succeeded), 'CompensationSucceeded'],
      [reply('a', declined), 'CompensationFailed'],
    ],
  ],
  [
    'the start of a child',
    family,
    [],
    'action a',
    [
      [reply('a', succeeded), 'StepSucceeded'],
      [reply('a', declined), 'StepFailed'],
    ],
  ],
  [
    'the undoing of a child',
    family,
    [reply('a', succeeded), reply('b', declined)],
    'compensation a',
    [[reply('a', undone), 'CompensationSucceeded']],
  ],
  [
    'an item of a map',
    items,
    [],
    'action ship/0',
    [
      [reply('ship/0', succeeded), 'StepSucceeded'],
      [reply('ship/0', declined), 'StepFailed'],
    ],
  ],
];

/** What settles nothing, whatever is owed. */
const NOISE: readonly Said[] = [
  wake(1),
  signal('nobody waits for this'),
  reply('nowhere', succeeded),
  (state) => ({ ...reply('a', reset, { attempt: 7 })(state), incarnation: 'another life' }),
  operator('retry', 'step:nowhere'),
  operator('suspend'),
  operator('resume'),
];

const owing = (definition: SagaDefinition, before: readonly Said[]): Specification => given(definition).when(start(definition), ...before);
const owed = (spec: Specification) => spec.owed().map(({ key, operation, purpose, attempt }) => [key, operation, purpose, attempt]);

describe.each(EFFECTS)('B27: %s', (_what, definition, before, effect, settling) => {
  it('is owed until an event settles it, each outcome by one that names it', () => {
    for (const [message, expected] of settling) {
      const spec = owing(definition, before).thenOwes(effect);
      const { revision } = spec.state;
      const asked = owed(spec);
      spec.when(message);
      const [first] = spec.history.slice(revision + 1);
      expect(first?.type).toBe(expected);
      // It may be owed anew: by another attempt, or as something else.
      for (const command of owed(spec)) expect(asked).not.toContainEqual(command);
    }
  });

  it('is owed as it was whatever else happens', () => {
    const spec = owing(definition, before);
    const asked = owed(spec);
    for (const message of NOISE) expect(owed(spec.when(message))).toEqual(asked);
  });
});

it('B27: a child is owed its question until it has ended: that it is at work settles nothing, and whoever takes over asks it again', () => {
  owing(family, []).when(reply('a', deferred)).then('StepDeferred').thenOwes('action a');
});

it('B27: nothing is owed by a saga that has ended', () => {
  const ended = given(own).when(start(own), reply('a', reset), reply('a', sealed)).thenStands('failed').thenOwes();
  expect([...ended.state.owed, ...ended.state.timers]).toEqual([]);
  // A success that comes after all is owed its undo once more.
  ended.when(lateReply('a', succeeded)).thenOwes('compensation a').when(reply('a', succeeded)).thenOwes();
});
