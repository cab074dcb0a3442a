import { wordsOf } from '../error-words.js';

/** One thing that `skald doctor` looked at. */
export interface Check {
  readonly name: string;
  /** `good`; `note`: worth knowing; `warning`: somebody should look; `bad`: it does not work. */
  readonly level: 'good' | 'note' | 'warning' | 'bad';
  readonly what: string;
  /** What to do about it: a sentence, or a command line. */
  readonly fix?: string;
}

export type CheckResult = Omit<Check, 'name'>;

export function good(what: string): CheckResult {
  return { level: 'good', what };
}

/** What an error says, as a check that failed. */
export function failed(error: unknown, otherwise?: string): CheckResult {
  const { message, fix = otherwise } = wordsOf(error);
  return { level: 'bad', what: message, ...(fix !== undefined && { fix }) };
}
