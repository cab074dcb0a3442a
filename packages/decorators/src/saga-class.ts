import {
  type ChoiceData,
  type Duration,
  type MapData,
  type SagaData,
  type SagaDefinition,
  type SagaView,
  type SignalData,
  SkaldError,
  type StepData,
  type StepEntry,
  sagaDefinition,
} from '@skald/kernel';
import type { SagaChoiceOptions } from './choice-typing.js';
import { commandOf, outputOf } from './commands.js';
import type { DeclaredStep } from './declared-step.js';
import { eachOf } from './each.js';
import type { SagaMapOptions } from './map-typing.js';
import { isClass, methodsOf, recordedProbes, recordedSaga, recordedSteps, type Steps } from './metadata.js';
import { findings, probeFindings } from './saga-class-findings.js';
import type { Class, SagaInput, SagaOptions, SagaOutput, SagaRef, SagaSignalOptions, SagaStepOptions } from './typing.js';

/** Name of the signal that a saga's member takes: a method of a class, or a step of a definition. Undefined: it takes none. */
export function signalNameOf(saga: SagaRef, member: string): string | undefined {
  if (typeof saga !== 'function') {
    const step = saga.steps.find(({ id }) => id === member);
    return step?.kind === 'signal' ? step.signal : undefined;
  }
  const step = recordedSteps(saga.prototype).get(member);
  return step?.kind === 'signal' ? (step.signal ?? step.id ?? member) : undefined;
}

/** A class under `@Saga` while its definition is made. */
interface SagaClass {
  readonly options: SagaOptions;
  readonly steps: Steps;
  /** Calls a method of the instance. */
  readonly call: (method: string, input: unknown, view: SagaView) => unknown;
  /** The view with results by method, where ids differ from methods. */
  readonly contextOf: (view: SagaView) => SagaView;
}

/**
 * The definition of a class under `@Saga`. `instance` is asked once, when the first method is called; default: a new one, without arguments. Throws `not-a-saga`, or
 * `invalid-definition` with all that is wrong with the class.
 */
export function definitionOf<S extends object>(
  target: Class<S>,
  instance: () => S = () => new target(),
): SagaDefinition<SagaInput<S>, SagaOutput<S>> {
  const options = isClass(target) ? recordedSaga(target) : undefined;
  if (!options)
    throw new SkaldError('not-a-saga', { value: isClass(target) ? `Class ${target.name}` : `A value of type ${typeof target}` });
  const steps = recordedSteps(target.prototype);
  const methods = methodsOf(target.prototype);
  const found = [...findings(steps, recordedSteps(target), methods), ...probeFindings(recordedProbes(target.prototype))];
  if (found.length > 0) {
    throw new SkaldError('invalid-definition', { saga: options.name, findings: found.map((finding) => `- ${finding}`).join('\n') });
  }
  const contextOf = contextsOf(steps);
  const saga: SagaClass = { options, steps, contextOf, call: callerOf(instance, contextOf) };
  const result = resultOf(saga, methods.has('result')) as SagaData<SagaInput<S>, SagaOutput<S>>['result'];
  const { attributes, ...others } = options;
  return sagaDefinition<SagaInput<S>, SagaOutput<S>>({
    ...others,
    ...(attributes && { attributes: attributesOf(attributes, contextOf) }),
    steps: [...steps].map(([method, step]) => stepEntry(saga, method, step)),
    ...(result && { result }),
  });
}

function attributesOf(attributes: NonNullable<SagaOptions['attributes']>, contextOf: SagaClass['contextOf']): SagaData['attributes'] {
  return Object.fromEntries(Object.entries(attributes).map(([name, compute]) => [name, inContext(compute, contextOf)]));
}

/** Of user code that looks at the saga: given the kernel's view of it. */
function inContext<R>(look: (input: never, context: never) => R, contextOf: SagaClass['contextOf']): (input: unknown, view: SagaView) => R {
  return (input, view) => look(input as never, contextOf(view) as never);
}

