import type { Chronicle } from './chronicle.js';
import { forEach, law, type RuledLaw, type Rules } from './law.js';
import { isInFlight, type StepRecord } from './step-record.js';

const undoWhatStands: Rules = {
  CompensationRequested({ data }, before) {
    const step = before.steps.get(data.step);
    if (!step || step.attempt === 0) return `compensation of step ${data.step}, which was never requested`;
    if (isInFlight(step)) return `compensation of step ${step.id} while its own answer is awaited`;
    if (step.undo.state === 'failed' || step.standing === 'effect' || step.standing === 'maybe') return undefined;
    return `compensation of step ${step.id}, of which nothing stands`;
  },
};

/** A dependent that asked for no compensation of its own is looked through: what depends on it counts as well. */
function unfinishedDependent(step: StepRecord): StepRecord | undefined {
  const seen = new Set<StepRecord>();
  const waiting = [step];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    for (const dependent of next.dependents) {
      if (seen.has(dependent) || dependent.outOfTurn) continue;
      seen.add(dependent);
      const { standing, undo } = dependent;
      if (isInFlight(dependent) || standing === 'effect' || standing === 'maybe' || undo.state === 'asked') return dependent;
      if (undo.round === 0) waiting.push(dependent);
    }
  }
  return undefined;
}

const reverseOrder: Rules = {
  CompensationRequested({ data }, before) {
    const step = before.steps.get(data.step);
    if (!step || step.outOfTurn || data.attempt > 1) return undefined;
    const dependent = unfinishedDependent(step);
    return dependent && `step ${step.id} is undone before step ${dependent.id}, which depends on it`;
  },
};

const undoAttemptsCountUp: Rules = {
  CompensationRequested({ data }, before) {
    const undo = before.steps.get(data.step)?.undo;
    if (!undo) return undefined;
    if (undo.state === 'asked' || undo.state === 'skipped') return `compensation of step ${data.step} again, while it is ${undo.state}`;
    if (data.round === undo.round) {
      if (undo.state !== 'failed') return `round ${data.round} of the compensation of step ${data.step} is through already`;
      return data.attempt === undo.attempt + 1 ? undefined : `attempt ${data.attempt} where ${undo.attempt + 1} was to come`;
    }
    if (data.round !== undo.round + 1 || data.attempt !== 1)
      return `round ${data.round}, attempt ${data.attempt} after round ${undo.round}`;
    const cause = undo.round === 0 || undo.again;
    return cause ? undefined : `the compensation of step ${data.step} opens round ${data.round}, and no success had come after the last`;
  },
  ...forEach(['CompensationSucceeded', 'CompensationFailed'], ({ type, data }, before) => {
    const undo = before.steps.get(data.step)?.undo;
    if (!undo || undo.round === 0 || undo.round !== data.round)
      return `${type} of step ${data.step}, round ${data.round}, which nobody asked for`;
    const awaited = undo.state === 'asked' || (type === 'CompensationSucceeded' && undo.state === 'failed');
    return awaited ? undefined : `${type} of step ${data.step}, whose compensation is ${undo.state}`;
  }),
};

function ordinaryUndo(before: Chronicle, id: string): StepRecord | undefined {
  const step = before.steps.get(id);
  return step?.late || step?.outcome === 'caught' ? undefined : step;
}

const pivotIsKept: Rules = {
  CompensationRequested({ data }, before) {
    const step = ordinaryUndo(before, data.step);
    if (step?.pivot) return `pivot ${step.id} is compensated`;
    return step && before.pivotSucceeded ? `step ${step.id} is compensated after the pivot succeeded` : undefined;
  },
};

const undoNeedsTurning: Rules = {
  CompensationRequested({ data }, before) {
    const step = ordinaryUndo(before, data.step);
    return step && !before.turnedBack ? `step ${step.id} is compensated, and the saga has not turned back` : undefined;
  },
};

const sealFirst: Rules = {
  CompensationRequested({ data }, before) {
    const step = before.steps.get(data.step);
    if (!step?.ownCompensation || step.outcome !== 'unknown' || step.seal === 'sealed') return undefined;
    return `the saga's own compensation of step ${step.id} runs before its unknown outcome is sealed`;
  },
};

export const UNDO_LAWS: readonly RuledLaw[] = [
  law('undo-what-stands', 'Only what succeeded or may have happened is compensated, and only when its own answer is in.', undoWhatStands),
  law('reverse-order', 'A step is compensated only when nothing that depends on it stands, late successes aside.', reverseOrder),
  law(
    'undo-attempts-count-up',
    'Compensations are asked one at a time, and a new round opens only for a success the last did not cover.',
    undoAttemptsCountUp,
  ),
  law(
    'pivot-is-kept',
    'A pivot is never compensated, nor anything else once it succeeded, late successes and what was caught in doubt aside.',
    pivotIsKept,
  ),
  law(
    'undo-needs-turning',
    'Nothing is compensated before the saga turned back, late successes and what was caught in doubt aside.',
    undoNeedsTurning,
  ),
  law('seal-first', 'An unknown outcome is sealed before the saga’s own compensation of it runs.', sealFirst),
];
