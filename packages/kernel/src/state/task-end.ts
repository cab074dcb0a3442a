/** How a task ended by its token: with this result, or this error. */
export interface TaskEnd {
  readonly action: 'complete' | 'fail';
  readonly value: unknown;
  readonly revision: number;
}

/** A round of a step has one task token. */
export function taskKey(step: string, round: number): string {
  return `${step}#${round}`;
}
