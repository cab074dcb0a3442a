import { describeIssues, type SagaDefinition, SkaldError } from '@skald/kernel';

/** Largest input of a saga, in bytes of JSON. */
const MAX_INPUT_BYTES = 200 * 1024;

/** The input as the saga gets it: checked, and a copy. Throws `invalid-input`, `input-too-large`. */
export async function startInput(definition: SagaDefinition, input: unknown): Promise<unknown> {
  const text = JSON.stringify(await validated(definition, input)) ?? 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_INPUT_BYTES) throw new SkaldError('input-too-large', { saga: definition.name, bytes, limit: MAX_INPUT_BYTES });
  return JSON.parse(text);
}

/** Id of an instance everywhere: the saga's name and the instance's id. Throws `invalid-saga-id`. */
export function sagaIdOf(saga: string, id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (id.length < 1 || id.length > 200 || /\p{Surrogate}/u.test(id) || /[\u0000-\u001f\u007f]/.test(id))
    throw new SkaldError('invalid-saga-id', { id: id.slice(0, 250) });
  return `${saga}-${id}`;
}

async function validated(definition: SagaDefinition, input: unknown): Promise<unknown> {
  if (!definition.input) return input;
  const result = await definition.input['~standard'].validate(input);
  if (result.issues) throw new SkaldError('invalid-input', { saga: definition.name, issues: describeIssues(result.issues) });
  return result.value;
}
