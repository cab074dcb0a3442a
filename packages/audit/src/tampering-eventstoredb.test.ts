import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chainHash, uuidOf } from '@skald/engine';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { startTestServer } from '@skald/eventstoredb-test-server';
import type { EventStore } from '@skald/kernel';
import { lives } from '../fixtures/order-lives.js';
import { type Checkpoint, generateKeys } from './checkpoint.js';
import { makeCheckpoint, verifyAgainst } from './checkpoint-store.js';

/** As the test server keeps an event; data and metadata are base64. */
type Row = [
  position: number,
  stream: string,
  revision: number,
  id: string,
  type: string,
  json: boolean,
  data: string,
  metadata: string,
  created: number,
];

interface Attack {
  readonly title: string;
  readonly by: 'verify' | 'checkpoint' | 'nothing';
  readonly change: (rows: Row[]) => Row[];
  /** What is told, of which stream. */
  readonly told?: RegExp;
}

const DONE = 'order-done';
const WORDS = { verify: '`verify`', checkpoint: 'a checkpoint', nothing: 'nothing' };
const text = (base64: string) => Buffer.from(base64, 'base64').toString();
const base64 = (raw: string) => Buffer.from(raw).toString('base64');
const of = (rows: readonly Row[], stream: string) => rows.filter((row) => row[1] === stream);
const revised = (rows: readonly Row[]) => {
  const next = new Map<string, number>();
  return rows.map((row): Row => {
    const revision = next.get(row[1]) ?? 0;
    next.set(row[1], revision + 1);
    return row.with(2, revision) as Row;
  });
};
const edited = (row: Row): Row => row.with(6, base64(text(row[6]).replace('"7"', '"8"'))) as Row;
/** What its metadata say of a stream: the server's own way to delete and to forget. */
const said = (rows: readonly Row[], stream: string, limits: object): Row[] => [
  ...rows,
  [
    (rows.at(-1)?.[0] ?? 0) + 1_000,
    `$$${stream}`,
    0,
    '00000000-0000-4000-8000-000000000001',
    '$metadata',
    true,
    base64(JSON.stringify(limits)),
    '',
    0,
  ],
];

function rechained(rows: readonly Row[], stream: string): Row[] {
  let before = stream;
  return rows.map((row): Row => {
    if (row[1] !== stream) return row;
    const { metadata } = JSON.parse(text(row[7])) as { readonly metadata: object };
    const told = JSON.stringify({ ...metadata, ...(before !== stream && { previous: before }) });
    before = chainHash(before, row[4], text(row[6]), told);
    return row.with(3, uuidOf(before)).with(7, base64(`{"skald":"${before}","metadata":${told}}`)) as Row;
  });
}

const ATTACKS: readonly Attack[] = [
  {
    title: 'changes an event in the server’s files',
    by: 'verify',
    change: (rows) => rows.map((row) => (row[1] === DONE && row[2] === 1 ? edited(row) : row)),
    told: /order-done, 1, changed/,
  },
  {
    title: 'takes an event out of the server’s files',
    by: 'verify',
    change: (rows) => revised(rows.filter((row) => row[1] !== DONE || row[2] !== 4)),
    told: /order-done, 4, dropped/,
  },
  {
    title: 'cuts a stream’s end off in the server’s files',
    by: 'checkpoint',
    change: (rows) => rows.filter((row) => row[1] !== DONE || row[2] < 6),
  },
  { title: 'takes a stream out of the server’s files', by: 'checkpoint', change: (rows) => rows.filter((row) => row[1] !== DONE) },
  {
    title: 'writes a stream anew in the server’s files, hashes and all',
    by: 'checkpoint',
    change: (rows) =>
      rechained(
        rows.map((row) => (row[1] === DONE ? edited(row) : row)),
        DONE,
      ),
  },
  {
    title: 'exchanges the places of two streams’ events in the server’s files',
    by: 'checkpoint',
    change(rows) {
      const [one, other] = [
        rows.findIndex((row) => row[1] === DONE && row[2] === 2),
        rows.findIndex((row) => row[1] === 'order-undone' && row[2] === 2),
      ];
      const [first, second] = [rows[one], rows[other]];
      if (!first || !second) throw new Error('both are there');
      return rows.with(one, second.with(0, first[0]) as Row).with(other, first.with(0, second[0]) as Row);
    },
  },
  {
    title: 'deletes a stream, as a client of the server can',
    by: 'verify',
    change: (rows) => said(rows, DONE, { $tb: Number.MAX_SAFE_INTEGER }),
    told: /order-done, 0, dropped/,
  },
  {
    title: 'deletes a stream for ever, as a client of the server can',
    by: 'verify',
    change: (rows) => [
      ...rows,
      [
        (rows.at(-1)?.[0] ?? 0) + 1_000,
        DONE,
        Number.MAX_SAFE_INTEGER,
        '00000000-0000-4000-8000-000000000002',
        '$streamDeleted',
        true,
        '',
        '',
        0,
      ],
    ],
    told: /order-done, undefined, changed, it cannot be read: it was deleted/,
  },
  {
    title: 'has the server forget the first events of a stream ($tb, $maxCount, $maxAge)',
    by: 'verify',
    change: (rows) => said(rows, DONE, { $maxCount: 2 }),
    told: /order-done, 0, changed, it cannot be read/,
  },
  {
    title: 'appends to a stream what Skald did not write',
    by: 'verify',
    change: (rows) => [
      ...rows,
      [
        (rows.at(-1)?.[0] ?? 0) + 1_000,
        DONE,
        of(rows, DONE).length,
        '00000000-0000-4000-8000-000000000003',
        'Theirs',
        true,
        base64('{}'),
        base64('{}'),
        0,
      ],
    ],
    told: /order-done, \d+, changed, it cannot be read: Skald did not write it/,
  },
  {
    title: 'appends an event after the newest checkpoint, chained as it should be, by a client of the server',
    by: 'nothing',
    change(rows) {
      const forged = of(rows, 'order-waits').slice(0, 2).at(-1);
      if (!forged) throw new Error('it is there');
      const row = edited(forged)
        .with(0, (rows.at(-1)?.[0] ?? 0) + 1_000)
        .with(2, of(rows, 'order-waits').length) as Row;
      return rechained([...rows, row], 'order-waits');
    },
  },
];

