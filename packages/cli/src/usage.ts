import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What the command line asks for cannot be understood: exit code 2. */
export class UsageError extends Error {}

/** Node's `parseArgs`, which throws `UsageError`. */
export function parsed<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
