import 'reflect-metadata';
import { SkaldError } from '@skald/kernel';
import type { DeclaredStep } from './declared-step.js';
import type { SagaOptions } from './typing.js';

/** What decorators leave on classes, under keys that two copies of this package share. */
const SAGA = 'skald:saga';
const PARTICIPANT = 'skald:participant';
const STEPS = 'skald:steps';
const PROBES = 'skald:probes';

export function recordSaga(target: object, options: SagaOptions): void {
  Reflect.defineMetadata(SAGA, options, target);
}

/** Not inherited: a subclass is another saga, with a name or a version of its own. */
export function recordedSaga(target: object): SagaOptions | undefined {
  return Reflect.getOwnMetadata(SAGA, target);
}

export function recordParticipant(target: object, name: string): void {
  Reflect.defineMetadata(PARTICIPANT, name, target);
}

/** Inherited, so that a double in a test stands in for its class. */
export function recordedParticipant(target: object): string | undefined {
  return Reflect.getMetadata(PARTICIPANT, target);
}

export type Steps = ReadonlyMap<string, DeclaredStep>;

export function recordStep(target: object, method: string, options: DeclaredStep): void {
  const own = new Map<string, DeclaredStep>(Reflect.getOwnMetadata(STEPS, target));
  Reflect.defineMetadata(STEPS, own.set(method, options), target);
}

/** Decorated methods in the order of their declaration, a base class's first. A step that is decorated anew keeps its place. */
export function recordedSteps(prototype: object | null): Steps {
  if (!prototype) return new Map();
  const own: Steps = Reflect.getOwnMetadata(STEPS, prototype) ?? new Map();
  return new Map([...recordedSteps(Object.getPrototypeOf(prototype)), ...own]);
}

export function recordProbe(target: object, method: string, action: string): void {
  const own = new Map<string, string>(Reflect.getOwnMetadata(PROBES, target));
  Reflect.defineMetadata(PROBES, own.set(method, action), target);
}

/** Actions by the method that probes them, a base class's first. */
export function recordedProbes(prototype: object | null): ReadonlyMap<string, string> {
  if (!prototype) return new Map();
  const own: ReadonlyMap<string, string> = Reflect.getOwnMetadata(PROBES, prototype) ?? new Map();
  return new Map([...recordedProbes(Object.getPrototypeOf(prototype)), ...own]);
}

/** Methods by name, own and inherited; accessors are left alone. */
export function methodsOf(prototype: object | null): ReadonlyMap<string, (...args: never[]) => unknown> {
  if (!prototype || prototype === Object.prototype) return new Map();
  const own = Object.entries(Object.getOwnPropertyDescriptors(prototype)).filter(
    ([name, { value }]) => typeof value === 'function' && name !== 'constructor',
  );
  return new Map([...methodsOf(Object.getPrototypeOf(prototype)), ...own.map(([name, { value }]) => [name, value] as const)]);
}

export function isClass(value: unknown): value is { readonly name: string; readonly prototype: object } {
  return typeof value === 'function' && typeof value.prototype === 'object' && value.prototype !== null;
}

/** Standard decorators are called with a context; the experimental ones, which alone know parameters, are not. */
export function refuseStandardDecorators(decorator: string, second: unknown): void {
  if (typeof second === 'object' && second !== null && 'kind' in second) throw new SkaldError('standard-decorators', { decorator });
}
