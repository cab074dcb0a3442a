/** A step and where it hangs in the tree. */
export interface Placed {
  readonly id: string;
  /** Drawn before it: `├─ `, `│  ` and so on; empty at the top. */
  readonly branch: string;
  /** Drawn before what belongs to it and stands below it. */
  readonly below: string;
}

interface Node {
  readonly id: string;
  readonly after: readonly string[];
}

/**
 * Draws a step graph as a tree: what follows one after the other stands one below the other, what runs side by side hangs below the step
 * that it comes after, and what waits for all of that goes on below, where the branches began. A step hangs below the nearest step that all
 * ways to it lead through. `nodes` in an order in which nobody stands before those that it comes after.
 */
export function stepTree(nodes: readonly Node[]): Placed[] {
  const over = overOf(nodes);
  const below = new Map<string | undefined, Node[]>();
  for (const node of nodes) {
    const place = over.get(node.id)?.[0];
    below.set(place, [...(below.get(place) ?? []), node]);
  }
  const placed: Placed[] = [];
  const draw = (parent: string | undefined, prefix: string): void => {
    const children = below.get(parent) ?? [];
    const joins = children.filter(({ after }) => after.length > 1);
    const branches = children.filter(({ after }) => after.length <= 1);
    const goesOn = branches.length === 1 ? branches : [];
    for (const [at, { id }] of (goesOn.length > 0 ? [] : branches).entries()) {
      const isLast = at === branches.length - 1;
      const below = `${prefix}${isLast ? '   ' : '│  '}`;
      placed.push({ id, branch: `${prefix}${isLast ? '└─ ' : '├─ '}`, below });
      draw(id, below);
    }
    for (const { id } of [...goesOn, ...joins]) {
      placed.push({ id, branch: prefix, below: prefix });
      draw(id, prefix);
    }
  };
  draw(undefined, '');
  return placed;
}

/** For each step those that all ways to it lead through, the nearest first. */
function overOf(nodes: readonly Node[]): ReadonlyMap<string, readonly string[]> {
  const over = new Map<string, readonly string[]>();
  for (const { id, after } of nodes) {
    const ways = after.flatMap((before) => (over.has(before) ? [[before, ...(over.get(before) ?? [])]] : []));
    const [first = [], ...others] = ways;
    over.set(
      id,
      first.filter((step) => others.every((way) => way.includes(step))),
    );
  }
  return over;
}
