/** Members of members, by paths such as `error.message`. */
export type Members = Readonly<Record<string, unknown>>;

export function valueAt(data: unknown, path: string): unknown {
  let value = data;
  for (const member of path.split('.')) value = (value as Members | undefined)?.[member];
  return value;
}

/** A copy in which that stands there; undefined takes the member away. What is not on the way is shared. */
export function withValue(data: Members, path: string, value: unknown): Members {
  const dot = path.indexOf('.');
  if (dot >= 0) {
    const member = path.slice(0, dot);
    return { ...data, [member]: withValue((data[member] ?? {}) as Members, path.slice(dot + 1), value) };
  }
  if (value !== undefined) return { ...data, [path]: value };
  const { [path]: _gone, ...others } = data;
  return others;
}

/** Stands where a payload was sealed. */
export const ENCRYPTED = '(encrypted)';
/** Stands where a payload was whose key is gone. */
export const DROPPED = '(payload dropped)';
