/** The part of the linter that looks at what becomes of a failure: alternatives and optional steps. */
import type { StepDefinition } from '../definition/definition.js';
import type { Remark } from './lint.js';

export function lintCatches(steps: readonly StepDefinition[]): Remark[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  return steps.flatMap((step) => [
    ...lintNames(step),
    ...lintAlternative(step, step.instead === undefined ? undefined : byId.get(step.instead)),
    ...lintOptional(step),
    ...lintNeverChosen(step, steps),
  ]);
}

function lintNames({ id, instead, on, optional }: StepDefinition): Remark[] {
  const remarks: Remark[] = [];
  const step = { step: id };
  if (on && instead === undefined) {
    const fix = 'Say which step it stands in for (instead), or take "on" away.';
    remarks.push({ ...step, rule: 'alternative', message: 'it names errors, and stands in for no step', fix });
  }
  if (on?.length === 0) {
    remarks.push({
      ...step,
      rule: 'alternative',
      message: 'it never runs: "on" names no error',
      fix: 'Name the errors, or leave "on" out.',
    });
  }
  if (optional && optional !== true && optional.length === 0) {
    remarks.push({ ...step, rule: 'optional', message: 'no error is named', fix: 'Name the errors that do not matter, or write true.' });
  }
  return remarks;
}

/** What only waits for a time, or decides, has nothing that could fail. */
function neverFails({ kind }: StepDefinition): boolean {
  return kind === 'timer' || kind === 'choice';
}

function lintAlternative(step: StepDefinition, origin: StepDefinition | undefined): Remark[] {
  if (!origin || origin === step) return [];
  const { id } = step;
  if (neverFails(origin)) {
    const fix = 'Take "instead" away; a step that is not to run every time has a guard (when).';
    return [{ step: id, rule: 'alternative', message: `it stands in for ${origin.id}, which cannot fail`, fix }];
  }
  if (isPivot(origin) && !isPivot(step)) {
    const message = `it stands in for pivot ${origin.id}, and with it the saga has no point of no return`;
    const fix = 'Make it a pivot as well: what comes after counts on one.';
    return [{ step: id, rule: 'alternative-pivot', message, fix }];
  }
  if (!isPivot(origin) && isPivot(step)) {
    const message = `it is a pivot, and ${origin.id}, for which it stands in, is none`;
    const fix = 'Let another step be the pivot, or be sure that the saga may turn back where this one does not run.';
    return [{ step: id, rule: 'alternative-pivot', severity: 'warning', message, fix }];
  }
  return [];
}

function isPivot(step: StepDefinition): boolean {
  return step.kind === 'command' && step.pivot;
}

function lintOptional(step: StepDefinition): Remark[] {
  const { id, optional } = step;
  if (!optional) return [];
  if (neverFails(step)) return [{ step: id, rule: 'optional', message: 'it cannot fail', fix: 'Take "optional" away.' }];
  if (!isPivot(step)) return [];
  const fix = 'Take "optional" away, or let another step be the pivot.';
  return [{ step: id, rule: 'optional', message: 'without it the saga has no point of no return', fix }];
}

/** Alternatives are asked in turn: what comes after one that fits every failure is never reached. */
function lintNeverChosen({ id, optional }: StepDefinition, steps: readonly StepDefinition[]): Remark[] {
  const alternatives = steps.filter(({ instead }) => instead === id);
  const last = alternatives.findIndex(({ on, when }) => !on && !when);
  if (last < 0) return [];
  const taken = alternatives[last]?.id;
  const rule = { rule: 'never-chosen', severity: 'warning' } as const;
  const fix = `Say in ${taken} on which errors it stands in for ${id}, or put it last.`;
  const remarks: Remark[] = alternatives
    .slice(last + 1)
    .map((step) => ({ ...rule, step: step.id, message: `${taken} comes first, and fits every failure of ${id}`, fix }));
  if (optional) remarks.push({ ...rule, step: id, message: `it is never done without: ${taken} stands in for it on every failure`, fix });
  return remarks;
}
