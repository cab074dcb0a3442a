import { describe, expect, it } from '@jest/globals';
import { type CommandMessage, FENCE_MEMORY, type FenceRecord, type Operation } from '@skald/kernel';
import { admit, type Verdict } from './fence-rules.js';

const NOW = 1_000_000_000_000;

function command(operation: Operation, changes: Partial<CommandMessage> = {}): CommandMessage {
  return {
    sagaId: 'order-1',
    incarnation: 'a',
    step: 'pay',
    round: 1,
    attempt: 1,
    operation,
    purpose: 'step',
    key: 'order-1/a/pay',
    undoRound: operation === 'compensation' ? 1 : 0,
    participant: 'bank',
    action: 'pay',
    args: [],
    firstRequestedAt: NOW,
    dueAt: NOW + 1_000,
    ...changes,
  };
}

const RECORDS = {
  nothing: undefined,
  running: { type: 'running', leaseUntil: NOW + 1, token: 't' },
  interrupted: { type: 'running', leaseUntil: NOW, token: 't' },
  undoing: { type: 'running', leaseUntil: NOW + 1, token: 't', undoing: true },
  'undo interrupted': { type: 'running', leaseUntil: NOW, token: 't', undoing: true },
  succeeded: { type: 'succeeded', result: '{"ref":1}', compensable: true },
  'succeeded, final': { type: 'succeeded', compensable: false },
  deferred: { type: 'deferred', compensable: true },
  failed: { type: 'failed', error: { name: 'Declined', message: 'no' } },
  'undone in round 1': { type: 'undone', round: 1, executed: true },
  'undone by nothing': { type: 'undone', round: 1, executed: false },
  sealed: { type: 'sealed', doubt: false },
  'sealed in doubt': { type: 'sealed', doubt: true },
} as const satisfies Record<string, FenceRecord | undefined>;

const RUN: Verdict = { do: 'run' };
const WAIT: Verdict = { do: 'wait', until: NOW + 1 };
const UNDO: Verdict = { do: 'undo', result: undefined };
const answer = (outcome: Extract<Verdict, { do: 'answer' }>['outcome'], record?: FenceRecord): Verdict => ({
  do: 'answer',
  outcome,
  ...(record && { record }),
});
const refused = (reason: 'undone' | 'sealed') => answer({ type: 'refused', reason });
const nothingToUndo = (round: number) => answer({ type: 'undone', executed: false }, { type: 'undone', round, executed: false });
const SUCCESS = answer({ type: 'succeeded', result: { ref: 1 } });
const FINAL_SUCCESS = answer({ type: 'succeeded', compensable: false });
const FAILURE = answer({ type: 'failed', kind: 'business', effect: 'none', error: RECORDS.failed.error });
const SEALED = answer({ type: 'sealed' });
const SEALED_IN_DOUBT = answer({ type: 'sealed', doubt: true }, { type: 'sealed', doubt: true });
const DEFERRED = answer({ type: 'deferred' });

/** Record of the key; what is answered to an action, to its compensation in rounds 1 and 2, and to a seal. */
const TABLE: readonly (readonly [keyof typeof RECORDS, string, Verdict, Verdict, Verdict, Verdict])[] = [
  ['nothing', 'F1, F2', RUN, nothingToUndo(1), nothingToUndo(2), answer({ type: 'sealed' }, { type: 'sealed', doubt: false })],
  ['running', 'F5', WAIT, WAIT, WAIT, WAIT],
  ['interrupted', 'F5', RUN, UNDO, UNDO, SEALED_IN_DOUBT],
  ['undoing', 'F5', WAIT, WAIT, WAIT, WAIT],
  ['undo interrupted', 'F3, F5', refused('undone'), UNDO, UNDO, SEALED],
  ['succeeded', 'F1', SUCCESS, { do: 'undo', result: '{"ref":1}' }, { do: 'undo', result: '{"ref":1}' }, SUCCESS],
  ['succeeded, final', 'F1', FINAL_SUCCESS, UNDO, UNDO, FINAL_SUCCESS],
  ['deferred', 'F1, F8', DEFERRED, UNDO, UNDO, SEALED_IN_DOUBT],
  ['failed', 'F1, F4', FAILURE, nothingToUndo(1), nothingToUndo(2), FAILURE],
  ['undone in round 1', 'F3', refused('undone'), answer({ type: 'undone', executed: true }), UNDO, SEALED],
  ['undone by nothing', 'F2, F3', refused('undone'), answer({ type: 'undone', executed: false }), UNDO, SEALED],
  ['sealed', 'F3', refused('sealed'), nothingToUndo(1), nothingToUndo(2), SEALED],
  ['sealed in doubt', 'F3', refused('sealed'), UNDO, UNDO, answer({ type: 'sealed', doubt: true })],
];

