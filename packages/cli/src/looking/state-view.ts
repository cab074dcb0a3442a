import { outstanding, type SagaState, type StepState, statusOf } from '@skald/kernel';
import { duration, errorText, json, plain, shortened } from '../terminal/plain-text.js';
import { type ItemsFacts, isShown, itemsFacts, itemsText } from './map-wording.js';
import { reasonText } from './wording.js';

export interface StateViewOptions {
  /** Revision of the last event there is. */
  readonly last: number;
  readonly width?: number;
}

/** A saga's state for people: where it stands, each step, what it owes the world, what falls due. */
export function stateView(state: SagaState, { last, width = Number.POSITIVE_INFINITY }: StateViewOptions): string[] {
  const since = `${new Date(state.at).toISOString()}, ${duration(state.at - state.startedAt)} after the start`;
  const lines = [
    `${plain(state.sagaId)} at revision ${state.revision} of ${last} (${since})`,
    `status   ${statusOf(state)}${state.compensation ? `; turned back: ${reasonText(state.compensation)}` : ''}`,
    `input    ${json(state.input)}`,
    ...section(
      'steps',
      [...state.steps.values()].filter((step) => isShown(state, step)).map((step) => stepText(step, itemsOf(state, step))),
    ),
    ...section(
      'owed',
      outstanding(state).map(({ participant, action, operation, step, attempt }) =>
        plain(`${step}: ${participant}.${action}, ${operation === 'action' ? '' : `${operation}, `}attempt ${attempt}`),
      ),
    ),
    ...section(
      'due',
      [...state.timers].map(([timer, at]) => `${plain(timer)}: ${whenText(at - state.at)}`),
    ),
    ...section(
      'signals kept',
      [...state.signals].flatMap(([name, kept]) => kept.map(({ payload }) => `${plain(name)} ${json(payload)}`)),
    ),
    ...section(
      'waits for a person',
      [...state.parked].map(
        ([target, { error, since: at, revision }]) =>
          `${plain(target)} since revision ${revision}, ${duration(at - state.startedAt)} after the start: ${errorText(error)}`,
      ),
    ),
  ];
  if (state.end?.type === 'SagaCompleted') lines.push(`output   ${json(state.end.data.output)}`);
  return lines.map((line) => shortened(line, width));
}

function section(title: string, entries: readonly string[]): string[] {
  if (entries.length === 0) return [];
  return [title, ...entries.map((entry) => `  ${entry}`)];
}

function whenText(milliseconds: number): string {
  return milliseconds < 0 ? `${duration(-milliseconds)} ago` : `in ${duration(milliseconds)}`;
}

function itemsOf(state: SagaState, { id }: StepState): ItemsFacts | undefined {
  const map = state.maps.get(id);
  return map && itemsFacts(state, map);
}

export function stepText(step: StepState, map?: ItemsFacts): string {
  const { id, status, attempt, round, result, error, undo, signal } = step;
  const awaited = status === 'waiting' && signal !== undefined ? ` for signal ${plain(signal)}` : '';
  const attempts = `${attempt > 1 ? `, attempt ${attempt}` : ''}${round > 1 ? `, round ${round}` : ''}`;
  const outcome = status === 'succeeded' ? (result === undefined ? '' : ` ${json(result)}`) : error ? `: ${errorText(error)}` : '';
  const undone = undo ? `; compensation ${undo.status}${undo.attempt > 1 ? `, attempt ${undo.attempt}` : ''}` : '';
  if (map && !error) return `${plain(id)}: ${status}: ${itemsText(map)}`;
  return `${plain(id)}: ${status}${awaited}${attempts}${outcome}${undone}`;
}
