import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommandLine, type Terminal } from '@skald/cli';
import { badNight, CALLED_AT } from './night.js';
import { withScreens } from './screen-page.js';

const page = readFileSync(new URL('../../../docs/how-to/on-call.md', import.meta.url), 'utf8');
const before = process.cwd();
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-screens-'));
  await badNight(join(folder, 'skald.db'));
  process.chdir(folder);
}, 60_000);

afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

async function shown(args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const interrupted = () => new AbortController().signal;
  const terminal: Terminal = { out: write, err: write, colours: false, width: 80, now: () => CALLED_AT, interrupted };
  await runCommandLine(args, terminal);
  return lines.join('\n').trimEnd();
}

describe('The screens of the page for who is on call', () => {
  test('are what the command shows (else run: npm run screens)', async () => {
    expect(await withScreens(page, shown)).toBe(page);
  });

  test('fit a terminal of 80 columns', () => {
    const screens = [...page.matchAll(/```console\n([\s\S]*?)\n```/g)].flatMap(([, screen]) => (screen ?? '').split('\n'));
    expect(screens.length).toBeGreaterThan(50);
    expect(screens.filter((line) => line.length > 80)).toEqual([]);
  });
});
