import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../usage.js';

const STORE_FILE = 'skald.db';
/** Where a store is looked for when none is named: here, and where the demo keeps its own. */
const USUAL = [STORE_FILE, join('.skald-demo', STORE_FILE)];

/** The file that `--data` names: the file itself, or the folder that holds one. */
export function storeFileOf(data: string): string {
  if (data === '') throw new UsageError('--data names no folder and no file');
  const isFolder = existsSync(data) ? statSync(data).isDirectory() : !/\.\w+$/.test(data);
  return isFolder ? join(data, STORE_FILE) : data;
}

/** The store that is there when nobody names one. */
export function usualStoreFile(): string {
  const found = USUAL.find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new UsageError('no store is named: give --data DIR, or a skald.config.json (skald --help says more)');
}