type Place = Pick<StepData, 'id' | 'after' | 'when' | 'instead' | 'on' | 'branch'>;

function stepEntry(saga: SagaClass, method: string, options: DeclaredStep): StepEntry {
  const { steps, call, contextOf } = saga;
  const { id = method, after, when, instead, on, branch } = options;
  const idOf = (other: string): string => steps.get(other)?.id ?? other;
  const place = {
    id,
    ...(after !== undefined && { after: (typeof after === 'string' ? [after] : after).map(idOf) }),
    ...(instead !== undefined && { instead: idOf(instead) }),
    ...(on && { on }),
    ...(branch !== undefined && { branch: branch.replace(/^[^.]*/, idOf) }),
    ...(when && { when: inContext(when, contextOf) }),
  };
  if (options.kind === 'choice') return choiceData(saga, options, place);
  if (options.kind === 'map') return mapData(saga, method, options, place);
  if (options.kind === 'signal') return signalData(saga, method, options, place);
  if (options.kind !== 'timer') return stepData(saga, method, options, place);
  return { ...place, kind: 'timer', time: options.for ?? ((input, view) => call(method, input, view) as Duration | Date) };
}

function choiceData({ contextOf }: SagaClass, { branches, otherwise }: SagaChoiceOptions, place: Place): ChoiceData {
  const guards = Object.entries(branches).map(([name, when]) => [name, inContext(when, contextOf)] as const);
  return { ...place, kind: 'choice', branches: Object.fromEntries(guards), ...(otherwise !== undefined && { otherwise }) };
}

function mapData({ options: { name }, call, contextOf }: SagaClass, method: string, options: SagaMapOptions, place: Place): MapData {
  const { compensation, ...rest } = options;
  return {
    ...rest,
    ...place,
    kind: 'map',
    each: (input, view) => eachOf(call(method, input, view), name, method),
    ...(compensation !== undefined && {
      compensation: {
        name: compensation,
        run: (item, result, view, index) =>
          commandOf(call(compensation, { ...contextOf(view), item, result, index }, view), name, compensation),
      },
    }),
  };
}

function signalData(saga: SagaClass, method: string, options: SagaSignalOptions, place: Place): SignalData {
  return {
    ...options,
    ...place,
    kind: 'signal',
    receive: (payload, view) => outputOf(saga.call(method, payload, view), saga.options.name, method),
  };
}

function stepData({ options: { name }, call }: SagaClass, method: string, options: SagaStepOptions, place: Place): StepData {
  const { compensation, input: _input, output: _output, ...rest } = options;
  return {
    ...rest,
    ...place,
    kind: 'command',
    run: (input, view) => commandOf(call(method, input, view), name, method),
    ...(compensation !== undefined && {
      compensation: { name: compensation, run: (input, view) => commandOf(call(compensation, input, view), name, compensation) },
    }),
  };
}

function resultOf({ options: { name }, steps, call, contextOf }: SagaClass, hasResult: boolean) {
  if (hasResult) return (input: unknown, view: SagaView) => outputOf(call('result', input, view), name);
  const renamed = [...steps].some(([method, { id = method }]) => id !== method);
  return renamed ? (_input: unknown, view: SagaView) => contextOf(view).results : undefined;
}

function callerOf(instance: () => object, contextOf: SagaClass['contextOf']): SagaClass['call'] {
  let saga: Record<string, (input: unknown, context: SagaView) => unknown> | undefined;
  return (method, input, view) => {
    saga ??= instance() as NonNullable<typeof saga>;
    return saga[method]?.(input, contextOf(view));
  };
}

function contextsOf(steps: Steps): SagaClass['contextOf'] {
  const ids = [...steps].map(([method, { id = method }]) => ({ id, method }));
  if (ids.every(({ id, method }) => id === method)) return (view) => view;
  return (view) => {
    const known = ids.filter(({ id }) => Object.hasOwn(view.results, id));
    return { ...view, results: Object.freeze(Object.fromEntries(known.map(({ id, method }) => [method, view.results[id]]))) };
  };
}
