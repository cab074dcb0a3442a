import type { SagaDefinition, StepDefinition } from '../definition/definition.js';
import { LONGEST_EXPRESS } from '../definition/run-settings.js';
import type { Remark } from './lint.js';

/** What an express saga cannot do: it lives in memory and not for long, so that nothing outside can find it while it runs. */
export function lintExpress({ express, deadline, limits, steps }: SagaDefinition): Remark[] {
  if (!express) return [];
  const remarks = steps.flatMap(lintStep);
  if (limits) {
    const fix = 'Limit the commands of its participants (inFlight), or give the saga mode standard.';
    remarks.push({ rule: 'express', message: 'it cannot wait for a slot, as an express saga lives in memory', fix });
  }
  if (deadline === undefined || deadline <= LONGEST_EXPRESS) return remarks;
  const fix = 'Give it five minutes at most, no deadline, or mode standard.';
  return [{ rule: 'express', message: `a deadline of ${deadline} ms is too long for an express saga`, fix }, ...remarks];
}

function lintStep(step: StepDefinition): Remark[] {
  const remark = (message: string): Remark[] => [
    {
      step: step.id,
      rule: 'express',
      message: `${message}, and an express saga lives in memory`,
      fix: 'Take the step away, or give the saga mode standard.',
    },
  ];
  switch (step.kind as string) {
    case 'signal':
      return remark('it waits for a signal');
    case 'timer':
      return step.kind === 'timer' && typeof step.time === 'number' && step.time >= LONGEST_EXPRESS
        ? remark(`it waits for ${step.time} ms`)
        : [];
    case 'command':
      return step.kind === 'command' && step.callback ? remark('it is answered later') : [];
    default:
      return [];
  }
}
