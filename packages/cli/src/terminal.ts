/** Where a verb writes. Results go to `out`, everything else to `err`. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  readonly colours: boolean;
  /** Columns of `out`; undefined where it is no terminal. */
  readonly width: number | undefined;
}

export function processTerminal({ stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): Terminal {
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    colours: stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '',
    width: widthOf(stdout),
  };
}

/** Some terminals say that they have no columns at all. */
export function widthOf({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return isTTY && columns !== undefined && columns > 0 ? columns : undefined;
}
