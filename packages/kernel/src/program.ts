import type { ComputedAttributes } from './deciding/attributes.js';
import type { Command } from './definition/definition.js';
import type { RunSettings } from './definition/run-settings.js';
import type { ErrorRecord } from './errors/errors.js';
import type { StepPolicy } from './history/events.js';
import type { SagaState, StepState } from './state/state.js';

/**
 * What comes next in a saga. A program looks at the state and says what it wants; the kernel does everything else (retries, timeouts,
 * fencing, compensation, operators). It must answer the same for the same state: no clock, no chance, no I/O.
 */
export interface Program extends RunSettings {
  readonly name: string;
  readonly version: number;
  /** Instances of this name that may run at the same time; absent: as many as there are. */
  readonly limit?: number;
  /** All that can be done now; what is already done or under way need not be left out. Asked again until nothing new comes. */
  next(state: SagaState): readonly Directive[];
  /** Search attributes as they are now; must not throw. Absent: the saga has none of its own, and keeps what is recorded. */
  attributes?(state: SagaState): ComputedAttributes;
  /** The command that undoes a step whose policy says `compensation: 'saga'`. */
  compensation(state: SagaState, step: StepState): Command;
}

/** What a step made of a signal: its result, its failure, or nothing, since the signal is not what it should be. */
export type TakenSignal =
  | { readonly as: 'result'; readonly result?: unknown }
  | { readonly as: 'failure' | 'discarded'; readonly error: ErrorRecord };

export type Directive =
  | {
      readonly do: 'request';
      readonly step: string;
      readonly after: readonly string[];
      readonly command: Command;
      readonly policy: StepPolicy;
    }
  /** The step waits until `until`, epoch milliseconds. */
  | { readonly do: 'sleep'; readonly step: string; readonly after: readonly string[]; readonly until: number }
  /** The step waits for a signal of that name, for `timeout` milliseconds at most. */
  | {
      readonly do: 'await';
      readonly step: string;
      readonly after: readonly string[];
      readonly signal: string;
      readonly timeout?: number;
      readonly onTimeout: 'fail' | 'skip';
    }
  /** The step that waits has looked at the oldest signal of its name, which has this id. */
  | { readonly do: 'receive'; readonly step: string; readonly id: string; readonly taken: TakenSignal }
  | { readonly do: 'skip'; readonly step: string; readonly after: readonly string[]; readonly reason: string }
  /** The branch that is taken, and those that are not. */
  | {
      readonly do: 'choose';
      readonly step: string;
      readonly after: readonly string[];
      readonly chosen: string;
      readonly notTaken: readonly string[];
    }
  /** The step has failed, or nobody knows; how it stands must be known before anything is made of that. Nothing where it is known. */
  | { readonly do: 'resolve'; readonly step: string }
  /** The step has failed, and the saga goes on without it; `by`: with that step in its place. It is resolved first. */
  | { readonly do: 'catch'; readonly step: string; readonly error: ErrorRecord; readonly by?: string }
  /** The step asks for so many items. */
  | {
      readonly do: 'map';
      readonly step: string;
      readonly after: readonly string[];
      readonly count: number;
      readonly concurrency: number;
      readonly tolerated: number;
      /** Of its items, where they can be told apart. */
      readonly fingerprint?: string;
    }
  /** Its next items are asked for, as many as there is room for. */
  | { readonly do: 'items'; readonly step: string; readonly policy: StepPolicy; readonly command: (index: number) => Command }
  /** Every item is through. */
  | { readonly do: 'gather'; readonly step: string }
  /** More items have failed than are tolerated. */
  | { readonly do: 'fail-map'; readonly step: string; readonly error: ErrorRecord }
  | { readonly do: 'complete'; readonly output?: unknown }
  /** Nothing handles this failure: turn back. With `step`, the step that failed. */
  | { readonly do: 'fail'; readonly error: ErrorRecord; readonly step?: string };
