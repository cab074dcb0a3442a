import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CRASH_POINTS, type CrashPoint, chainHash, readHistory } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { checkLaws } from '@skald/kernel';

const fixture = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist', 'crash-fixture.js');
const root = mkdtempSync(join(tmpdir(), 'skald-crash-'));
afterAll(() => rmSync(root, { recursive: true }));

/** How often a point is reached before the process dies there; early, in the midst, and late. */
const REACHES = [1, 3, 8];

interface End {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly out: string;
}

function run(folder: string, point?: CrashPoint, nth = 1): Promise<End> {
  const args = ['--disable-warning=ExperimentalWarning', fixture, folder, ...(point ? [point, `${nth}`] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out }));
  });
}

/** What really happened in the databases of the participants: keys without the part that every start makes anew. */
function effects(folder: string): string[] {
  return ['stock', 'till'].flatMap((name) => {
    const db = new DatabaseSync(join(folder, `${name}.db`), { readOnly: true });
    const rows = db.prepare('SELECT key, what FROM effects').all() as unknown as { readonly key: string; readonly what: string }[];
    db.close();
    return rows.map(({ key, what }) => `${withoutIncarnation(key)} ${what}`);
  });
}

function elsewhere(folder: string): string[] {
  const file = join(folder, 'notary.log');
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').map(withoutIncarnation) : [];
}

function withoutIncarnation(key: string): string {
  return key.replace(/^([^/]+)\/[^/]+\//, '$1/');
}

/** Every history: laws and chain. */
async function audit(folder: string): Promise<void> {
  const store = await openSqliteStore({ file: join(folder, 'skald.db') });
  const { sagas } = await store.index.list({ limit: 1_000 });
  expect(await store.index.owing('', 100)).toEqual([]);
  expect(await store.index.position()).toBe(await store.events.head());
  for (const { sagaId } of sagas) {
    expect([sagaId, checkLaws(await readHistory(store.events, sagaId))]).toEqual([sagaId, []]);
    let before = sagaId;
    for (const { type, data, metadata, hash } of await store.events.read(sagaId)) {
      expect(chainHash(before, type, data, metadata)).toBe(hash);
      before = hash;
    }
  }
  await store.close();
}

/** What an undisturbed run comes to. */
let ends: string;
let made: readonly string[];
let madeElsewhere: ReadonlySet<string>;

beforeAll(async () => {
  const folder = mkdtempSync(join(root, 'undisturbed-'));
  const { code, out } = await run(folder);
  expect(code).toBe(0);
  await audit(folder);
  ends = out;
  made = effects(folder).sort();
  madeElsewhere = new Set(elsewhere(folder));
});

describe('A process that is killed', () => {
  it('has a test that means something: sagas of every kind, which do not all end alike', () => {
    expect(JSON.parse(ends)).toEqual({
      'job-completes': 'completed',
      'job-flaky': 'completed',
      'job-flaky-elsewhere': 'completed',
      'job-declined': 'compensated',
      'job-refused-elsewhere': 'compensated',
      'job-no-van': 'compensated',
      'job-flaky-undo': 'compensated',
    });
    expect(new Set(made).size).toBe(made.length);
  });

  it.each(CRASH_POINTS.flatMap((point) => REACHES.map((nth) => [point, nth] as const)))(
    'B28: at %s, reached for the %i. time, and once more after the restart: every saga ends as if nothing had been, effects made once',
    async (point, nth) => {
      const folder = mkdtempSync(join(root, 'killed-'));
      const first = await run(folder, point, nth);
      if (nth === 1) expect(first.signal).toBe('SIGKILL');
      await run(folder, point, nth + 1);
      const last = await run(folder);
      expect([last.code, last.out]).toEqual([0, ends]);
      expect(effects(folder).sort()).toEqual(made);
      expectAtLeastOnce(elsewhere(folder));
      await audit(folder);
    },
  );
});

/** An external participant is asked at least once; what was interrupted may have been asked again, or be undone on suspicion. */
function expectAtLeastOnce(calls: readonly string[]): void {
  for (const expected of madeElsewhere) expect(calls).toContain(expected);
  for (const call of calls) {
    if (!call.endsWith(' register')) continue;
    const key = call.slice(0, -' register'.length);
    const isCompensated = !/^job-(completes|flaky|flaky-elsewhere)\//.test(key);
    // Whatever was registered for a saga that turned back was struck off after the last time.
    if (isCompensated) expect(calls.lastIndexOf(`${key} strike`)).toBeGreaterThan(calls.lastIndexOf(call));
  }
}
