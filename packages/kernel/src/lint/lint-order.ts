/** The part of the linter that looks at how steps depend on each other: cycles, and what may run where a pivot allows no way back. */

import type { CommandStep, MapStep, StepDefinition } from '../definition/definition.js';
import { ancestors } from '../step-graph/ancestors.js';
import { branchesAround, excludeEachOther } from '../step-graph/branches.js';
import { branchNames } from '../step-graph/choosing.js';
import type { Remark } from './lint.js';

export function lintOrder(steps: readonly StepDefinition[]): Remark[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const remarks = [...repeated(steps), ...dependencies(steps, byId)];
  const cycle = findCycle(steps, byId);
  if (cycle) {
    const [step = ''] = cycle;
    remarks.push({
      step,
      rule: 'cycle',
      message: `it waits for itself: ${cycle.join(' → ')}`,
      fix: 'Take one of these out of an "after".',
    });
  }
  // Before and after the pivot mean nothing in a circle.
  return cycle ? remarks : [...remarks, ...lintPivot(steps, byId)];
}

type ById = ReadonlyMap<string, StepDefinition>;

function repeated(steps: readonly StepDefinition[]): Remark[] {
  const seen = new Set<string>();
  return steps.flatMap(({ id }): Remark[] => {
    if (seen.has(id)) return [{ step: id, rule: 'duplicate-step', message: 'its id is used twice', fix: 'Give each step its own id.' }];
    seen.add(id);
    return [];
  });
}

function dependencies(steps: readonly StepDefinition[], byId: ById): Remark[] {
  return steps.flatMap(({ id, after, instead }) =>
    after.flatMap((dependency): Remark[] => {
      const step = { step: id };
      if (dependency === id)
        return [{ ...step, rule: 'own-dependency', message: 'it comes after itself', fix: 'Take it out of its "after".' }];
      if (byId.has(dependency)) return [];
      const fix = `Name one of: ${[...byId.keys()].filter((other) => other !== id).join(', ') || 'none'}.`;
      if (dependency === instead)
        return [{ ...step, rule: 'unknown-dependency', message: `it stands in for "${dependency}", which is not a step`, fix }];
      return [{ ...step, rule: 'unknown-dependency', message: `it comes after "${dependency}", which is not a step`, fix }];
    }),
  );
}

/** The ids of a cycle of two or more, its first again at its end. */
function findCycle(steps: readonly StepDefinition[], byId: ById): readonly string[] | undefined {
  const done = new Set<string>();
  for (const { id } of steps) {
    const path: string[] = [];
    const cycle = follow(id, byId, done, path);
    if (cycle) return cycle;
  }
  return undefined;
}

function follow(id: string, byId: ById, done: Set<string>, path: string[]): readonly string[] | undefined {
  const at = path.indexOf(id);
  if (at >= 0) return [...path.slice(at), id];
  if (done.has(id)) return undefined;
  path.push(id);
  for (const dependency of byId.get(id)?.after ?? []) {
    const cycle = dependency === id ? undefined : follow(dependency, byId, done, path);
    if (cycle) return cycle;
  }
  path.pop();
  done.add(id);
  return undefined;
}

function lintPivot(steps: readonly StepDefinition[], byId: ById): Remark[] {
  const all = steps.filter((step): step is CommandStep => step.kind === 'command' && step.pivot);
  // Of a pivot and its alternatives, and of pivots of different branches, one succeeds at most.
  const pivots: CommandStep[] = [];
  const remarks: Remark[] = [];
  for (const step of [...all].sort((a, b) => Number(standsInForOne(a, all, byId)) - Number(standsInForOne(b, all, byId)))) {
    const other = pivots.find((pivot) => !areAlternatives(step, pivot, byId) && !excludeEachOther(step, pivot, byId));
    if (!other) pivots.push(step);
    else {
      const fix = 'Keep one point of no return.';
      remarks.push({ step: step.id, rule: 'many-pivots', message: `${other.id} is the pivot already`, fix });
    }
  }
  for (const pivot of pivots) remarks.push(...lintGuard(pivot, pivots, byId), ...lintBeside(pivot, steps, byId));
  return remarks.filter(({ step, rule }, at) => remarks.findIndex((other) => other.step === step && other.rule === rule) === at);
}

function standsInForOne(step: StepDefinition, pivots: readonly StepDefinition[], byId: ById): boolean {
  return pivots.some(({ id }) => standsInFor(step, id, byId));
}