let folder: string;
let rows: Row[];
let checkpoints: readonly Checkpoint[];

/** On a server with these files. */
async function served<T>(data: string, work: (store: EventStore) => Promise<T>): Promise<T> {
  const server = await startTestServer({ data });
  const store = await connectEventStore({ connectionString: server.connectionString });
  try {
    return await work(store);
  } finally {
    await store.close();
    await server.stop();
  }
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-tampering-'));
  const { privateKey } = generateKeys();
  checkpoints = await served(folder, async (store) => {
    const streams = [...lives()];
    for (let revision = 0; streams.some(([, events]) => revision < events.length); revision++) {
      const writes = streams.flatMap(([stream, events]) => {
        const event = events[revision];
        return event ? [{ stream, expectedRevision: revision - 1, events: [event] }] : [];
      });
      await store.append(writes);
    }
    const made = { privateKey, at: 10_000_000_000 };
    return [await makeCheckpoint(store, made), await makeCheckpoint(store, { ...made, list: true })];
  });
  rows = readFileSync(join(folder, 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => JSON.parse(line) as Row[]);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function findings(changed: readonly Row[]) {
  const data = mkdtempSync(join(folder, 'tampered-'));
  writeFileSync(join(data, 'events.jsonl'), changed.map((row) => `${JSON.stringify([row])}\n`).join(''));
  return served(data, async (store) => {
    const found = async (...against: readonly Checkpoint[]) => (await verifyAgainst(store, against)).findings;
    const [root, list] = checkpoints;
    if (!root || !list) throw new Error('both were made');
    return { alone: await found(), byRoot: await found(root), byList: await found(list) };
  });
}

describe('Somebody who can write to an EventStoreDB, or to its files', () => {
  test('and does not, is not suspected', async () => {
    expect(await findings(rows)).toEqual({ alone: [], byRoot: [], byList: [] });
  });

  test.each(ATTACKS)('$title: found by $by', async ({ by, change, told }) => {
    const { alone, byRoot, byList } = await findings(change(rows));
    expect({ alone: alone.length > 0, byRoot: byRoot.length > 0, byList: byList.length > 0 }).toEqual({
      alone: by === 'verify',
      byRoot: by !== 'nothing',
      byList: by !== 'nothing',
    });
    const said = alone.map(({ stream, revision, kind, message }) => `${stream}, ${revision}, ${kind}, ${message}`).join('\n');
    if (told) expect(said).toMatch(told);
  });

  test('finds the same in docs/how-to/audit.md', () => {
    const page = readFileSync(new URL('../../../docs/how-to/audit.md', import.meta.url), 'utf8');
    expect(ATTACKS.map(({ title, by }) => `| ${title} | ${WORDS[by]} |`).filter((row) => !page.includes(`${row}\n`))).toEqual([]);
  });
});
