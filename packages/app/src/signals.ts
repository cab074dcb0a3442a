import { type SagaRef, signalNameOf } from '@skald/decorators';
import type { Client } from '@skald/engine';
import { describeIssues, type SagaDefinition, type SignalStep, SkaldError } from '@skald/kernel';

export interface SignalOptions {
  /** Same id, same signal: a repeat tells nothing new. Default: a new unique id. */
  readonly id?: string;
  /** Who says so; recorded with it. Default: nobody is named. */
  readonly by?: string;
}

/** Largest payload of a signal, in bytes of JSON. */
const MAX_PAYLOAD_BYTES = 200 * 1024;

/** What a signal is called where a saga's class calls it so; throws `unknown-signal`. */
export function signalName(saga: SagaRef, { name: sagaName, steps }: SagaDefinition, member: string): string {
  const name = signalNameOf(saga, member);
  if (name === undefined) throw unknown(sagaName, member, takersOf(steps));
  return name;
}

/** Sends a payload as it is given, once the schema of a step that takes it agrees. */
export async function sendSignal(
  client: Client,
  versions: readonly SagaDefinition[],
  sagaId: string,
  name: string,
  payload: unknown,
  { id, by }: SignalOptions,
): Promise<void> {
  const [first] = versions;
  const takers = takersOf(versions.flatMap(({ steps }) => steps));
  const own = takers.filter(({ signal }) => signal === name);
  if (first && own.length === 0) throw unknown(first.name, name, takers);
  await checkPayload(own, first?.name ?? '', name, payload);
  const text = JSON.stringify(payload);
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  if (bytes > MAX_PAYLOAD_BYTES) {
    const issues = `it is ${bytes} bytes of JSON, the limit is ${MAX_PAYLOAD_BYTES}; pass a reference instead`;
    throw new SkaldError('invalid-signal', { saga: first?.name, signal: name, issues });
  }
  await client.ask(sagaId, {
    type: 'signal',
    request: id ?? client.newRequest(),
    name,
    ...(text !== undefined && { payload: JSON.parse(text) as unknown }),
    ...(by !== undefined && { by }),
  });
}

/** One step, in one version, that takes it is enough: which of them will is not known here. */
async function checkPayload(takers: readonly SignalStep[], saga: string, signal: string, payload: unknown): Promise<void> {
  let refused: string | undefined;
  for (const { schema } of takers) {
    const result = await schema?.['~standard'].validate(payload);
    if (!result?.issues) return;
    refused = describeIssues(result.issues);
  }
  if (refused !== undefined) throw new SkaldError('invalid-signal', { saga, signal, issues: refused });
}

function takersOf(steps: SagaDefinition['steps']): SignalStep[] {
  return steps.filter((step) => step.kind === 'signal');
}

function unknown(saga: string, signal: string, takers: readonly SignalStep[]): SkaldError {
  const known = [...new Set(takers.map((taker) => taker.signal))].join(', ') || 'none';
  return new SkaldError('unknown-signal', { saga, signal, known });
}
