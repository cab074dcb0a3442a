/** What the command itself could not do, beyond what Skald's own errors say: exit code 1. */
export class Trouble extends Error {
  constructor(
    /** To switch on, in `--json`. */
    readonly code: string,
    message: string,
    /** What to do about it. */
    readonly fix?: string,
  ) {
    super(message);
  }
}
