import type { Ids } from '@skald/kernel';

/** Ids that count: every run gets the same ones. */
export class SequentialIds implements Ids {
  #unique = 0;
  #incarnation = 0;

  /** `prefix`: tells one source of ids from another. */
  constructor(private readonly prefix = 'id') {}

  unique(): string {
    return `${this.prefix}-${++this.#unique}`;
  }

  incarnation(): string {
    return `${this.prefix}${++this.#incarnation}`;
  }
}
