import type { Terminal } from '../terminal.js';

/** One verb of the command line. `run` throws `UsageError` for what it cannot understand, `SkaldError` for what it cannot do. */
export interface Verb {
  readonly name: string;
  /** One line for the list of verbs. */
  readonly summary: string;
  readonly help: string;
  run(args: readonly string[], terminal: Terminal): Promise<void>;
}
