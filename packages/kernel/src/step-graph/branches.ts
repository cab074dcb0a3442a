/** Branches of choices, as a whole definition shows them. */

import type { StepDefinition } from '../definition/definition.js';
import { partsOf } from './choosing.js';

type ById = ReadonlyMap<string, StepDefinition>;

/** The branches that a step belongs to, the innermost first: `choice` to name. */
export function branchesAround(step: StepDefinition, byId: ById): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (let branch = step.branch; branch !== undefined; ) {
    const parts = partsOf(branch);
    if (!parts || found.has(parts.choice)) break;
    found.set(parts.choice, parts.name);
    branch = byId.get(parts.choice)?.branch;
  }
  return found;
}

/** Do they belong to two branches of one choice, so that one of them runs at most? */
export function excludeEachOther(a: StepDefinition, b: StepDefinition, byId: ById): boolean {
  const others = branchesAround(b, byId);
  for (const [choice, name] of branchesAround(a, byId)) if (others.has(choice) && others.get(choice) !== name) return true;
  return false;
}
