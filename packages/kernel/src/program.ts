import type { Command } from './definition.js';
import type { ErrorRecord } from './errors.js';
import type { StepPolicy } from './events.js';
import type { SagaState, StepState } from './state.js';

/**
 * What comes next in a saga. A program looks at the state and says what it wants; the kernel does everything else (retries, timeouts,
 * fencing, compensation, operators). It must answer the same for the same state: no clock, no chance, no I/O.
 */
export interface Program {
  readonly name: string;
  readonly version: number;
  /** All that can be done now; what is already done or under way need not be left out. Asked again until nothing new comes. */
  next(state: SagaState): readonly Directive[];
  /** The command that undoes a step whose policy says `compensation: 'saga'`. */
  compensation(state: SagaState, step: StepState): Command;
}

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
  | { readonly do: 'skip'; readonly step: string; readonly after: readonly string[]; readonly reason: string }
  | { readonly do: 'complete'; readonly output?: unknown }
  /** Nothing handles this failure: turn back. With `step`, the step that failed. */
  | { readonly do: 'fail'; readonly error: ErrorRecord; readonly step?: string };
