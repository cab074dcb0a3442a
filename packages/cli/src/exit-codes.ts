/** What the exit code of `skald` says. */
export const EXIT = {
  done: 0,
  /** It could not be done: no such saga, no store, a refusal, no answer. */
  failed: 1,
  /** The command line or its configuration cannot be understood; nothing was done. */
  misunderstood: 2,
  /** It was done, and it found something wrong: `doctor`, `definitions lint`, `audit verify`. */
  found: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.failed, 'it could not be done'],
  [EXIT.misunderstood, 'it could not be understood; nothing was done'],
  [EXIT.found, 'done, and something wrong was found (audit, doctor, definitions)'],
];
