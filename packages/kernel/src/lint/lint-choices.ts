/** The part of the linter that looks at choices and what belongs to their branches. */

import type { ChoiceStep, StepDefinition } from '../definition/definition.js';
import { branchesAround } from '../step-graph/branches.js';
import { branchNames, partsOf } from '../step-graph/choosing.js';
import type { Remark } from './lint.js';

type ById = ReadonlyMap<string, StepDefinition>;

export function lintChoices(steps: readonly StepDefinition[]): Remark[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return steps.flatMap((step) => [
    ...(step.kind === 'choice' ? lintChoice(step, steps, byId) : []),
    ...lintBranch(step, byId),
    ...lintAlternative(step, byId),
  ]);
}

function lintChoice(choice: ChoiceStep, steps: readonly StepDefinition[], byId: ById): Remark[] {
  const names = branchNames(choice);
  const of = { step: choice.id };
  const remarks = names.flatMap((name): Remark[] => {
    if (/^[A-Za-z_$][\w$]{0,99}$/.test(name)) return [];
    const fix = 'Use letters, digits, "_" and "$", up to 100; begin with a letter.';
    return [{ ...of, rule: 'choice', message: `"${name}" cannot be the name of a branch`, fix }];
  });
  if (Object.keys(choice.branches).length === 0) {
    const fix = 'Give it the branches that it chooses among, each with a guard.';
    remarks.push({ ...of, rule: 'choice', message: 'it has nothing to choose: no branch has a guard', fix });
  }
  const used = new Set(steps.flatMap((step) => branchesAround(step, byId).get(choice.id) ?? []));
  for (const name of names) {
    if (used.has(name) || name === choice.otherwise) continue;
    const fix = `Have a step belong to it (branch: '${choice.id}.${name}'), or take it away.`;
    remarks.push({ ...of, rule: 'empty-branch', severity: 'warning', message: `branch ${name} has no steps`, fix });
  }
  return remarks;
}

function lintBranch({ id, branch }: StepDefinition, byId: ById): Remark[] {
  if (branch === undefined) return [];
  const parts = partsOf(branch);
  const choice = byId.get(parts?.choice ?? branch);
  const remark = (message: string, fix: string): Remark[] => [{ step: id, rule: 'branch', message, fix }];
  const choices = [...byId.values()].filter((step) => step.kind === 'choice');
  if (choice?.kind !== 'choice') {
    const known = choices.flatMap((one) => branchNames(one).map((name) => `${one.id}.${name}`)).join(', ');
    return remark(`it belongs to "${branch}", and ${parts?.choice ?? branch} is no choice`, `Name one of: ${known || 'none'}.`);
  }
  const names = branchNames(choice);
  if (parts && names.includes(parts.name)) return [];
  return remark(
    `choice ${choice.id} has no branch "${parts?.name ?? ''}"`,
    `Name one of: ${names.map((name) => `${choice.id}.${name}`).join(', ')}.`,
  );
}

function lintAlternative({ id, instead, branch }: StepDefinition, byId: ById): Remark[] {
  const origin = instead === undefined ? undefined : byId.get(instead);
  if (!origin || origin.branch === branch) return [];
  const message = `it stands in for ${origin.id}, which belongs to ${origin.branch ?? 'no branch'}`;
  return [{ step: id, rule: 'branch', message, fix: 'Take its branch away: an alternative belongs where its step does.' }];
}
