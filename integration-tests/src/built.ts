/** The built programs, as anybody would run them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const DEMO = join(ROOT, 'examples', 'order-fulfilment', 'dist', 'main.js');
export const TRAVEL_DESK = join(ROOT, 'examples', 'guide', 'dist', 'trips', 'desk.js');
export const SKALD = join(ROOT, 'packages', 'cli', 'dist', 'bin.js');

/** What stands before a program's path, and after it. */
export function nodeArguments(program: string, ...args: readonly string[]): string[] {
  return ['--disable-warning=ExperimentalWarning', program, ...args];
}
