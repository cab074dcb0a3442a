/** A step that starts another saga, from the side of its parent: asked like a participant, under another address, and without hurry. */

import { fnv1a } from '../fnv1a.js';
import type { RecordedCommand } from '../history/events.js';
import type { CommandMessage } from '../messages.js';
import type { SagaState, StepState } from './state.js';

/** What makes a command the start of a saga: `participant` is the saga's name, the one argument its input. */
export interface ChildCall {
  readonly version: number;
  /** Instance id; `.2` and so on is added in later rounds. Default: made from the parent, the step and its round. */
  readonly id?: string;
  /** From start to end, in milliseconds. */
  readonly deadline?: number;
  /** The step is settled when the child has begun, and nothing that becomes of the parent touches it. */
  readonly detached?: true;
}

/** A command that is owed, and where it goes when that is a saga. */
export interface OwedCommand extends CommandMessage {
  readonly child?: ChildCall & { readonly sagaId: string };
}

/** A child that is not heard of is asked again after the step's timeout, and then twice as long each time, up to this, in milliseconds. */
const LONGEST_PAUSE = 3_600_000;

/** What is said of a child's end once and for all: to ask again brings the same. */
export const CHILD_TERMINATED = 'ChildTerminated';
export const CHILD_PAST_PIVOT = 'ChildPastPivot';
const FINAL_WORDS: readonly string[] = [CHILD_TERMINATED, CHILD_PAST_PIVOT];

export function isChild(step: StepState): boolean {
  return step.command?.child !== undefined;
}

/** Its parent turns back and the child itself is asked to undo what it did; where the saga says how, somebody else is. */
export function isWithdrawn(step: StepState): boolean {
  return isChild(step) && step.undo !== undefined && step.undo.command === undefined;
}

/** Nothing else will be heard under this key, however often the child is asked. */
export function isFinalWord(error: string): boolean {
  return FINAL_WORDS.includes(error);
}

/** Until it is asked again, having been asked `asks` times. */
export function pause(timeout: number, asks: number): number {
  return Math.max(timeout, Math.min(timeout * 2 ** Math.min(asks - 1, 30), LONGEST_PAUSE));
}

/** Longest instance id that is taken as it is. */
const LONGEST_ID = 200;

/** The child of this round of the step: a repeat finds the same one. */
export function childOf(state: SagaState, step: StepState, { participant, child }: RecordedCommand): OwedCommand['child'] {
  if (!child) return undefined;
  const id = child.id ?? `${state.sagaId}.${state.incarnation}.${step.id}`;
  return { ...child, sagaId: `${participant}-${shortened(step.round > 1 ? `${id}.${step.round}` : id)}` };
}

/** Two long ids that come to the same short one are refused to the second: a child knows its parent. */
function shortened(id: string): string {
  if (id.length <= LONGEST_ID) return id;
  const mark = [0x811c9dc5, 0x9747b28c].map((seed) => fnv1a(id, seed).toString(16).padStart(8, '0')).join('');
  return `${id.slice(0, LONGEST_ID - mark.length - 1)}~${mark}`;
}
