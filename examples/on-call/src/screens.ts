import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, URL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { badNight } from './night.js';
import { withScreens } from './screen-page.js';

/** Makes the screens of docs/how-to/on-call.md anew, in a terminal of 80 columns that `script` of util-linux gives. */
const page = new URL('../../../docs/how-to/on-call.md', import.meta.url);
const program = fileURLToPath(new URL('at-night.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'skald-screens-'));

function shown(args: readonly string[]): string {
  const words = [process.execPath, '--disable-warning=ExperimentalWarning', program, ...args].map((word) => `'${word}'`).join(' ');
  const options = { cwd: folder, encoding: 'utf8', env: { ...process.env, TERM: 'xterm', NO_COLOR: '', FORCE_COLOR: '' } } as const;
  const { stdout, stderr, error } = spawnSync('script', ['-qc', `stty cols 80 rows 50; ${words}`, '/dev/null'], options);
  if (error || stdout === '') throw new Error(`script gave no terminal: ${error?.message ?? stderr}`);
  const text = stripVTControlCharacters(stdout);
  if (text === stdout && args[0] !== 'cancel') throw new Error(`skald ${args.join(' ')} showed no colours in a terminal`);
  return text.replaceAll('\r\n', '\n').trimEnd();
}

try {
  await badNight(join(folder, 'skald.db'));
  const before = readFileSync(page, 'utf8');
  const after = await withScreens(before, async (args) => shown(args));
  writeFileSync(page, after);
  console.log(after === before ? 'The screens are as they were.' : 'The screens were made anew.');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
