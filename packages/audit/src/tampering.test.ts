import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { stepGraph } from '@skald/kernel';
import { lives, order } from '../fixtures/order-lives.js';
import { ATTACKS, type Attack, type Found } from '../fixtures/sqlite-attacks.js';
import { TamperedStore } from '../fixtures/tampered-sqlite.js';
import { type Checkpoint, generateKeys } from './checkpoint.js';
import { makeCheckpoint, verifyAgainst } from './checkpoint-store.js';
import { conformOne } from './conform-store.js';

let folder: string;
let whole: string;
const keys = generateKeys();
let checkpoints: Readonly<Record<'root' | 'list', Checkpoint>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-tampering-'));
  whole = join(folder, 'whole.db');
  const store = await openSqliteStore({ file: whole });
  const streams = [...lives()];
  // An event of each in turn: positions of streams lie between one another.
  for (let revision = 0; streams.some(([, events]) => revision < events.length); revision++) {
    const writes = streams.flatMap(([stream, events]) => {
      const event = events[revision];
      return event ? [{ stream, expectedRevision: revision - 1, events: [event] }] : [];
    });
    await store.events.append(writes);
  }
  const made = { privateKey: keys.privateKey, at: 10_000_000_000 };
  checkpoints = { root: await makeCheckpoint(store.events, made), list: await makeCheckpoint(store.events, { ...made, list: true }) };
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of the store after that. */
function tampered(change: Attack['change']): string {
  const file = join(folder, 'tampered.db');
  rmSync(file, { force: true });
  copyFileSync(whole, file);
  const db = new DatabaseSync(file);
  change(new TamperedStore(db));
  db.close();
  return file;
}

async function findings(change: Attack['change']) {
  const file = tampered(change);
  const store = await openSqliteStore({ file, readOnly: true });
  try {
    const found = async (...against: readonly Checkpoint[]) => (await verifyAgainst(store.events, against)).findings;
    return { alone: await found(), byRoot: await found(checkpoints.root), byList: await found(checkpoints.list) };
  } finally {
    await store.close();
  }
}

describe('Somebody who can write to the file of an embedded store', () => {
  test('and does not, is not suspected', async () => {
    expect(await findings(() => {})).toEqual({ alone: [], byRoot: [], byList: [] });
  });

  test.each(ATTACKS)('$title: found by $by', async ({ by, change }) => {
    const { alone, byRoot, byList } = await findings(change);
    expect({ alone: alone.length > 0, byRoot: byRoot.length > 0, byList: byList.length > 0 }).toEqual({
      alone: by === 'verify',
      byRoot: by !== 'nothing',
      byList: by !== 'nothing',
    });
  });

  test('and appends an event that no definition makes, is found by conformance', async () => {
    const attack = ATTACKS.find(({ title }) => title.startsWith('appends an event'));
    const file = tampered((store) => attack?.change(store));
    const store = await openSqliteStore({ file, readOnly: true });
    const conformance = await conformOne(store.events, 'order-waits', [{ program: stepGraph(order()) }]);
    await store.close();
    expect(conformance).toMatchObject({ replay: { difference: { recorded: { type: 'StepRequested' } } } });
  });

  test('finds the same in docs/how-to/audit.md', () => {
    const text = readFileSync(new URL('../../../docs/how-to/audit.md', import.meta.url), 'utf8');
    const rows = ATTACKS.map(({ title, by }) => `| ${title} | ${WORDS[by]} |`);
    expect(rows.filter((row) => !text.includes(`${row}\n`))).toEqual([]);
  });
});

const WORDS: Readonly<Record<Found, string>> = { verify: '`verify`', checkpoint: 'a checkpoint', nothing: 'nothing' };
