import type { CommandMessage, Outcome, Outgoing, Reply } from '@skald/kernel';

export function replyFor(command: CommandMessage, outcome: Outcome): Reply {
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, trace } = command;
  return { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome, ...(trace && { trace }) };
}

/** A reply on its way: to the saga's inbox, or to whoever runs it in memory. */
export function replyTo(command: CommandMessage, outcome: Outcome): Outgoing {
  const { sagaId, replyTo: client } = command;
  const address = client === undefined ? ({ to: 'inbox' } as const) : ({ to: 'client', client } as const);
  return { address, message: { kind: 'input', sagaId, input: { type: 'reply', ...replyFor(command, outcome) } } };
}

/** An express saga that runs again relies on the fence alone, and one beside the effect cannot tell what an interrupted action did. */
export const EXPRESS_NEEDS_FENCE: Outcome = {
  type: 'failed',
  kind: 'business',
  effect: 'none',
  error: {
    name: 'FenceNotTransactional',
    message: 'an express saga asks only participants whose fence is in the database of their effects',
  },
};

/** The fence failed: what that says of the effect is for the caller to know. */
export function failed(error: unknown, effect: 'none' | 'unknown'): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', kind: 'technical', effect, error: { name: 'FenceUnavailable', message } };
}
