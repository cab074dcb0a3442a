import { runCommandLine } from '../command-line.js';
import { type KeptTerminalOptions, keptTerminal } from './kept-terminal.js';

export interface KeptRun {
  readonly code: number;
  /** Lines of the result. */
  readonly out: readonly string[];
  /** All that was said besides. */
  readonly err: string;
}

export interface KeptRunOptions extends KeptTerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
}

/** A command line on a terminal that keeps what is written to it. */
export async function keptRun(args: readonly string[], { env, ...options }: KeptRunOptions = {}): Promise<KeptRun> {
  const terminal = keptTerminal(options);
  const code = await runCommandLine(args, terminal, env);
  return { code, out: terminal.lines.out, err: terminal.lines.err.join('\n') };
}
