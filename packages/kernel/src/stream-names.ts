/** A stream is named `<saga name>-<instance id>`. No saga may have one of these names: streams that begin so hold something else. */
const RESERVED: ReadonlySet<string> = new Set(['definition', 'limit']);

export function isReservedName(saga: string): boolean {
  return RESERVED.has(saga);
}

/** Is this the stream of a saga? Whoever goes through all events asks this first. */
export function isSagaStream(stream: string): boolean {
  const end = stream.indexOf('-');
  return end < 0 || !isReservedName(stream.slice(0, end));
}

/** May it be the id of an instance? 1 to 200 characters of well-formed Unicode, none of them a control character. */
export function isInstanceId(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  return typeof id === 'string' && id.length >= 1 && id.length <= 200 && !/\p{Surrogate}|[\u0000-\u001f\u007f]/u.test(id);
}

/** Where it is recorded which versions of a saga were deployed, and as what. */
export function definitionStream(saga: string): string {
  return `definition-${saga}`;
}

/** Where it is recorded which instances of a saga hold a slot; the inbox takes what is said to the limiter under this name. */
export function limitStream(saga: string): string {
  return `limit-${saga}`;
}

export function isLimitStream(stream: string): boolean {
  return stream.startsWith('limit-');
}
