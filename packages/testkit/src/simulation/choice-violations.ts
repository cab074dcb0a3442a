import type { SagaEvent, StepDefinition } from '@skald/kernel';

/** Of the branches of a choice exactly one runs: what the definition says of them, against the history, which knows no branches. */
export function choiceViolations(steps: readonly StepDefinition[], history: readonly SagaEvent[]): string[] {
  const chosen = new Map<string, string>();
  const passedOver = new Set<string>();
  const violations: string[] = [];
  for (const { type, data } of history) {
    if (type === 'ChoiceMade') chosen.set(data.step, data.chosen);
    const begins = type === 'StepRequested' || type === 'TimerSet' || type === 'SignalAwaited' || type === 'ChoiceMade';
    if (!begins && type !== 'StepSkipped') continue;
    const [choice = '', name] = steps.find(({ id }) => id === data.step)?.branch?.split('.') ?? [];
    if (name === undefined) continue;
    if (begins && chosen.get(choice) !== name)
      violations.push(`step ${data.step} runs, and ${choice} took ${chosen.get(choice) ?? 'nothing'}`);
    if (type !== 'StepSkipped') continue;
    passedOver.add(data.step);
    const isReason = data.reason.startsWith(`${choice} took `);
    if (isReason && chosen.get(choice) === name) violations.push(`step ${data.step} is skipped, and ${choice} took its branch`);
  }
  if (!history.some(({ type }) => type === 'SagaCompleted')) return violations;
  for (const { id, branch } of steps) {
    const [choice = '', name] = branch?.split('.') ?? [];
    if (name !== undefined && chosen.get(choice) !== name && !passedOver.has(id))
      violations.push(`completed, and nothing is said of step ${id}`);
  }
  return violations;
}
