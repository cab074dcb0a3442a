import { type AskOptions, sha256 } from '@skald/engine';
import {
  canonicalJson,
  describeIssues,
  isInstanceId,
  isTraceparent,
  LONGEST_EXPRESS,
  type PayloadCodec,
  type SagaDefinition,
  SkaldError,
  type Start,
  type TraceContext,
} from '@skald/kernel';

/** Largest input of a saga, in bytes of JSON. */
const MAX_INPUT_BYTES = 200 * 1024;

/** The input as the saga gets it: checked, and a copy. Throws `invalid-input`, `input-too-large`. */
export async function startInput(definition: SagaDefinition, input: unknown): Promise<unknown> {
  const text = JSON.stringify(await validated(definition, input)) ?? 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_INPUT_BYTES) throw new SkaldError('input-too-large', { saga: definition.name, bytes, limit: MAX_INPUT_BYTES });
  return JSON.parse(text);
}

/** The start of a saga, ready to be sent. */
export async function startOf(
  { name, version, deadline, express, limits }: SagaDefinition,
  sagaId: string,
  input: unknown,
  ids: { readonly request: string; readonly incarnation: string },
  codec: PayloadCodec | undefined,
): Promise<Omit<Start, 'at'>> {
  const text = canonicalJson(input);
  const inputHash = codec ? await codec.digest(sagaId, text) : sha256(text);
  return {
    ...{ type: 'start', request: ids.request, sagaId, saga: name, version, input, inputHash },
    // An express saga that is started again, since nobody knows what became of it, must ask under the same keys.
    incarnation: express ? sha256(`${sagaId}\n${inputHash}`).slice(0, 12) : ids.incarnation,
    ...(deadline !== undefined && { deadline }),
    ...(limits && { limited: true }),
  };
}

/** One that is none is left out, as the W3C asks of whoever cannot read it. */
export function traceOf({ traceparent, tracestate }: Partial<TraceContext>): { readonly trace?: TraceContext } {
  if (traceparent === undefined || !isTraceparent(traceparent)) return {};
  return { trace: { traceparent, ...(tracestate !== undefined && { tracestate }) } };
}

/** Where it is sent, and how long that may take: a standard saga answers when it has begun, an express saga when it has ended. */
export function askingFor({ express }: SagaDefinition): AskOptions {
  return express ? { to: 'express', within: LONGEST_EXPRESS } : {};
}

/** Id of an instance everywhere: the saga's name and the instance's id. Throws `invalid-saga-id`. */
export function sagaIdOf(saga: string, id: string): string {
  if (!isInstanceId(id)) throw new SkaldError('invalid-saga-id', { id: id.slice(0, 250) });
  return `${saga}-${id}`;
}

async function validated(definition: SagaDefinition, input: unknown): Promise<unknown> {
  if (!definition.input) return input;
  const result = await definition.input['~standard'].validate(input);
  if (result.issues) throw new SkaldError('invalid-input', { saga: definition.name, issues: describeIssues(result.issues) });
  return result.value;
}
