/** The part of the linter that looks beyond one definition: at the sagas that its steps start. */
import type { SagaDefinition } from '../definition/definition.js';
import type { Finding } from './lint.js';

/** A step that starts a saga, as far as that is known beforehand. */
export interface StartedChild {
  readonly step: string;
  readonly saga: string;
  readonly version: number;
  readonly detached: boolean;
}

/** `known`: all definitions at hand. `allAreHere`: one that is not at hand does not exist. */
export function lintChildren(
  definition: SagaDefinition,
  children: readonly StartedChild[],
  known: readonly SagaDefinition[],
  allAreHere: boolean,
): Finding[] {
  return children.flatMap(({ step, saga, version, detached }): Finding[] => {
    const child = known.find((one) => one.name === saga && one.version === version);
    const finding = { saga: definition.name, step, severity: 'error' } as const;
    if (definition.express) {
      const fix = 'Make it a standard saga (without mode: express).';
      return [{ ...finding, rule: 'express', message: `it starts saga ${saga}, and an express saga lives in memory`, fix }];
    }
    if (!child) {
      if (!allAreHere) return [];
      const fix = 'Register it with .sagas(…): the child would wait, suspended, for somebody to deploy it.';
      return [{ ...finding, rule: 'unknown-child', message: `it starts saga ${saga} version ${version}, which is not registered`, fix }];
    }
    const pivot = child.steps.find((one) => one.kind === 'command' && one.pivot)?.id;
    const own = definition.steps.find(({ id }) => id === step);
    if (pivot === undefined || detached || own?.kind !== 'command' || own.pivot) return [];
    const message = `it starts saga ${saga}, whose step ${pivot} is a pivot: past it there is no way back for this saga either`;
    return [{ ...finding, rule: 'child-with-pivot', message, fix: 'Make the step a pivot (pivot: true), or start the child detached.' }];
  });
}
