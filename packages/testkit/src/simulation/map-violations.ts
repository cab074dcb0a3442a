import type { SagaEvent, StepDefinition } from '@skald/kernel';

/** What a completed saga's output says of its maps: each item's own result at its own place, and nothing where it has none. */
export function mapViolations(steps: readonly StepDefinition[], history: readonly SagaEvent[]): string[] {
  const output = history.find((event) => event.type === 'SagaCompleted')?.data.output as Readonly<Record<string, unknown>> | undefined;
  if (!output) return [];
  return steps.flatMap(({ id, kind }) => {
    const results = kind === 'map' ? output[id] : undefined;
    if (!Array.isArray(results)) return [];
    const count = history.find((event) => event.type === 'MapStarted' && event.data.step === id);
    const wrong = results.findIndex((result, index) => result !== undefined && result !== 'declared' && result !== `${id}/${index}`);
    if (wrong >= 0) return [`item ${wrong} of ${id} has the result ${String(results[wrong])}`];
    return count?.type === 'MapStarted' && count.data.count !== results.length ? [`${id} has ${results.length} results`] : [];
  });
}
