import { isDeepStrictEqual } from 'node:util';
import { checkLaws, expressSummary, fold, type SagaEvent, type SagaState, statusOf } from '@skald/kernel';

type Report = (violation: string) => void;

/**
 * Had this life been an express saga's, its summary would tell the end that its history tells, and the history could follow it. Answers
 * whether it could have been one: nobody steered it, and it has ended.
 */
export function inspectSummary(history: readonly SagaEvent[], state: SagaState, report: Report): boolean {
  const { end } = state;
  const steered = history.some(({ type }) => type === 'OperatorIntervened' || type === 'CancelRequested' || type.startsWith('Signal'));
  // One that waits for a slot, or that another saga has started, cannot live in memory.
  if (!end || steered || state.parent || state.slot !== 'none' || state.reopened || end.type === 'SagaTerminated') return false;
  const summary: SagaEvent = { type: 'ExpressSagaEnded', at: state.at, data: expressSummary(state, history) };
  const told = fold([summary]);
  for (const name of ['sagaId', 'version', 'incarnation', 'input', 'inputHash', 'startedAt', 'startRequest', 'compensation'] as const) {
    if (!isDeepStrictEqual(told[name], state[name])) report(`the summary of an express saga tells another ${name}`);
  }
  if (statusOf(told) !== statusOf(state)) report(`the summary says ${statusOf(told)}, the history ${statusOf(state)}`);
  if (!isDeepStrictEqual(told.end?.data, end.data)) report('the summary tells another end');
  for (const { law, message } of checkLaws([summary])) report(`law ${law} of the summary: ${message}`);
  const whole = [summary, ...history];
  if (!isDeepStrictEqual(withoutRevisions(fold(whole)), withoutRevisions(fold(history))) && !tellsRevisions(state)) {
    report('the history that follows a summary tells another state');
  }
  for (const { law, revision, message } of checkLaws(whole)) report(`law ${law} at ${revision} after a summary: ${message}`);
  return true;
}

function withoutRevisions(state: SagaState): SagaState {
  const steps = [...state.steps].map(([id, step]) => [id, { ...step, waitsSince: 0 }] as const);
  return { ...state, revision: 0, steps: new Map(steps) };
}

/** Some of a state names revisions, and those count from the summary on. */
function tellsRevisions({ parked, owed, answers, tasks }: SagaState): boolean {
  return parked.size > 0 || owed.size > 0 || answers.size > 0 || tasks.size > 0;
}
