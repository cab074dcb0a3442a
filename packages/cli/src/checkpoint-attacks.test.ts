import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generateKeys, signCheckpoint } from '@skald/audit';
import { chainHash, encodeEvents, uuidOf } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { definitionStream } from '@skald/kernel';
import { runCommandLine } from './command-line.js';
import { keptRun } from './terminal/kept-run.js';
import { keptTerminal } from './terminal/kept-terminal.js';

const NOW = Date.UTC(2026, 10, 24);
const DAY = 86_400_000;
const STREAMS = ['order-1', 'order-2', 'order-3', definitionStream('order')];

let folder: string;
const at = (name: string) => join(folder, name);
const text = (name: string) => readFileSync(at(name), 'utf8');

async function skald(args: readonly string[], { now = NOW, data = 'skald.db' } = {}) {
  const { code, out, err } = await keptRun(['--data', at(data), 'audit', ...args], { now: () => now });
  return { code, out: out.join('\n'), err };
}

const against = (files: readonly string[], { key = 'k', now = NOW, data = 'skald.db', more = [] as readonly string[] } = {}) =>
  skald(['verify', '--all', '--public-key', at(`${key}.pub`), '--against', ...files.map(at), ...more], { now, data });

async function append(round: number, data = 'skald.db'): Promise<void> {
  const store = await openSqliteStore({ file: at(data) });
  for (const stream of STREAMS) {
    const before = (await store.events.read(stream)).at(-1);
    const happened = { sagaId: stream, round, of: data };
    const events = encodeEvents([{ type: 'Happened', at: NOW - (4 - round) * DAY, data: happened }], 'wake', before?.hash ?? stream);
    await store.events.append([{ stream, expectedRevision: before?.revision ?? -1, events }]);
  }
  await store.close();
}

/** Three days with a checkpoint each, the last with the list; a day after, no more than an event of each stream. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-attacks-'));
  for (const key of ['k', 'theirs']) await skald(['keygen', '--key', at(key)]);
  for (const day of [1, 2, 3]) {
    await append(day);
    const previous = day === 1 ? [] : ['--previous', at(`c${day - 1}`)];
    const list = day === 3 ? ['--list'] : [];
    const made = await skald(['checkpoint', '--key', at('k'), '-o', at(`c${day}`), ...previous, ...list], { now: NOW - (4 - day) * DAY });
    expect(made).toMatchObject({ code: 0, out: '' });
  }
  await append(4);
  for (const day of [1, 2, 3]) await append(day, 'other.db');
  await exportTo('all.ndjson');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function exportTo(name: string): Promise<void> {
  const { out } = await keptRun(['--data', at('skald.db'), 'export', '--all']);
  writeFileSync(at(name), `${out.join('\n')}\n`);
}

interface Line {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
  readonly hash: string;
}

/** Into a new store; answers what `import` and then `verify --copy` say. */
async function carriedOver(edit: (lines: readonly Line[]) => readonly Line[]) {
  const lines = text('all.ndjson').trimEnd().split('\n');
  writeFileSync(
    at('edited.ndjson'),
    edit(lines.map((line) => JSON.parse(line) as Line))
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
  );
  rmSync(at('copy.db'), { force: true });
  const terminal = keptTerminal();
  const code = await runCommandLine(['--data', at('copy.db'), 'import', at('edited.ndjson')], terminal);
  if (code !== 0) return { imported: code, said: terminal.lines.err.join('\n') };
  const { code: verified, out } = await against(['c3'], { data: 'copy.db', more: ['--copy'] });
  return { imported: code, verified, said: out };
}

/** With hashes as if it had been written so. */
function rehashed(lines: readonly Line[]): Line[] {
  const heads = new Map<string, string>();
  return lines.map((line) => {
    const before = heads.get(line.stream) ?? line.stream;
    const metadata = JSON.stringify({ ...JSON.parse(line.metadata), ...(before !== line.stream && { previous: before }) });
    const hash = chainHash(before, line.type, line.data, metadata);
    heads.set(line.stream, hash);
    return { ...line, metadata, hash, id: uuidOf(hash) };
  });
}

const edited = (line: Line): Line => (line.stream === 'order-1' ? { ...line, data: line.data.replace('skald.db', 'forged') } : line);
const changed = (change: object) => writeFileSync(at('c'), JSON.stringify({ ...JSON.parse(text('c3')), ...change }));

