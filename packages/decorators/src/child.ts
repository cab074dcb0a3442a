import { type Command, describeIssues, isInstanceId, milliseconds, type SagaDefinition, SkaldError } from '@skald/kernel';
import { outputOf } from './commands.js';
import { isClass, recordedSaga } from './metadata.js';
import type { InputOf, OutputOf, SagaOptions, SagaRef } from './typing.js';

export interface ChildOptions {
  /** Instance id of the child; `.2` and so on is added in later rounds of the step. Taken once: where such a saga is there, the step fails with `ChildExists`. Default: made from the parent and the step. */
  readonly id?: string;
  /** The step is settled as soon as the child has begun; what becomes of either does not touch the other. Default false. */
  readonly detached?: boolean;
}

/** What a step that detaches its child comes to. */
export interface DetachedChild {
  readonly sagaId: string;
}

/**
 * What a step returns to start another saga: `return child(ShipOrderSaga, { orderId: order.id })`. The child's output is the step's result, its
 * failure the step's failure, by the same name; when the parent turns back the child is cancelled, or undone where it had completed. Asks
 * nobody and sends nothing. The input is checked by the child's schema; throws `invalid-input`, `invalid-saga-id`, `not-a-saga`.
 */
export function child<R extends SagaRef>(
  saga: R,
  input: InputOf<R>,
  options?: ChildOptions & { readonly detached?: false },
): Command<OutputOf<R>>;
export function child<R extends SagaRef>(
  saga: R,
  input: InputOf<R>,
  options: ChildOptions & { readonly detached: true },
): Command<DetachedChild>;
export function child(saga: SagaRef, input: unknown, { id, detached }: ChildOptions = {}): Command {
  const { name, version, deadline, input: schema } = optionsOf(saga);
  if (id !== undefined && !isInstanceId(id)) throw new SkaldError('invalid-saga-id', { id: String(id).slice(0, 250) });
  const call = { version, ...(id !== undefined && { id }), ...(deadline !== undefined && { deadline }), ...(detached && { detached }) };
  return {
    participant: name,
    action: 'start',
    args: [checked(schema, input, { saga: name, ...call })],
    child: call as NonNullable<Command['child']>,
  };
}

function optionsOf(saga: SagaRef): Pick<SagaDefinition, 'name' | 'version' | 'deadline' | 'input'> {
  if (typeof saga !== 'function') return saga;
  const options: SagaOptions | undefined = isClass(saga) ? recordedSaga(saga) : undefined;
  if (!options) throw new SkaldError('not-a-saga', { value: `Class ${saga.name}` });
  const { name, version, deadline, input } = options;
  return {
    name,
    version,
    ...(deadline !== undefined && { deadline: milliseconds(deadline, `${name}.deadline`) }),
    ...(input && { input }),
  };
}

/** A schema that is async cannot be asked here: a saga's methods do not wait. */
function checked(schema: SagaDefinition['input'], input: unknown, child: { readonly saga: string; readonly version: number }): unknown {
  const result = schema?.['~standard'].validate(input) ?? { value: input };
  if (result instanceof Promise) return outputOf(result, child.saga, 'the schema of its input');
  // Which child it would have been is known all the same, to whoever only tries.
  if (result.issues) throw new SkaldError('invalid-input', { ...child, issues: describeIssues(result.issues) });
  return result.value;
}