const EXPIRED = answer({ type: 'refused', reason: 'expired' }, { type: 'sealed', doubt: false });

describe('The fence', () => {
  it.each(TABLE)(
    'A13, F7: asked too late, with a record "%s", answers what is recorded, and runs nothing',
    (name, _rule, action, undo, _again, seal) => {
      const record = RECORDS[name];
      const late = { validUntil: NOW - 1 };
      const ruled = admit(record, command('action', late), NOW);
      if (name === 'nothing') expect(ruled).toEqual(EXPIRED);
      else if (name === 'interrupted')
        expect(ruled).toMatchObject({ outcome: { kind: 'technical', effect: 'unknown', error: { name: 'Expired' } } });
      else expect(ruled).toEqual(action);
      expect(admit(record, command('action', { validUntil: NOW }), NOW)).toEqual(action);
      expect(admit(record, command('action', { ...late, purpose: 'compensation' }), NOW)).toEqual(action);
      expect(admit(record, command('compensation', late), NOW)).toEqual(undo);
      expect(admit(record, command('seal', late), NOW)).toEqual(seal);
    },
  );

  it.each(TABLE)('with a record "%s" rules by %s', (name, _rule, action, undo, undoAgain, seal) => {
    const record = RECORDS[name];
    expect(admit(record, command('action'), NOW)).toEqual(action);
    expect(admit(record, command('compensation'), NOW)).toEqual(undo);
    expect(admit(record, command('compensation', { undoRound: 2 }), NOW)).toEqual(undoAgain);
    expect(admit(record, command('seal'), NOW)).toEqual(seal);
  });

  it('has a row for every record', () => {
    expect(new Set(TABLE.map(([name]) => name))).toEqual(new Set(Object.keys(RECORDS)));
  });

  it('gives a compensation the result that the command knows, where it has none of its own', () => {
    for (const record of [RECORDS.interrupted, RECORDS.deferred, RECORDS['sealed in doubt']]) {
      expect(admit(record, command('compensation', { result: { ref: 2 } }), NOW)).toEqual({ do: 'undo', result: '{"ref":2}' });
    }
    expect(admit(RECORDS.succeeded, command('compensation', { result: { ref: 2 } }), NOW)).toMatchObject({ result: '{"ref":1}' });
  });

  it.each(['action', 'compensation', 'seal'] as const)(
    'A12, F6: answers "unknowable" to a %s under a key that it may have forgotten',
    (operation) => {
      const old = { firstRequestedAt: NOW - FENCE_MEMORY - 1 };
      expect(admit(undefined, command(operation, old), NOW)).toEqual(answer({ type: 'unknowable' }));
      expect(admit(RECORDS.succeeded, command(operation, old), NOW)).not.toEqual(answer({ type: 'unknowable' }));
      expect(admit(undefined, command(operation, { firstRequestedAt: NOW - FENCE_MEMORY }), NOW)).not.toEqual(
        answer({ type: 'unknowable' }),
      );
    },
  );
});
