import type { SkaldError } from '@skald/kernel';
import { CommanderError } from 'commander';
import { Trouble } from './trouble.js';
import { UsageError } from './usage.js';

/** What went wrong, as it is told to people and to scripts. */
export interface ErrorWords {
  /** To switch on, in `--json`. */
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string;
}

export function wordsOf(error: unknown): ErrorWords {
  if (isSkaldError(error)) {
    const { code, fix } = error;
    const what = error.message.slice(`[${code}] `.length);
    return { code, message: what.endsWith(fix) ? what.slice(0, -fix.length).trimEnd() : what, fix };
  }
  if (error instanceof Trouble) return { code: error.code, message: error.message, ...(error.fix !== undefined && { fix: error.fix }) };
  if (error instanceof UsageError) return { code: 'usage', message: error.message };
  if (error instanceof CommanderError && error.code === 'commander.help') return { code: 'usage', message: 'a verb is missing' };
  if (error instanceof CommanderError) return { code: 'usage', message: error.message.replace(/^error: /, '') };
  return { code: 'failed', message: error instanceof Error ? error.message : String(error) };
}

/** Without its class, for which everything else would have to be loaded before a wrong word can be told. */
function isSkaldError(error: unknown): error is SkaldError {
  return error instanceof Error && error.name === 'SkaldError' && 'code' in error && 'fix' in error;
}