function lintGuard(pivot: CommandStep, pivots: readonly CommandStep[], byId: ById): Remark[] {
  const remark = { step: pivot.id, rule: 'guarded-pivot', severity: 'warning' } as const;
  if (pivot.when && pivot.instead === undefined) {
    const fix = 'Put the guard on the steps around it, or be sure that they may turn back when it is skipped.';
    return [{ ...remark, message: 'skipped by its guard, it is no point of no return', fix }];
  }
  for (const [choice] of branchesAround(pivot, byId)) {
    const step = byId.get(choice);
    if (step?.kind !== 'choice') continue;
    const without = branchNames(step).filter((name) => !pivots.some((other) => branchesAround(other, byId).get(choice) === name));
    if (without.length === 0) continue;
    const fix = `Give ${without.join(', ')} a pivot too, or be sure that the saga may turn back where that is taken.`;
    return [{ ...remark, message: `where ${choice} takes ${without.join(' or ')} there is no point of no return`, fix }];
  }
  return [];
}

function lintBeside(pivot: CommandStep, steps: readonly StepDefinition[], byId: ById): Remark[] {
  const before = ancestorsIn(byId, pivot.id);
  const around = steps.filter((step) => !excludeEachOther(step, pivot, byId));
  return around.flatMap((step) => {
    if (step.kind === 'command' || step.kind === 'map') return lintAroundPivot(step, pivot.id, before, byId);
    return step.kind === 'signal' && !before.has(step.id) ? lintSignal(step, pivot.id, byId) : [];
  });
}

/** Past the pivot a signal that says no, or that does not come, can turn nothing back: a person is asked. */
function lintSignal({ id, optional }: StepDefinition, pivot: string, byId: ById): Remark[] {
  if (!ancestorsIn(byId, id).has(pivot)) return [beside(id, pivot)];
  if (optional || hasAlternatives(id, byId)) return [];
  const message = `past pivot ${pivot} its refusal turns nothing back; a person is asked`;
  const fix = `Put it before ${pivot}, or be sure that it cannot say no.`;
  return [{ step: id, rule: 'signal-past-pivot', severity: 'warning', message, fix }];
}

function hasAlternatives(id: string, byId: ById): boolean {
  for (const { instead } of byId.values()) if (instead === id) return true;
  return false;
}

/** Does one stand in for the other, or both for the same step? */
function areAlternatives(a: StepDefinition, b: StepDefinition, byId: ById): boolean {
  return [...byId.keys()].some((id) => (a.id === id || standsInFor(a, id, byId)) && (b.id === id || standsInFor(b, id, byId)));
}

function standsInFor({ instead }: StepDefinition, origin: string, byId: ById): boolean {
  const seen = new Set<string>();
  for (let id = instead; id !== undefined && !seen.has(id); id = byId.get(id)?.instead) {
    if (id === origin) return true;
    seen.add(id);
  }
  return false;
}

function beside(step: string, pivot: string): Remark {
  const message = `it may run while pivot ${pivot} does, and could then neither be undone nor be waited for`;
  const fix = `Put it before ${pivot} (name it in that step’s "after"), or after it (after: '${pivot}').`;
  return { step, rule: 'step-beside-pivot', message, fix };
}

/** What only waits for a time does no harm beside a pivot. */
function lintAroundPivot(step: CommandStep | MapStep, pivot: string, before: ReadonlySet<string>, byId: ById): Remark[] {
  const { id, compensation } = step;
  if (before.has(id)) return [];
  if (step.kind === 'command' && step.pivot) {
    const fix = 'Take the compensation away, or let another step be the pivot.';
    return compensation ? [{ step: id, rule: 'compensated-pivot', message: 'a pivot is never compensated', fix }] : [];
  }
  if (!ancestorsIn(byId, id).has(pivot)) return [beside(id, pivot)];
  // Caught, what an interrupted run of it may have done is undone all the same.
  if (!compensation || step.optional || hasAlternatives(id, byId)) return [];
  const fix = 'Take the compensation away (the step is retried until it succeeds), or put the step before the pivot.';
  return [{ step: id, rule: 'compensation-past-pivot', message: `nothing is compensated past pivot ${pivot}`, fix }];
}

function ancestorsIn(byId: ById, id: string): ReadonlySet<string> {
  return ancestors(id, (one) => byId.get(one)?.after);
}
