/** What the step graph makes of a choice: one branch, and no step of another. */
import type { ChoiceStep, SagaView, StepDefinition } from '../definition/definition.js';
import { SkaldError } from '../errors/errors.js';
import type { Directive } from '../program.js';
import type { SagaState } from '../state/state.js';

/** `choice.branch`, taken apart; undefined where it is not written so. */
export function partsOf(branch: string): { readonly choice: string; readonly name: string } | undefined {
  const dot = branch.indexOf('.');
  return dot < 0 ? undefined : { choice: branch.slice(0, dot), name: branch.slice(dot + 1) };
}

/** All names of branches, the guarded ones first. */
export function branchNames({ branches, otherwise }: ChoiceStep): readonly string[] {
  return [...new Set([...Object.keys(branches), ...(otherwise === undefined ? [] : [otherwise])])];
}

/** Throws where the guards do not decide: a person is asked, and the mended saga decides. */
export function choose(step: ChoiceStep, state: SagaState, view: SagaView): Directive {
  const open = Object.entries(step.branches).flatMap(([name, isOpen]) => (isOpen(state.input, view) ? [name] : []));
  const details = { saga: state.saga, choice: step.id };
  if (open.length > 1) throw new SkaldError('choice-ambiguous', { ...details, branches: open.join(' and ') });
  const chosen = open[0] ?? step.otherwise;
  const names = branchNames(step);
  if (chosen === undefined) throw new SkaldError('choice-undecided', { ...details, branches: names.join(', ') });
  return { do: 'choose', step: step.id, after: step.after, chosen, notTaken: names.filter((name) => name !== chosen) };
}

/** Why a step does not run: another branch was taken. */
export function whyNotTaken({ branch }: StepDefinition, state: SagaState): string | undefined {
  const parts = branch === undefined ? undefined : partsOf(branch);
  const choice = parts && state.steps.get(parts.choice);
  if (!choice || choice.result === parts.name) return undefined;
  return choice.status === 'skipped' ? `${choice.id} was skipped` : `${choice.id} took ${choice.result}`;
}
