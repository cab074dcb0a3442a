import type { Probed } from '@skald/kernel';
import type { Method } from './typing.js';

type ProbeMethod<F> = F extends (...args: infer Args) => Promise<infer R>
  ? (...args: [...Args, idempotencyKey: string]) => Promise<Probed<R>>
  : 'a probe tells of an action, which is async';

/**
 * On a participant's method: says whether `action` happened, for an action whose effect is somebody else's. It is called with the action's arguments
 * and its idempotency key, where a run was interrupted, before that is run again or its outcome decided. What it throws is tried again later.
 */
export type ProbeDecorator = <const A extends string>(
  action: A,
) => <T extends { [N in A]: Method }, K extends keyof T>(
  target: T,
  key: K,
  descriptor: TypedPropertyDescriptor<T[K] & ProbeMethod<T[A]>>,
) => void;
