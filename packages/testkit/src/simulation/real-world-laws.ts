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
  for (const step of world.scenario.steps.values()) {
    const records = [...world.participants.keys.values()].filter((record) => record.step === step.id);
    if (excused.has(step.id) || records.some((record) => record.forgotten)) continue;
    const wrong = judge(step, status, records, world.history);
    if (wrong !== undefined) violations.push(`real world: ${status}, and step ${step.id} ${wrong}`);
  }
  return violations;
}

function judge(step: ModelStep, status: string, records: readonly KeyRecord[], history: readonly SagaEvent[]): string | undefined {
  const standing = records.reduce((sum, record) => sum + record.standing, 0);
  const interrupted = records.some((record) => record.interrupted);
  if (status === 'completed') {
    if (history.some((event) => event.type === 'StepSkipped' && event.data.step === step.id)) return standing === 0 ? undefined : 'was skipped, and ran';
    if (standing === 1 || (interrupted && standing > 1)) return undefined;
    return `had its effect ${standing} times`;
  }
  if (status !== 'compensated' && status !== 'failed' && status !== 'cancelled') return undefined;
  if (step.pivot && standing > 0) return 'is a pivot that had its effect';
  return step.compensable && standing > 0 ? 'still stands' : undefined;
}

/** Steps of which an operator said how they stand. */
function excusedSteps(history: readonly SagaEvent[]): Set<string> {
  const excused = new Set<string>();
  for (const event of history) {
    if (event.type !== 'OperatorIntervened') continue;
    const { action, target } = event.data;
    if (target && (action === 'skip' || action === 'succeed' || action === 'fail')) excused.add(target.slice(target.indexOf(':') + 1));
  }
  return excused;
}
