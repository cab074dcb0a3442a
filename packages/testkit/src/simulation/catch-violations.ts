import type { SagaEvent, StepDefinition } from '@skald/kernel';

/** What the saga's definition says of caught failures, against its history: the history alone does not know of alternatives that were not needed. */
export function catchViolations(steps: readonly StepDefinition[], history: readonly SagaEvent[]): string[] {
  const begun = new Set<string>();
  const caught = new Map<string, string | undefined>();
  const closed = new Set<string>();
  /** Steps whose last attempt ended without an outcome. */
  const open = new Set<string>();
  const violations: string[] = [];
  for (const { type, data } of history) {
    if (type === 'StepSealed' || (type === 'StepFailed' && data.kind !== 'technical')) closed.add(data.step);
    if (type === 'OperatorIntervened' && data.action === 'fail') closed.add(data.target?.slice('step:'.length) ?? '');
    if (type === 'StepTimedOut' || (type === 'StepFailed' && data.effect === 'unknown')) open.add(data.step);
    if (type === 'StepRequested' || type === 'StepSealed') open.delete(data.step);
    if (type === 'StepRequested' && data.attempt === 1) closed.delete(data.step);
    if (type === 'StepRequested' || type === 'TimerSet' || type === 'SignalAwaited' || type === 'MapStarted') begun.add(data.step);
    if (type === 'StepFailureCaught') caught.set(data.step, data.by);
    if (type !== 'CompensationStarted' || data.reason.type !== 'failed' || data.reason.step === undefined) continue;
    const { step: id, error } = data.reason;
    const step = steps.find((one) => one.id === id);
    const isProbed = step?.kind === 'command' && step.onUnknown === 'probe' && open.has(id);
    const mayBeCaught = isProbed || step?.optional || steps.some(({ instead }) => instead === id);
    if (mayBeCaught && step?.kind === 'command' && !closed.has(id))
      violations.push(`step ${id} turned the saga back, and was not resolved`);
    if (fits(step?.optional, error.name)) violations.push(`optional step ${id} turned the saga back by ${error.name}`);
    const guarded = (one: StepDefinition): boolean => one.when?.({}, NO_VIEW) === false;
    const unused = steps.find((one) => one.instead === id && fits(one.on ?? true, error.name) && !guarded(one));
    if (unused) violations.push(`step ${id} turned the saga back by ${error.name}, and ${unused.id} stood ready`);
  }
  for (const { id, instead, on } of steps) {
    if (instead === undefined || !begun.has(id)) continue;
    if (caught.get(instead) !== id) violations.push(`step ${id} ran, and was not the one to stand in for ${instead}`);
    const error = history.find((event) => event.type === 'StepFailureCaught' && event.data.step === instead);
    if (error?.type === 'StepFailureCaught' && !fits(on ?? true, error.data.error.name))
      violations.push(`step ${id} stood in for ${instead}, which failed by ${error.data.error.name}`);
  }
  return violations;
}

const NO_VIEW = { results: {}, saga: { id: '', name: '', version: 1, startedAt: 0 }, now: 0 };

function fits(names: true | readonly string[] | undefined, error: string): boolean {
  return names === true || (names?.includes(error) ?? false);
}
