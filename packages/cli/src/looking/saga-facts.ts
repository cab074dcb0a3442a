import { type HistoryEvent, stateOf } from '@skald/engine';
import {
  childOf,
  type ErrorRecord,
  isEnded,
  type OperatorAction,
  possibleActions,
  type SagaParent,
  type SagaState,
  type SagaStatus,
  type StepState,
  standsAfterAll,
  statusOf,
  type Target,
  type UndoState,
} from '@skald/kernel';
import { type ItemsFacts, itemsFacts } from './map-wording.js';
import { type StepTimes, stepTimes } from './step-times.js';

/** A saga as `skald show` tells it; `--json` gives this very document. Times in epoch milliseconds. */
export interface SagaFacts {
  readonly sagaId: string;
  readonly saga: string;
  readonly version: number;
  readonly status: SagaStatus;
  readonly since: number;
  readonly startedAt: number;
  /** The step of another saga that started it. */
  readonly parent?: Pick<SagaParent, 'sagaId' | 'step' | 'detached'>;
  /** Of the last event. */
  readonly at: number;
  readonly revision: number;
  readonly input: unknown;
  readonly output?: unknown;
  /** Why it turned back, or was terminated. */
  readonly turnedBack?: SagaState['compensation'];
  readonly terminated?: { readonly by: string; readonly reason: string };
  readonly pivotPassed: boolean;
  /** An operator holds it. */
  readonly heldSince?: number;
  readonly steps: readonly StepFacts[];
  /** What waits for a person, and what can be done about it. */
  readonly parked: readonly ParkedFacts[];
  readonly due: readonly { readonly what: string; readonly at: number }[];
  readonly signals: readonly { readonly name: string; readonly payload: unknown }[];
}

export interface StepFacts {
  readonly id: string;
  readonly kind: string;
  readonly after: readonly string[];
  readonly status: StepState['status'];
  readonly round: number;
  readonly attempt: number;
  readonly startedAt: number;
  /** When it was settled. */
  readonly endedAt?: number;
  readonly asks?: string;
  /** Id of the saga that it starts. */
  readonly child?: string;
  readonly signal?: string;
  readonly result?: unknown;
  readonly error?: ErrorRecord;
  /** It, or its compensation, waits for a person. */
  readonly parked?: true;
  /** A pivot that happened after the saga had turned back, on the word that it had not: nothing undoes it. */
  readonly stands?: true;
  /** Of a map; each item is a step too, with the id `<map>/<index>`. */
  readonly items?: ItemsFacts;
  readonly compensation?: { readonly status: UndoState['status']; readonly attempt: number; readonly at?: number; readonly parked?: true };
}

export interface ParkedFacts {
  readonly target: Target;
  readonly since: number;
  readonly revision: number;
  readonly error: ErrorRecord;
  readonly actions: readonly OperatorAction[];
}

const SETTLED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'unknown', 'caught', 'skipped', 'stopped']);

export function sagaFacts(events: readonly HistoryEvent[]): SagaFacts {
  const state = stateOf(events);
  const times = stepTimes(events);
  const { sagaId, saga, version, since, startedAt, at, revision, input, compensation, pivotPassed, heldSince, end, parent } = state;
  const status = statusOf(state);
  return {
    ...{ sagaId, saga, version, status, since, startedAt, at, revision, input },
    ...(parent && { parent: { sagaId: parent.sagaId, step: parent.step, ...(parent.detached && { detached: true }) } }),
    ...(end?.type === 'SagaCompleted' && { output: end.data.output }),
    ...(compensation && { turnedBack: compensation }),
    ...(end?.type === 'SagaTerminated' && { terminated: { by: end.data.by, reason: end.data.reason } }),
    pivotPassed,
    ...(heldSince !== undefined && { heldSince }),
    steps: [...state.steps.values()].map((step) => stepFacts(step, times.get(step.id), state)),
    parked: [...state.parked].map(([target, { error, since, revision }]) => {
      return { target, since, revision, error, actions: possibleActions(state, target) };
    }),
    due: isEnded(status) ? [] : [...state.timers].map(([what, at]) => ({ what, at })).sort((a, b) => a.at - b.at),
    signals: [...state.signals].flatMap(([name, kept]) => kept.map(({ payload }) => ({ name, payload }))),
  };
}

function stepFacts(step: StepState, times: StepTimes | undefined, state: SagaState): StepFacts {
  const { parked, maps } = state;
  const { id, kind, after, status, round, attempt, command, signal, result, error, undo } = step;
  const settled = SETTLED.has(status) ? times?.heardAt : undefined;
  const map = maps.get(id);
  const child = command && childOf(state, step, command);
  return {
    ...{ id, kind, after, status, round, attempt, startedAt: times?.startedAt ?? 0 },
    ...(settled !== undefined && { endedAt: settled }),
    ...(command && { asks: `${command.participant}.${command.action}` }),
    ...(child && { child: child.sagaId }),
    ...(signal !== undefined && { signal }),
    ...(result !== undefined && { result }),
    ...(error && { error }),
    ...(map && { items: itemsFacts(state, map) }),
    ...(parked.has(`step:${id}`) && { parked: true }),
    ...(standsAfterAll(state, step) && { stands: true }),
    ...(undo && {
      compensation: {
        ...{ status: undo.status, attempt: undo.attempt },
        ...(times?.undoneAt !== undefined && { at: times.undoneAt }),
        ...(parked.has(`compensation:${id}`) && { parked: true }),
      },
    }),
  };
}
