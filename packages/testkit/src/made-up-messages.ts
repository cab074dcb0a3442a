import {
  type Asked,
  type Cancel,
  canonicalJson,
  type Fault,
  type Operator,
  type Outcome,
  outstanding,
  type ReplyMessage,
  type SagaDefinition,
  type SagaState,
  type Signal,
  type Slot,
  type Start,
  type Wake,
} from '@skald/kernel';

/** Messages as they would reach a saga, with everything filled in that a sentence is not about. `at` is in milliseconds. */
export function start(definition: SagaDefinition, more: Partial<Omit<Start, 'type'>> = {}): Start {
  const { name, version, deadline, limits } = definition;
  const input = more.input ?? {};
  const identity = { sagaId: `${name}-1`, saga: name, version, incarnation: 'i1', input, inputHash: canonicalJson(input) };
  return {
    type: 'start',
    at: 0,
    request: 'start',
    ...identity,
    ...(deadline !== undefined && { deadline }),
    ...(limits && { limited: true }),
    ...more,
  };
}

/** What step `ship` of `parent-1` asks of the saga that it starts. */
export function asked(
  definition: SagaDefinition,
  operation: Asked['operation'] = 'action',
  more: Partial<Omit<Asked, 'type' | 'by'>> & { readonly by?: Partial<Asked['by']> } = {},
): Asked {
  const { request: _request, type: _type, ...identity } = start(definition);
  const by = { sagaId: 'parent-1', incarnation: 'p1', step: 'ship', round: 1, attempt: 1, undoRound: operation === 'compensation' ? 1 : 0 };
  return { ...identity, ...more, type: 'asked', operation, by: { ...by, ...more.by } };
}

export const slot = (at = 0): Slot => ({ type: 'slot', at });
export const wake = (at: number): Wake => ({ type: 'wake', at });
export const cancel = (at = 0, request = 'cancel'): Cancel => ({ type: 'cancel', at, request, reason: 'changed my mind', by: 'caller' });
export const signal = (name: string, payload?: unknown, more: Partial<Omit<Signal, 'type' | 'name'>> = {}): Signal => ({
  ...{ type: 'signal', at: 0, request: `${name} 1`, name },
  ...(payload !== undefined && { payload }),
  ...more,
});
export const fault = (at = 0): Fault => ({ type: 'fault', at, error: { name: 'payload-too-large', message: 'too large' } });

export function operator(action: Operator['action'], target?: Operator['target'], more: Partial<Omit<Operator, 'type'>> = {}): Operator {
  const request = `${action} ${target ?? 'the saga'}`;
  return {
    type: 'operator',
    at: 0,
    request,
    action,
    by: 'operator',
    reason: 'looked at it',
    ...(target !== undefined && { target }),
    ...more,
  };
}

/** A reply to what is owed for the step; where nothing is, one that comes late to its present round. */
export function reply(step: string, outcome: Outcome, more: Partial<Omit<ReplyMessage, 'type' | 'step' | 'outcome'>> = {}) {
  return (state: SagaState): ReplyMessage => {
    const command = outstanding(state).find((owed) => owed.step === step);
    const known = state.steps.get(step);
    const { round, attempt, operation, purpose, undoRound } = command ?? {
      ...{ round: known?.round ?? 1, attempt: known?.attempt ?? 1, operation: 'action' as const, purpose: 'step' as const, undoRound: 0 },
    };
    const { sagaId, incarnation, at } = state;
    return { type: 'reply', at, sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome, ...more };
  };
}

/** The action's own answer, when its undo may be under way already. */
export function lateReply(step: string, outcome: Outcome, more: Partial<Omit<ReplyMessage, 'type' | 'step' | 'outcome'>> = {}) {
  return reply(step, outcome, { operation: 'action', purpose: 'step', undoRound: 0, ...more });
}

/** What participants answer. */
export const outcomes = {
  succeeded: { type: 'succeeded' },
  declined: { type: 'failed', kind: 'business', error: { name: 'Declined', message: 'no' }, effect: 'none' },
  rolledBack: { type: 'failed', kind: 'technical', error: { name: 'Reset', message: 'rolled back' }, effect: 'none' },
  reset: { type: 'failed', kind: 'technical', error: { name: 'Reset', message: 'connection reset' }, effect: 'unknown' },
  undone: { type: 'undone', executed: true },
  nothingToUndo: { type: 'undone', executed: false },
  deferred: { type: 'deferred' },
  sealed: { type: 'sealed' },
  sealedInDoubt: { type: 'sealed', doubt: true },
  refused: { type: 'refused', reason: 'sealed' },
  unknowable: { type: 'unknowable' },
} as const satisfies Readonly<Record<string, Outcome>>;
