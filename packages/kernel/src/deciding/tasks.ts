/**
 * What somebody outside says of a step by its task token. The token itself has been verified: what comes here names a step and a round.
 *
 * Invariants
 * K1  A token counts while its round's outcome is awaited and the saga has not turned back; before the word "later" as well as after it.
 * K2  A token ends its step once. The same said again gets the first answer; anything else is refused.
 * K3  A failure by token is known not to have happened, as a participant's business failure is.
 * K4  A heartbeat is recorded only where it puts off the next one due by a third of its interval or more.
 */
import type { Draft } from '../decide.js';
import { canonicalJson } from '../json.js';
import type { Answer, Task } from '../messages.js';
import { statusOf } from '../state/saga-status.js';
import { isHeld, isInFlight, type SagaState, type StepState } from '../state/state.js';
import { type TaskEnd, taskKey } from '../state/task-end.js';
import { afterStepFailure } from './failures.js';

export function recordTask(draft: Draft, task: Task): void {
  draft.answer = answerTo(draft, task);
}

function answerTo(draft: Draft, task: Task): Answer {
  const { state } = draft;
  if (state.phase === 'new') return { accepted: false, code: 'saga-not-found' };
  const step = state.steps.get(task.step);
  if (!step || task.incarnation !== state.incarnation) return over(task, 'the saga knows of no such task');
  const ended = state.tasks.get(taskKey(task.step, task.round));
  if (ended) return repeated(draft, task, ended);
  const why = whyOver(state, step, task.round);
  if (why !== undefined) return over(task, why);
  if (task.action === 'heartbeat') return heartbeat(draft, step);
  const { id, round, attempt } = step;
  if (task.action === 'complete')
    draft.emit('StepSucceeded', { step: id, round, ...(task.result !== undefined && { result: task.result }), task: true });
  else {
    const error = task.error ?? { name: 'TaskFailed', message: 'no reason was given' };
    draft.emit('StepFailed', { step: id, round, attempt, error, kind: 'business', effect: 'none', task: true });
  }
  const answer: Answer = { accepted: true, revision: state.revision };
  if (task.action === 'fail' && step.error) afterStepFailure(draft, step, step.error, 'business');
  return answer;
}

function repeated(draft: Draft, task: Task, { action, value, revision }: TaskEnd): Answer {
  const said = task.action === 'complete' ? task.result : task.error;
  if (task.action !== action || canonicalJson(said) !== canonicalJson(value)) return over(task, 'it has been used already');
  draft.note = 'duplicate';
  return { accepted: true, revision };
}

/** K1 */
function whyOver(state: SagaState, step: StepState, round: number): string | undefined {
  if (!step.policy?.callback) return 'the step waits for no task';
  if (state.phase === 'ended') return `the saga has ended (${statusOf(state)})`;
  if (state.phase === 'compensating') return 'the saga has turned back';
  if (round !== step.round) return 'the step is tried again, with another token';
  return isInFlight(step) || step.status === 'unknown' ? undefined : `the step is ${step.status}`;
}

/** Answered with revision 0: it need not leave anything in the history. */
function heartbeat(draft: Draft, step: StepState): Answer {
  const { state, at } = draft;
  const interval = step.policy?.callback?.heartbeat;
  const { heartbeatAt } = step;
  if (step.status === 'unknown') return over({ step: step.id }, 'its time was up');
  if (step.status === 'deferred' && interval !== undefined && heartbeatAt !== undefined && !isHeld(state)) {
    const next = at + interval;
    if ((next - heartbeatAt) * 3 >= interval) draft.emit('HeartbeatReceived', { step: step.id, round: step.round, heartbeatAt: next });
  }
  return { accepted: true, revision: 0 };
}

function over({ step }: Pick<Task, 'step'>, why: string): Answer {
  return { accepted: false, code: 'task-over', details: { step, why } };
}
