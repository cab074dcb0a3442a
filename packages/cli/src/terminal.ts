/** Where a verb writes. Results go to `out`, everything else to `err`. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  readonly colours: boolean;
  /** Columns of `out`; undefined where it is no terminal. */
  readonly width: number | undefined;
}

/** What the command line asks for cannot be understood: exit code 2. */
export class UsageError extends Error {}

export function processTerminal({ stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): Terminal {
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    colours: stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '',
    width: stdout.isTTY ? stdout.columns : undefined,
  };
}
