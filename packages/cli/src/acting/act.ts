import { actionsOf, type OperatorAction, possibleActions, type SagaState, type SagaStatus, statusOf, type Target } from '@skald/kernel';
import { Trouble } from '../trouble.js';
import { UsageError } from '../usage.js';

/** Something that can be done to a saga, and to many. */
export interface Act {
  readonly name: string;
  /** It is done to something that is parked. */
  readonly onTarget: boolean;
  /** Sagas that can be meant where many are chosen and no status is named. */
  readonly statuses: readonly SagaStatus[];
  /** Arguments of the operation besides saga, target, reason and actor. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** A target, and since which revision it was seen to wait: where it was parked anew since, or has another token, the act is refused. */
export interface SeenTarget {
  readonly target: Target;
  readonly seen?: number;
}

/** The target that is meant. Throws `Trouble` where nothing, or more than one, could be. */
export function parkedTarget(state: SagaState, action: string, named: string | undefined): SeenTarget {
  const parked = [...state.parked.keys()];
  // A person speaks for whoever has the task token of a step, if they name it.
  const inOtherHands =
    named === undefined
      ? []
      : actionsOf(state).targets.filter(({ target, parked: isParked }) => !isParked && isPossible(state, target, action));
  const fits = (target: Target) =>
    named === undefined || target === named || target === `step:${named}` || target === `compensation:${named}`;
  const fitting = [...parked, ...inOtherHands.map(({ target }) => target)].filter((target) => fits(target));
  const [target, ...others] = fitting;
  if (target !== undefined && others.length === 0) {
    const seen = actionsOf(state).targets.find((one) => one.target === target)?.seen;
    return { target, ...(seen !== undefined && { seen }) };
  }
  const { sagaId } = state;
  if (others.length > 0) throw new UsageError(`more than one thing of ${sagaId} waits for a person: name one of ${fitting.join(', ')}`);
  const there = parked.length === 0 ? `nothing of it waits for a person; it is ${statusOf(state)}` : `what waits is ${parked.join(', ')}`;
  throw new Trouble(
    'not-parked',
    `${sagaId}${named === undefined ? '' : ` ${named}`}: there is nothing to ${action}: ${there}.`,
    `skald show ${sagaId} says what can be done.`,
  );
}

function isPossible(state: SagaState, target: Target, action: string): boolean {
  return possibleActions(state, target).includes(action as OperatorAction);
}

/** The parked targets of a saga that this can be done to. */
export function parkedTargets(state: SagaState, action: string): SeenTarget[] {
  return [...state.parked].flatMap(([target, { revision }]) => (isPossible(state, target, action) ? [{ target, seen: revision }] : []));
}
