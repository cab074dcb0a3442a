import type { RecordedCommand, Target } from '../history/events.js';
import type { CommandMessage, TaskClaim } from '../messages.js';
import { childOf, isWithdrawn, type OwedCommand } from './child-call.js';
import { actionKey, type SagaState, type StepState, stepIdOf, stepOf } from './state.js';

/** Makes the task token of a round of a step: the same for the same claim, and by nobody else. It says who was asked for what, too. */
export type TokenOf = (claim: TaskClaim, asked: Pick<RecordedCommand, 'participant' | 'action'>) => string;

/**
 * The commands that the world is owed, requested after revision `since` (default: all). Derived from the state alone, so that after a
 * crash, a take-over or a lost message they can be sent again as they were: participants recognise the idempotency keys. Without `tokenOf` no command carries a task token.
 */
export function outstanding(state: SagaState, since = -1, tokenOf?: TokenOf): OwedCommand[] {
  const commands: OwedCommand[] = [];
  for (const [target, revision] of state.owed) if (revision > since) commands.push(commandFor(state, target, tokenOf));
  return commands;
}

function commandFor(state: SagaState, target: Target, tokenOf: TokenOf | undefined): OwedCommand {
  const step = stepOf(state, stepIdOf(target));
  const undoes = !target.startsWith('step:');
  const command = undoes ? undoCommand(state, step) : stepCommand(state, step, tokenOf);
  const child = step.command && (!undoes || isWithdrawn(step)) && childOf(state, step, step.command);
  return child ? { ...command, child } : command;
}

function stepCommand(state: SagaState, step: StepState, tokenOf: TokenOf | undefined): CommandMessage {
  const { participant, action, args } = asked(step, step.command);
  const isSeal = step.status === 'sealing';
  const validUntil = isSeal ? undefined : expiry(state, step);
  const { sagaId, incarnation } = state;
  const claimed =
    !isSeal &&
    step.policy?.callback &&
    !step.command?.child &&
    tokenOf?.({ sagaId, incarnation, step: step.id, round: step.round }, { participant, action });
  return {
    sagaId,
    incarnation,
    step: step.id,
    round: step.round,
    attempt: step.attempt,
    operation: isSeal ? 'seal' : 'action',
    purpose: 'step',
    key: actionKey(state, step),
    undoRound: 0,
    participant,
    action,
    args,
    firstRequestedAt: step.firstRequestedAt,
    dueAt: step.dueAt,
    ...(validUntil !== undefined && { validUntil }),
    ...(state.trace && { trace: state.trace }),
    ...(claimed && { taskToken: claimed }),
  };
}

/** Past the pivot there is only forward, however late. */
function expiry(state: SagaState, { policy, dueAt }: StepState): number | undefined {
  const deadline = state.pivotPassed ? undefined : state.deadlineAt;
  return policy?.expires === 'attempt' ? Math.min(dueAt, deadline ?? dueAt) : deadline;
}

function undoCommand(state: SagaState, step: StepState): CommandMessage {
  const undo = step.undo;
  if (!undo) throw new Error(`step ${step.id} owes a compensation that was never requested`);
  const ownCommand = undo.command !== undefined;
  const known = step.status === 'succeeded' || step.stranded;
  const { participant, action, args } = asked(step, undo.command ?? step.command);
  return {
    sagaId: state.sagaId,
    incarnation: state.incarnation,
    step: step.id,
    round: step.round,
    attempt: undo.attempt,
    operation: ownCommand ? 'action' : 'compensation',
    purpose: 'compensation',
    key: ownCommand ? `${actionKey(state, step)}:undo${undo.round > 1 ? `#${undo.round}` : ''}` : actionKey(state, step),
    undoRound: undo.round,
    participant,
    action,
    args: undo.args ?? args,
    ...(!ownCommand && known && { result: step.result }),
    firstRequestedAt: ownCommand ? undo.firstRequestedAt : step.firstRequestedAt,
    dueAt: undo.dueAt,
    ...(state.trace && { trace: state.trace }),
  };
}

function asked(step: StepState, command: StepState['command']): RecordedCommand {
  if (!command) throw new Error(`step ${step.id} owes a command that was never recorded`);
  return command;
}