interface Row {
  readonly title: string;
  /** As the documentation says it. */
  readonly by: string;
  readonly check: () => Promise<void>;
}

const ROWS: readonly Row[] = [
  {
    title: 'changes anything in a checkpoint, its list of streams included',
    by: 'its signature',
    async check() {
      const { heads, ...covered } = JSON.parse(text('c3')) as { readonly heads: readonly unknown[] } & Readonly<Record<string, unknown>>;
      for (const [name, value] of Object.entries(covered)) {
        if (name === 'format') continue;
        changed({
          [name]: typeof value === 'number' ? value - 1 : `${String(value).startsWith('a') ? 'b' : 'a'}${String(value).slice(1)}`,
        });
        expect({ name, code: (await against(['c'])).code }).toEqual({ name, code: 1 });
      }
      for (const forged of [heads.slice(1), [...heads, ['order-9', 0, 'ab']], []]) {
        changed({ heads: forged });
        expect(await against(['c'])).toMatchObject({ code: 1, err: expect.stringContaining('its list of streams does not fit its root') });
      }
      changed({ extra: 1 });
      expect((await against(['c'])).code).toBe(1);
    },
  },
  {
    title: 'signs a checkpoint with a key of their own',
    by: 'your public key',
    async check() {
      await skald(['checkpoint', '--key', at('theirs'), '-o', at('t1')]);
      expect(await against(['t1'])).toMatchObject({ code: 1, err: expect.stringContaining('it was signed with another key') });
      expect(await skald(['checkpoint', '--key', at('theirs'), '--previous', at('c3')])).toMatchObject({ code: 1, out: '' });
    },
  },
  {
    title: 'exchanges the public key as well',
    by: 'you: `verify` prints the fingerprint of the key, as `keygen` did',
    async check() {
      const { publicKey, privateKey } = generateKeys();
      writeFileSync(at('swapped.pub'), publicKey);
      writeFileSync(at('swapped'), privateKey);
      await skald(['checkpoint', '--key', at('swapped'), '-o', at('s1')]);
      const [mine, theirs] = [await against(['c3']), await against(['s1'], { key: 'swapped' })];
      expect([mine.code, theirs.code]).toEqual([0, 0]);
      const fingerprint = (said: string) => /signed with the key ([0-9a-f]{64})/.exec(said)?.[1];
      expect(fingerprint(mine.err)).toBe(JSON.parse(text('c3')).key);
      expect(fingerprint(theirs.err)).not.toBe(fingerprint(mine.err));
      const made = await skald(['keygen', '--key', at('fresh')]);
      await skald(['checkpoint', '--key', at('fresh'), '-o', at('f1')]);
      expect(made.out).toContain(JSON.parse(text('f1')).key);
    },
  },
  {
    title: 'takes a checkpoint out of the row, or repeats one',
    by: 'the next one, where both are given',
    async check() {
      expect((await against(['c1', 'c2', 'c3'])).code).toBe(0);
      for (const row of [
        ['c1', 'c3'],
        ['c1', 'c1'],
        ['c2', 'c1'],
        ['c3', 'c3'],
      ])
        expect(await against(row)).toMatchObject({ code: 1, err: expect.stringContaining('does not follow') });
    },
  },
  {
    title: 'takes the newest checkpoint away, or gives an older one for it',
    by: '`--max-age`; else you: `verify` prints number, time and position, and how many events came after',
    async check() {
      expect((await against(['c1', 'c2', 'c3'], { more: ['--max-age', '2d'] })).code).toBe(0);
      expect(await against(['c1', 'c2'], { more: ['--max-age', '36h'] })).toMatchObject({
        code: 3,
        out: 'the store: dropped: the newest checkpoint, number 2, was made 2 d ago: newer ones may have been taken away',
      });
      const { err } = await against(['c2']);
      expect(err).toContain('Checkpoint 2 was made on 2026-11-22T00:00:00.000Z at position 8, and signed');
      expect(err).toContain('8 events came after it: of these only the chain is verified.');
      expect(JSON.parse((await against(['c2'], { more: ['--json'] })).out)).toMatchObject({
        newest: { number: 2, position: 8, eventsAfter: 8 },
      });
    },
  },
  {
    title: 'sets the clock of whoever signs',
    by: '`checkpoint` and `verify`: a time before that of the checkpoint before or of an event that it covers, or still to come, is refused',
    async check() {
      const checkpoint = (now: number, ...more: readonly string[]) => skald(['checkpoint', '--key', at('k'), ...more], { now });
      expect(await checkpoint(NOW - DAY - 1, '--previous', at('c3'))).toMatchObject({
        code: 1,
        err: expect.stringContaining('the clock is behind the checkpoint before'),
      });
      expect(await checkpoint(NOW - DAY)).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining('the clock is behind the last event'),
      });
      const privateKey = text('k');
      const { format: _, key: _key, signature: _signature, heads: _heads, ...covered } = JSON.parse(text('c3'));
      const signed = (change: object) =>
        writeFileSync(at('shifted'), JSON.stringify(signCheckpoint({ ...covered, ...change }, privateKey)));
      signed({ at: NOW - 2 * DAY });
      expect(await against(['shifted'])).toMatchObject({
        code: 3,
        out: expect.stringContaining('covers this event of 2026-11-23T00:00:00.000Z: a clock was wrong, or set'),
      });
      signed({ at: NOW - 3 * DAY });
      expect(await against(['c2', 'shifted'])).toMatchObject({
        code: 1,
        err: expect.stringContaining('its time is before that of number 2'),
      });
      signed({ at: NOW + DAY });
      expect(await against(['shifted'])).toMatchObject({ code: 1, err: expect.stringContaining('which is still to come') });
    },
  },
  {
    title: 'gives a checkpoint of another store, in which sagas have the same ids',
    by: 'the checkpoint',
    async check() {
      await skald(['checkpoint', '--key', at('k'), '-o', at('o1')], { data: 'other.db' });
      expect((await against(['o1'])).code).toBe(3);
      expect(await against(['c1', 'c2', 'c3'], { data: 'other.db' })).toMatchObject({
        code: 3,
        out: expect.stringContaining('written anew'),
      });
    },
  },
  {
    title: 'edits an export',
    by: '`import`, which takes nothing then',
    async check() {
      for (const edit of [
        (lines: readonly Line[]) => lines.map(edited),
        (lines: readonly Line[]) => lines.toSpliced(4, 1),
        (lines: readonly Line[]) => [...lines, ...lines.slice(-1)],
        (lines: readonly Line[]) => lines.map((line) => (line.stream === 'order-1' ? { ...line, stream: 'order-8' } : line)),
      ]) {
        expect(await carriedOver(edit)).toMatchObject({ imported: 1, said: expect.stringContaining('it does not hold') });
      }
    },
  },
  {
    title: 'edits an export, hashes and all',
    by: 'a checkpoint with its list, by `--copy`',
    async check() {
      expect(await carriedOver((lines) => lines)).toMatchObject({ imported: 0, verified: 0 });
      expect(await carriedOver((lines) => rehashed(lines.map(edited)))).toMatchObject({
        imported: 0,
        verified: 3,
        said: expect.stringContaining('order-1, revision 2: changed'),
      });
    },
  },
  {
    title: 'cuts the end of a stream off an export, or leaves a stream out',
    by: 'a checkpoint with its list, by `--copy`',
    async check() {
      const cut = (lines: readonly Line[]) => lines.filter(({ stream, revision }) => stream !== 'order-2' || revision < 2);
      expect(await carriedOver(cut)).toMatchObject({ verified: 3, said: expect.stringContaining('its tail is cut') });
      expect(await carriedOver((lines) => lines.filter(({ stream }) => stream !== 'order-2'))).toMatchObject({
        verified: 3,
        said: expect.stringContaining('it is gone'),
      });
    },
  },
  {
    title: 'puts a stream into an export',
    by: 'nothing: it may have begun after the checkpoint',
    async check() {
      const made = (lines: readonly Line[]) =>
        rehashed(lines.filter(({ stream }) => stream === 'order-1').map((line) => ({ ...line, stream: 'order-7' })));
      expect(await carriedOver((lines) => [...lines, ...made(lines)])).toMatchObject({ imported: 0, verified: 0 });
    },
  },
];

describe('Somebody who can write where checkpoints, keys or exports are kept', () => {
  test.each(ROWS)('$title: found by $by', ({ check }) => check());

  test('finds the same in docs/how-to/audit.md', () => {
    const page = readFileSync(new URL('../../../docs/how-to/audit.md', import.meta.url), 'utf8');
    expect(ROWS.map(({ title, by }) => `| ${title} | ${by} |`).filter((row) => !page.includes(`${row}\n`))).toEqual([]);
  });
});
