/** What each step of a saga comes after, with what goes without saying filled in. */

/** A step as it is written. */
interface Written {
  readonly id: string;
  readonly after?: string | readonly string[];
  readonly instead?: string;
}

/**
 * For each step what it comes after. Default: the step before, or, where that is an alternative, the step that it stands in for. An alternative
 * comes after its step, and what comes after that step comes after its alternatives too, so that it can count on one of them.
 */
export function dependenciesOf(steps: readonly Written[]): readonly (readonly string[])[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const alternatives = alternativesOf(steps, byId);
  return steps.map((step, at) => {
    const origins = chain(step, byId);
    const others = (id: string): readonly string[] => (origins.includes(id) ? [] : (alternatives.get(id) ?? []));
    const all = writtenAfter(step, steps[at - 1], byId).flatMap((id) => [id, ...others(id)]);
    return [...new Set(all)];
  });
}

/** By step: its alternatives, those of its alternatives, and so on. */
function alternativesOf(steps: readonly Written[], byId: ReadonlyMap<string, Written>): ReadonlyMap<string, readonly string[]> {
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

function writtenAfter({ after, instead }: Written, before: Written | undefined, byId: ReadonlyMap<string, Written>): readonly string[] {
  const written = typeof after === 'string' ? [after] : after;
  if (instead !== undefined) return [instead, ...(written ?? [])];
  if (written) return written;
  return before ? [chain(before, byId).at(-1) ?? before.id] : [];
}

/** The step that this one stands in for, the step which that one does, and so on. */
function chain({ instead }: Written, byId: ReadonlyMap<string, Written>): readonly string[] {
  const found: string[] = [];
  for (let id = instead; id !== undefined && !found.includes(id); id = byId.get(id)?.instead) found.push(id);
  return found;
}
