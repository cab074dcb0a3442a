/** Asked more often than this, an input is taken to be walked through without end. */
const MAX_LOOKS = 10_000;

/**
 * A value that answers to everything, for methods that only build commands: any member of it is another such value, as text it is `text`, as a number
 * `number`. Throws when it is looked at without end.
 */
export function answersEverything(text: string, number: number): unknown {
  let looks = 0;
  const look = <T>(answer: () => T): T => {
    looks += 1;
    if (looks > MAX_LOOKS) throw new Error('looked at too often');
    return answer();
  };
  const anything: unknown = new Proxy(() => undefined, {
    get: (_target, member) =>
      look(() => {
        if (member === Symbol.toPrimitive) return (hint: string) => (hint === 'string' ? text : number);
        if (member === Symbol.iterator) return () => [].values();
        return member === 'then' || member === 'toJSON' ? undefined : anything;
      }),
    apply: () => look(() => anything),
    construct: () => look(() => anything as object),
    has: () => true,
  });
  return anything;
}
