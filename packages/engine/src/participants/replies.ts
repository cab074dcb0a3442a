import type { CommandMessage, Outcome, Reply } from '@skald/kernel';

export function replyFor(command: CommandMessage, outcome: Outcome): Reply {
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = command;
  return { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome };
}

/** The fence failed: what that says of the effect is for the caller to know. */
export function failed(error: unknown, effect: 'none' | 'unknown'): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', kind: 'technical', effect, error: { name: 'FenceUnavailable', message } };
}
