import { on } from 'node:events';
import { emitKeypressEvents, type Key } from 'node:readline';
import { createInterface } from 'node:readline/promises';

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
  /** Lines of the screen. */
  readonly rows?: number | undefined;
  /** Fills the screen; undefined gives it back as it was. */
  screen?(lines: readonly string[] | undefined): void;
  /** Keys as they are pressed: `left`, `q`, `ctrl+c`. */
  keys?(): AsyncIterable<string>;
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

function personAt(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Person {
  let isWhole = false;
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
    get rows() {
      return output.rows > 0 ? output.rows : undefined;
    },
    screen(lines) {
      // The screen that was there is kept beside, as editors do.
      if (lines && !isWhole) output.write('\u001b[?1049h\u001b[?25l');
      if (lines) output.write(`\u001b[H\u001b[2J${lines.join('\r\n')}`);
      else if (isWhole) output.write('\u001b[?25h\u001b[?1049l');
      isWhole = lines !== undefined;
    },
    keys: () => keysOf(input),
  };
}

async function* keysOf(input: NodeJS.ReadStream): AsyncGenerator<string> {
  emitKeypressEvents(input);
  input.setRawMode(true);
  try {
    for await (const [, { name = '', ctrl }] of on(input, 'keypress') as AsyncIterable<[string, Key]>) yield ctrl ? `ctrl+${name}` : name;
  } finally {
    input.setRawMode(false);
    input.pause();
  }
}

/** Some terminals say that they have no columns at all. */
export function widthOf({ isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return isTTY && columns !== undefined && columns > 0 ? columns : undefined;
}
