/** A stream is named `<saga name>-<instance id>`. No saga may have one of these names: streams that begin so hold something else. */
const RESERVED: ReadonlySet<string> = new Set(['definition']);

export function isReservedName(saga: string): boolean {
  return RESERVED.has(saga);
}

/** Is this the stream of a saga? Whoever goes through all events asks this first. */
export function isSagaStream(stream: string): boolean {
  const end = stream.indexOf('-');
  return end < 0 || !isReservedName(stream.slice(0, end));
}

/** Where it is recorded which versions of a saga were deployed, and as what. */
export function definitionStream(saga: string): string {
  return `definition-${saga}`;
}
