import { type SagaEvent, statusOf } from '@skald/kernel';
import type { KeyRecord } from './model-fence.js';
import type { ModelStep } from './scenario.js';
import type { World } from './world.js';

/**
 * What the history says against what the participants did. A completed saga has every effect, once. A compensated, failed or cancelled
 * one has none that can be undone. An operator's word, a fence that forgot and an interrupted external run excuse their step only.
 */
export function realWorldViolations(world: World): string[] {
  const status = statusOf(world.state);
  const excused = excusedSteps(world.history);
  const violations: string[] = [];
  const output = status === 'completed' ? outputOf(world.history) : undefined;
  for (const step of world.scenario.steps.values()) {
    if (step.kind === 'timer' || step.kind === 'signal' || step.kind === 'choice' || step.kind === 'map') continue;
    const records = [...world.participants.keys.values()].filter((record) => record.step === step.id);
    const late = world.participants.lateStarts.get(step.id);
    if (late !== undefined && !excused.has(step.id)) violations.push(`P2 ${late} starts after step ${step.id} was undone`);
    if (excused.has(step.id) || records.some((record) => record.forgotten)) continue;
    const wrong = judge(step, status, records, world.history);
    const mentioned = output && resultIn(output, step.id) === step.id;
    const isCaught = wasCaught(step, world.history);
    if (output && mentioned !== (records.length > 0 && !isCaught))
      violations.push(`completed, and its output is wrong about step ${step.id}`);
    if (wrong !== undefined) violations.push(`real world: ${status}, and step ${step.id} ${wrong}`);
  }
  return violations;
}

function judge(step: ModelStep, status: string, records: readonly KeyRecord[], history: readonly SagaEvent[]): string | undefined {
  const standing = records.reduce((sum, record) => sum + record.standing, 0);
  const interrupted = records.some((record) => record.interrupted);
  if (status === 'completed') {
    // An interrupted external run whose effect was made twice is beyond what any undo can know of.
    if (wasCaught(step, history))
      return standing === 0 || !step.compensable || records.some((record) => record.interrupted && record.applied > 1)
        ? undefined
        : 'was caught, and stands';
    if (history.some((event) => event.type === 'StepSkipped' && event.data.step === step.id))
      return standing === 0 ? undefined : 'was skipped, and ran';
    if (isUnopened(step, history)) return standing === 0 ? undefined : 'was never asked for, and ran';
    if (standing === 1 || (interrupted && standing > 1)) return undefined;
    return `had its effect ${standing} times`;
  }
  if (status !== 'compensated' && status !== 'failed' && status !== 'cancelled') return undefined;
  // An interrupted external run whose effect was made twice is beyond what any undo can know of.
  if (records.some((record) => record.interrupted && record.applied > 1)) return undefined;
  if (step.pivot && standing > 0) return 'is a pivot that had its effect';
  return step.compensable && standing > 0 ? 'still stands' : undefined;
}

/** An item's result stands in the list of its map's. */
function resultIn(output: Readonly<Record<string, unknown>>, id: string): unknown {
  const [map = '', index] = id.split('/');
  const results = output[map];
  return index === undefined ? results : Array.isArray(results) ? results[Number(index)] : undefined;
}

/** The saga went on without the step, or without the whole map that it is an item of. */
function wasCaught({ id }: ModelStep, history: readonly SagaEvent[]): boolean {
  return history.some(({ type, data }) => type === 'StepFailureCaught' && (data.step === id || data.step === id.split('/')[0]));
}

/** A map of fewer items, or a map that was skipped. */
function isUnopened({ id }: ModelStep, history: readonly SagaEvent[]): boolean {
  return id.includes('/') && !history.some(({ type, data }) => type === 'StepRequested' && data.step === id);
}

function outputOf(history: readonly SagaEvent[]): Readonly<Record<string, unknown>> {
  const end = history.find((event) => event.type === 'SagaCompleted');
  return (end?.data.output ?? {}) as Readonly<Record<string, unknown>>;
}

/** Steps of which an operator said how they stand. A retry or a patch after a seal in doubt, or of a terminated child, says that nothing came of the old key. */
function excusedSteps(history: readonly SagaEvent[]): Set<string> {
  const excused = new Set<string>();
  const doubtful = new Set<string>();
  for (const event of history) {
    if (event.type === 'StepSealed' && event.data.doubt) doubtful.add(event.data.step);
    if (event.type === 'StepFailed' && event.data.error.name === 'ChildTerminated') doubtful.add(event.data.step);
    if (event.type !== 'OperatorIntervened') continue;
    const { action, target } = event.data;
    const asksAgain = action === 'retry' || action === 'patch';
    const again = asksAgain && target?.startsWith('step:') && doubtful.has(target.slice('step:'.length));
    if (target && (again || action === 'skip' || action === 'succeed' || action === 'fail'))
      excused.add(target.slice(target.indexOf(':') + 1));
  }
  return excused;
}
