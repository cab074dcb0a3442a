import { createInterface } from 'node:readline/promises';
import type { Writable } from 'node:stream';

/** Where a verb writes, and whom it may ask. Results go to `out`, everything else to `err`. */
export interface Terminal {
  out(line: string): void;
  err(line: string): void;
  readonly colours: boolean;
  /** Columns of `out`; undefined where it is no terminal: then nothing is cut. */
  readonly width: number | undefined;
  /** Epoch milliseconds: what `3 min ago` is counted from. */
  now(): number;
  /** Absent where nobody sits there to be asked. */
  readonly person?: Person | undefined;
  /** Aborted when the process is asked to end; from the first call on that does not end it by itself. */
  interrupted(): AbortSignal;
}

/** Somebody at a keyboard. */
export interface Person {
  /** One line, without its end. */
  ask(question: string): Promise<string>;
  /** Shows a line that the next one replaces; empty: takes it away. */
  progress(line: string): void;
}

export function processTerminal(process: NodeJS.Process): Terminal {
  const { stdin, stdout, stderr, env } = process;
  let interruption: AbortController | undefined;
  return {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void stderr.write(`${line}\n`),
    colours: wantsColours(stdout.isTTY === true, env),
    width: widthOf(stdout),
    now: Date.now,
    person: stdin.isTTY && stderr.isTTY ? personAt(stdin, stderr) : undefined,
    interrupted() {
      if (interruption) return interruption.signal;
      interruption = new AbortController();
      const { signal } = interruption;
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interruption?.abort());
      return signal;
    },
  };
}

/** As https://no-color.org and FORCE_COLOR say. */
function wantsColours(isTerminal: boolean, env: NodeJS.ProcessEnv): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  return forced === '' ? isTerminal && env['TERM'] !== 'dumb' : forced !== '0';
}

function personAt(input: NodeJS.ReadStream, output: Writable): Person {
  return {
    async ask(question) {
      const lines = createInterface({ input, output });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    progress: (line) => void output.write(`\r\u001b[K${line}`),
  };
}

/** Some terminals say that they have no columns at all. */
export function widthOf({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return isTTY && columns !== undefined && columns > 0 ? columns : undefined;
}
