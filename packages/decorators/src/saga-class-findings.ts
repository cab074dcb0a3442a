import type { DeclaredStep } from './declared-step.js';
import type { Steps } from './metadata.js';

type Methods = ReadonlyMap<string, (...args: never[]) => unknown>;

/** What is wrong with a class as a saga: what decorators let pass. What is wrong with a saga as such, the kernel's lint finds. */
export function findings(steps: Steps, staticSteps: Steps, methods: Methods): string[] {
  const found = [...staticSteps.keys()].map((step) => `step ${step} is static; a step is a method of the instance`);
  const ids = new Set<string>();
  for (const [method, options] of steps) {
    const { id = method } = options;
    if (ids.has(id)) found.push(`step ${id} is defined twice`);
    ids.add(id);
    found.push(...stepFindings(method, options, steps, methods));
  }
  if (isAsync(methods.get('result'))) found.push('result is async; a saga method must not be async');
  return found;
}

export function probeFindings(probes: ReadonlyMap<string, string>): string[] {
  return [...probes].map(([probe, action]) => `${probe} is a probe of ${action}; a probe stands on a participant, beside the action`);
}

function stepFindings(method: string, options: DeclaredStep, steps: Steps, methods: Methods): string[] {
  const { after, instead } = options;
  const found: string[] = [];
  if (!methods.has(method)) found.push(`step ${method} is not a method`);
  if (method === 'result') found.push('result gives the output of the saga, so it cannot be a step');
  if (isAsync(methods.get(method))) found.push(`step ${method} is async; a saga method must not be async`);
  for (const other of typeof after === 'string' ? [after] : (after ?? [])) {
    if (!steps.has(other)) found.push(`step ${method} comes after ${other}, which is not a step (steps: ${[...steps.keys()].join(', ')})`);
  }
  if (instead !== undefined && !steps.has(instead))
    found.push(`step ${method} stands in for ${instead}, which is not a step (steps: ${[...steps.keys()].join(', ')})`);
  if (options.kind !== undefined && options.kind !== 'command' && options.kind !== 'map') return found;
  const { compensation } = options;
  if (compensation !== undefined) found.push(...compensationFindings(method, compensation, steps, methods));
  if (options.kind === 'map') return found;
  const { input, output } = options;
  if (input || output) found.push(`step ${method} has a schema; input and output of @SagaStep are for the actions of participants`);
  return found;
}

function compensationFindings(method: string, compensation: string, steps: Steps, methods: Methods): string[] {
  const found: string[] = [];
  if (!methods.has(compensation)) found.push(`step ${method} is undone by ${compensation}, which is not a method of the saga`);
  if (steps.has(compensation)) found.push(`step ${method} is undone by ${compensation}, which is a step itself`);
  if (isAsync(methods.get(compensation))) found.push(`compensation ${compensation} is async; a saga method must not be async`);
  return found;
}

/** Also generators, which answer an iterator. A function that returns a promise all the same is found when it is called. */
function isAsync(method: unknown): boolean {
  return /^\[object (Async|Generator|AsyncGenerator)Function\]$/.test(Object.prototype.toString.call(method));
}
