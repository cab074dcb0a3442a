/** The part of the linter that looks beyond one definition: at the sagas that its steps start. */
import type { SagaDefinition, StepDefinition } from '../definition/definition.js';
import { ancestors } from '../step-graph/ancestors.js';
import type { Finding } from './lint.js';

/** A step that starts a saga, as far as that is known beforehand. */
export interface StartedChild {
  readonly step: string;
  readonly saga: string;
  readonly version: number;
  readonly detached: boolean;
  /** It is the step's compensation that would start it. */
  readonly undoes?: true;
}

/** All definitions at hand, each with what its steps start. */
export type Families = ReadonlyMap<SagaDefinition, readonly StartedChild[]>;

/** `allAreHere`: a definition that is not at hand does not exist. */
export function lintChildren(definition: SagaDefinition, families: Families, allAreHere: boolean): Finding[] {
  return (families.get(definition) ?? []).flatMap((started): Finding[] => {
    const { step, saga, version } = started;
    const finding = { saga: definition.name, step, severity: 'error' } as const;
    if (started.undoes) {
      const fix = 'Let the step itself start a saga, which is undone with it, or ask a participant.';
      return [{ ...finding, rule: 'child-as-compensation', message: `its compensation starts saga ${saga}, which cannot undo`, fix }];
    }
    if (definition.express) {
      const fix = 'Make it a standard saga (without mode: express).';
      return [{ ...finding, rule: 'express', message: `it starts saga ${saga}, and an express saga lives in memory`, fix }];
    }
    const child = definitionOf(started, families);
    if (child) return [...lintPivot(definition, started, child), ...lintRecursion(definition, started, families)];
    if (!allAreHere) return [];
    const fix = 'Register it with .sagas(…): the child would wait, suspended, for somebody to deploy it.';
    return [{ ...finding, rule: 'unknown-child', message: `it starts saga ${saga} version ${version}, which is not registered`, fix }];
  });
}

function definitionOf({ saga, version }: StartedChild, families: Families): SagaDefinition | undefined {
  return [...families.keys()].find((one) => one.name === saga && one.version === version);
}

/** Past the saga's own pivot there is only forward in any case. */
function lintPivot({ name, steps }: SagaDefinition, { step, saga, detached }: StartedChild, child: SagaDefinition): Finding[] {
  const pivot = child.steps.find(isPivot)?.id;
  const own = steps.find(({ id }) => id === step);
  const isUndoneOtherwise = own && 'compensation' in own && own.compensation !== undefined;
  if (pivot === undefined || detached || !own || isPivot(own) || isUndoneOtherwise || isPastPivot(own, steps)) return [];
  const message = `it starts saga ${saga}, whose step ${pivot} is a pivot: past it there is no way back for this saga either`;
  const others = 'give it a compensation of its own, put it after the pivot, or start the child detached.';
  const fix = own.kind === 'map' ? `A step of many items is no pivot: ${others}` : `Make the step a pivot (pivot: true), ${others}`;
  return [{ saga: name, step, severity: 'error', rule: 'child-with-pivot', message, fix }];
}

function isPivot(step: StepDefinition): boolean {
  return step.kind === 'command' && step.pivot;
}

function isPastPivot({ id }: StepDefinition, steps: readonly StepDefinition[]): boolean {
  const before = ancestors(id, (one) => steps.find((step) => step.id === one)?.after);
  return steps.some((step) => isPivot(step) && before.has(step.id));
}

/** Whoever holds a slot and waits for one of the same kind may wait for ever: all slots may be held by such as wait. */
function lintRecursion({ name }: SagaDefinition, started: StartedChild, families: Families): Finding[] {
  const isLimited = [...families.keys()].some((one) => one.name === name && one.limits?.running !== undefined);
  const way = isLimited ? wayBack(name, started, families) : undefined;
  if (!way) return [];
  const others = way.length > 1 ? `, which comes to ${way.slice(1).join(', then ')}` : '';
  const message = `it waits for saga ${way[0]}${others}: with limits.running, sagas ${name} that wait may hold every slot that those need`;
  const fix = 'Start the child detached, or leave limits.running out, or limit another saga of the family.';
  return [{ saga: name, step: started.step, severity: 'error', rule: 'limited-recursion', message, fix }];
}

/** The sagas that are waited for one by the other, up to one of this name. */
function wayBack(name: string, from: StartedChild, families: Families): readonly string[] | undefined {
  const seen = new Set<SagaDefinition>();
  const look = (started: StartedChild): readonly string[] | undefined => {
    if (started.detached || started.undoes) return undefined;
    if (started.saga === name) return [name];
    const definition = definitionOf(started, families);
    if (!definition || seen.has(definition)) return undefined;
    seen.add(definition);
    for (const next of families.get(definition) ?? []) {
      const rest = look(next);
      if (rest) return [started.saga, ...rest];
    }
    return undefined;
  };
  return look(from);
}
