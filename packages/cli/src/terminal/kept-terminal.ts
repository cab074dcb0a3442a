import type { Person, Terminal } from './terminal.js';

/** A terminal that keeps what is written to it. */
export interface KeptTerminal extends Terminal {
  readonly lines: { readonly out: string[]; readonly err: string[] };
}

export interface KeptTerminalOptions {
  readonly width?: number | undefined;
  readonly colours?: boolean;
  readonly now?: () => number;
  readonly person?: Person;
  readonly interrupted?: AbortSignal;
}

export function keptTerminal({ width, colours = false, now = Date.now, person, interrupted }: KeptTerminalOptions = {}): KeptTerminal {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    colours,
    width,
    now,
    person,
    interrupted: () => interrupted ?? new AbortController().signal,
    lines: { out, err },
  };
}
