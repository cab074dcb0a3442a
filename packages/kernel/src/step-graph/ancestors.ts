/** All that stands before a step, by what each comes after; the step itself only where they go round in a circle. */
export function ancestors(id: string, afterOf: (id: string) => readonly string[] | undefined): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const before of afterOf(next) ?? []) {
      if (found.has(before)) continue;
      found.add(before);
      waiting.push(before);
    }
  }
  return found;
}
