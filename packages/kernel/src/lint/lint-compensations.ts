/**
 * The part of the linter that calls a saga's own compensations, which build commands and do nothing else. The outcome of what they undo may be
 * unknown: then there is no result of it, and they must do without.
 */
import { answersEverything } from '../definition/anything.js';
import type { SagaDefinition, SagaView, StepDefinition } from '../definition/definition.js';
import type { Remark } from './lint.js';

export function lintCompensations({ name, version, steps }: SagaDefinition): Remark[] {
  return steps.flatMap((step): Remark[] => {
    const undo = undoOf(step);
    if (!undo) return [];
    const view = (results: unknown): SagaView => {
      return { results: results as SagaView['results'], saga: { id: `${name}-1`, name, version, startedAt: 0 }, now: 0 };
    };
    const anything = answersEverything('', 0);
    // What throws in any case, as an input that is nothing in particular may make it, says nothing.
    if (thrownBy(() => undo.run(view(anything), anything)) !== undefined) return [];
    const thrown = thrownBy(() => undo.run(view(allBut(step.id, anything)), undefined));
    if (!(thrown instanceof TypeError)) return [];
    const message = `its compensation ${undo.name} cannot do without the step’s result (${thrown.message}), and where the outcome is unknown there is none`;
    const fix = 'Let it bear that the result is undefined, and name what is to be undone by the saga’s input or its id.';
    return [{ step: step.id, rule: 'compensation-needs-result', message, fix }];
  });
}

interface Undo {
  readonly name: string;
  run(view: SagaView, result: unknown): unknown;
}

function undoOf(step: StepDefinition): Undo | undefined {
  const anything = answersEverything('', 0);
  if (step.kind === 'command' && step.compensation) {
    const { name, run } = step.compensation;
    return { name, run: (view) => run(anything, view) };
  }
  if (step.kind !== 'map' || !step.compensation) return undefined;
  const { name, run } = step.compensation;
  return { name, run: (view, result) => run(anything, result, view, 0, anything) };
}

/** Results of all steps, but of this one. */
function allBut(step: string, anything: unknown): unknown {
  return new Proxy({}, { get: (_target, name) => (name === step ? undefined : anything), has: (_target, name) => name !== step });
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
    return undefined;
  } catch (thrown) {
    return thrown ?? new Error('nothing in particular');
  }
}
