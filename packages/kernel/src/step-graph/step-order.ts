/** What each step of a saga comes after, with what goes without saying filled in. */
import { ancestors } from './ancestors.js';
import { partsOf } from './choosing.js';

/** A step as it is written. */
interface Written {
  readonly id: string;
  readonly after?: string | readonly string[];
  readonly instead?: string;
  readonly branch?: string;
}

/** A step in its place: what it comes after, and the branch that it belongs to. */
export interface Ordered {
  readonly after: readonly string[];
  readonly branch?: string;
}

type ById = ReadonlyMap<string, Written>;

/**
 * Each step in its place.
 *
 * - It comes after the step before it in the list; where that belongs to a branch of a choice that is left here, after all ends of its
 *   branches; and at the beginning of a branch after the choice. What belongs to a branch comes after its choice in any case.
 * - An alternative comes after its step, and belongs to the same branch. The step before is never an alternative, but what that stands in for.
 * - What comes after a step comes after its alternatives too, so that it can count on one of them.
 */
export function placesOf(steps: readonly Written[]): readonly Ordered[] {
  const asWritten = new Map(steps.map((step) => [step.id, step]));
  const byId = new Map(steps.map((step) => [step.id, inherited(step, asWritten)]));
  const alternatives = allAlternativesOf(steps, byId);
  const written = new Map<string, readonly string[]>();
  // In the order of the list: what a step comes after by default depends on those before it.
  for (const [at, { id }] of steps.entries()) {
    const step = byId.get(id);
    if (step) written.set(id, writtenAfter(step, steps[at - 1], { byId, alternatives, written }));
    written.set(id, afterItsChoice(id, step, written));
  }
  return steps.map(({ id }) => {
    const step = byId.get(id);
    const origins = step ? chain(step, byId) : [];
    const others = (other: string): readonly string[] => (origins.includes(other) ? [] : (alternatives.get(other) ?? []));
    const all = afterItsChoice(id, step, written).flatMap((other) => [other, ...others(other)]);
    return { after: [...new Set(all)], ...(step?.branch !== undefined && { branch: step.branch }) };
  });
}

/** An alternative belongs to the branch of its step. */
function inherited(step: Written, byId: ById): Written {
  if (step.branch !== undefined) return step;
  const branch = chain(step, byId).flatMap((id) => byId.get(id)?.branch ?? [])[0];
  return branch === undefined ? step : { ...step, branch };
}

/** By step: its alternatives, those of its alternatives, and so on. */
function allAlternativesOf(steps: readonly Written[], byId: ById): ReadonlyMap<string, readonly string[]> {
  const alternatives = new Map<string, string[]>();
  for (const step of steps) {
    for (const id of chain(step, byId)) {
      const same = alternatives.get(id);
      if (same) same.push(step.id);
      else alternatives.set(id, [step.id]);
    }
  }
  return alternatives;
}

type Afters = ReadonlyMap<string, readonly string[]>;

interface Known {
  readonly byId: ById;
  readonly alternatives: ReadonlyMap<string, readonly string[]>;
  /** Of the steps before. */
  readonly written: Afters;
}

function writtenAfter({ after, instead, branch }: Written, before: Written | undefined, known: Known): readonly string[] {
  const { byId } = known;
  const written = typeof after === 'string' ? [after] : after;
  if (instead !== undefined) return [instead, ...(written ?? [])];
  if (written) return written;
  const origin = before && byId.get(chain(before, byId).at(-1) ?? before.id);
  if (origin && origin.branch === branch) return [origin.id];
  const left = origin && choiceLeft(origin, branch, byId);
  if (left) return endsOf(left, known);
  const choice = branch === undefined ? undefined : partsOf(branch)?.choice;
  return choice === undefined ? [] : [choice];
}

/** The choice whose branches end between a step and the next, which belongs to `branch`. */
function choiceLeft(step: Written, branch: string | undefined, byId: ById): Written | undefined {
  return choicesAround(step, byId).find((choice) => choice.branch === branch);
}

/** The choices that a step belongs to a branch of, the innermost first. */
function choicesAround(step: Written, byId: ById): readonly Written[] {
  const found: Written[] = [];
  for (let one: Written | undefined = step; one?.branch !== undefined; ) {
    one = byId.get(partsOf(one.branch)?.choice ?? '');
    if (!one || found.includes(one)) break;
    found.push(one);
  }
  return found;
}

/** Steps of a choice's branches that no other of them comes after; the choice itself where it has none. */
function endsOf(choice: Written, { byId, alternatives, written }: Known): readonly string[] {
  const within = [...written.keys()].filter((id) => {
    const step = byId.get(id);
    return step !== undefined && choicesAround(step, byId).includes(choice);
  });
  const followed = new Set(
    within.flatMap((id) => {
      const origins = chain(byId.get(id) ?? choice, byId);
      // What comes after a step comes after its alternatives too.
      return (written.get(id) ?? []).flatMap((other) => [other, ...(origins.includes(other) ? [] : (alternatives.get(other) ?? []))]);
    }),
  );
  const ends = within.filter((id) => !followed.has(id));
  return ends.length > 0 ? ends : [choice.id];
}

function afterItsChoice(id: string, step: Written | undefined, afters: Afters): readonly string[] {
  const after = afters.get(id) ?? [];
  const choice = step?.branch === undefined ? undefined : partsOf(step.branch)?.choice;
  return choice === undefined || choice === id || ancestors(id, (one) => afters.get(one)).has(choice) ? after : [choice, ...after];
}

/** The step that this one stands in for, the step which that one does, and so on. */
function chain({ instead }: Written, byId: ById): readonly string[] {
  const found: string[] = [];
  for (let id = instead; id !== undefined && !found.includes(id); id = byId.get(id)?.instead) found.push(id);
  return found;
}
