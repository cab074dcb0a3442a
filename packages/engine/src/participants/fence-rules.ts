/**
 * What a fence answers, as a table: the record of the key and the operation give the verdict. Pure.
 *
 * Invariants
 * F1  Under one key an action takes effect at most once, and a repeat gets the recorded outcome.
 * F2  The compensation of an action that was never seen is accepted, and the action is refused from then on.
 * F3  A sealed or undone action never runs.
 * F4  Only final outcomes are recorded: success, business failure, undone, sealed; a compensation's failure never is.
 * F5  An action under way is waited for; after its lease it counts as interrupted, and nobody knows what it did.
 * F6  What is older than the fence's memory is neither run nor answered: it is unknowable.
 * F7  The date is looked at after the record: an action whose time is over is refused and its key sealed, unless its outcome is recorded; one
 *     that was interrupted is not run again, and nobody knows what it did. Compensations and seals have no such time.
 * F8  Where a run was interrupted and the participant has a probe, that is asked before the action is run again, refused or sealed.
 * F9  An action that somebody else will end is undone as a done one is; sealed, nobody knows what came of it.
 */
import { type CommandMessage, EXPIRED, FENCE_MEMORY, type FenceRecord, type Outcome } from '@skald/kernel';
import type { Answered } from './actions.js';

export type Verdict =
  | { readonly do: 'run' }
  /** `result`: JSON text of what the action answered, where it is known. */
  | { readonly do: 'undo'; readonly result: string | undefined }
  | { readonly do: 'answer'; readonly outcome: Outcome; readonly record?: FenceRecord }
  /** Ask again at `at` (epoch milliseconds). */
  | { readonly do: 'wait'; readonly until: number };

export function admit(record: FenceRecord | undefined, command: CommandMessage, now: number): Verdict {
  if (record?.type === 'running' && record.leaseUntil > now) return { do: 'wait', until: record.leaseUntil };
  if (!record && command.firstRequestedAt < now - FENCE_MEMORY) return answer({ type: 'unknowable' });
  switch (command.operation) {
    case 'action':
      return isOver(command, now) ? admitLate(record) : admitAction(record);
    case 'compensation':
      return admitCompensation(record, command);
    case 'seal':
      return admitSeal(record);
  }
}

/** What is made of a run that was interrupted, once its probe has said that it had no effect. */
export type AfterProbe = 'run' | 'refuse' | 'seal';

/** Is there a run that was interrupted, so that the participant's probe is to be asked? */
export function probeFor(record: FenceRecord | undefined, command: CommandMessage, now: number): AfterProbe | undefined {
  if (record?.type !== 'running' || record.undoing || record.leaseUntil > now) return undefined;
  if (command.operation === 'compensation') return undefined;
  if (command.operation === 'seal') return 'seal';
  return isOver(command, now) ? 'refuse' : 'run';
}

function isOver({ purpose, validUntil }: CommandMessage, now: number): boolean {
  return purpose === 'step' && validUntil !== undefined && now > validUntil;
}

function admitLate(record: FenceRecord | undefined): Verdict {
  if (!record) return { do: 'answer', outcome: { type: 'refused', reason: 'expired' }, record: { type: 'sealed', doubt: false } };
  if (record.type !== 'running' || record.undoing) return admitAction(record);
  const error = { name: EXPIRED, message: 'its time was over when it was to be run again after an interruption' };
  return answer({ type: 'failed', kind: 'technical', effect: 'unknown', error });
}

function admitAction(record: FenceRecord | undefined): Verdict {
  switch (record?.type) {
    case undefined:
      return { do: 'run' };
    case 'running':
      return record.undoing ? answer({ type: 'refused', reason: 'undone' }) : { do: 'run' };
    case 'undone':
    case 'sealed':
      return answer({ type: 'refused', reason: record.type });
    case 'succeeded':
    case 'deferred':
    case 'failed':
      return answer(outcomeOf(record));
  }
}

function admitCompensation(record: FenceRecord | undefined, command: CommandMessage): Verdict {
  const round = command.undoRound;
  switch (record?.type) {
    case undefined:
    case 'failed':
      return nothingToUndo(round);
    case 'running':
    case 'deferred':
      return { do: 'undo', result: knownTo(command) };
    case 'succeeded':
      return { do: 'undo', result: record.result };
    case 'sealed':
      return record.doubt ? { do: 'undo', result: knownTo(command) } : nothingToUndo(round);
    case 'undone':
      if (record.round >= round) return answer({ type: 'undone', executed: record.executed });
      return { do: 'undo', result: knownTo(command) };
  }
}

function knownTo(command: CommandMessage): string | undefined {
  return command.result === undefined ? undefined : JSON.stringify(command.result);
}

function admitSeal(record: FenceRecord | undefined): Verdict {
  switch (record?.type) {
    case undefined:
      return { do: 'answer', outcome: { type: 'sealed' }, record: { type: 'sealed', doubt: false } };
    case 'running':
      if (record.undoing) return answer({ type: 'sealed' });
      return sealedInDoubt();
    case 'deferred':
      return sealedInDoubt();
    case 'undone':
      return answer({ type: 'sealed' });
    case 'sealed':
      return answer({ type: 'sealed', ...(record.doubt && { doubt: true as const }) });
    case 'succeeded':
    case 'failed':
      return answer(outcomeOf(record));
  }
}

function sealedInDoubt(): Verdict {
  return { do: 'answer', outcome: { type: 'sealed', doubt: true }, record: { type: 'sealed', doubt: true } };
}

function nothingToUndo(round: number): Verdict {
  return { do: 'answer', outcome: { type: 'undone', executed: false }, record: { type: 'undone', round, executed: false } };
}

/** What is recorded of an action that ran. */
export function recordOf(answered: Answered, compensable: boolean): Extract<FenceRecord, { type: 'succeeded' | 'deferred' }> {
  if (answered === 'later') return { type: 'deferred', compensable };
  return { type: 'succeeded', compensable, ...(answered.result !== undefined && { result: answered.result }) };
}

export function outcomeOf(record: Extract<FenceRecord, { type: 'succeeded' | 'deferred' | 'failed' }>): Outcome {
  if (record.type === 'deferred') return { type: 'deferred' };
  if (record.type === 'failed') return { type: 'failed', kind: 'business', effect: 'none', error: record.error };
  return {
    type: 'succeeded',
    ...(record.result !== undefined && { result: JSON.parse(record.result) as unknown }),
    ...(!record.compensable && { compensable: false as const }),
  };
}

function answer(outcome: Outcome): Verdict {
  return { do: 'answer', outcome };
}
