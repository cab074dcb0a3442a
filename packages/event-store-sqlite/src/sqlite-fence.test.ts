import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FenceRecord, FenceSession } from '@skald/kernel';
import { PatientBegin } from './patient-begin.js';
import { externalSqliteFence, openParticipantDatabase, sqliteFence } from './sqlite-fence.js';
import { inTransaction } from './transaction-state.js';

const DONE: FenceRecord = { type: 'succeeded', compensable: true };

let folder: string;
let db: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  db = openParticipantDatabase(join(folder, 'shop.db'));
  db.exec('CREATE TABLE business (value TEXT); CREATE TABLE parent (id INTEGER PRIMARY KEY)');
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

function keys(): string[] {
  return db
    .prepare('SELECT key FROM skald_fence ORDER BY key')
    .all()
    .map((row) => String(row['key']));
}

function business(): string[] {
  return db
    .prepare('SELECT value FROM business')
    .all()
    .map((row) => String(row['value']));
}

describe('The SQLite fence', () => {
  it('A5, N1: keeps nothing when the commit fails, and the next session goes on', async () => {
    db.exec('CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED); PRAGMA foreign_keys = ON');
    const fence = sqliteFence(db);
    const failing = fence.session(async (session) => {
      await session.put('key', DONE);
      db.exec('INSERT INTO child VALUES (1)');
    });
    await expect(failing).rejects.toMatchObject({ code: 'store-failed', cause: { code: 'ERR_SQLITE_ERROR' } });
    expect(inTransaction(db)).toBe(false);
    await fence.session(async (session) => session.put('next', DONE));
    expect(keys()).toEqual(['next']);
  });

  it('N2: lets the sessions of two fences of one connection run one after the other', async () => {
    const [one, two] = [sqliteFence(db), sqliteFence(db)];
    const log: string[] = [];
    const run = (name: string) => async (session: FenceSession) => {
      log.push(`${name} enters`);
      await session.put(name, DONE);
      await new Promise((resolve) => setImmediate(resolve));
      log.push(`${name} leaves`);
    };
    await Promise.all([one.session(run('one')), two.session(run('two')), one.prune(0), one.session(run('three'))]);
    expect(log).toEqual(['one enters', 'one leaves', 'two enters', 'two leaves', 'three enters', 'three leaves']);
    expect(keys()).toEqual(['one', 'three', 'two']);
  });

  it('N3: refuses a session with savepoints side by side: it could not tell whose work to undo', async () => {
    const fence = sqliteFence(db);
    const side = fence.session(async (session) => {
      const slow = session.savepoint(async () => {
        await new Promise((resolve) => setImmediate(resolve));
      });
      const slower = session.savepoint(async () => {
        await session.put('key', DONE);
        await slow.catch(() => {});
      });
      await Promise.allSettled([slow, slower]);
    });
    await expect(side).rejects.toMatchObject({ code: 'store-failed', message: expect.stringContaining('two savepoints') });
    expect(keys()).toEqual([]);
  });

  it('N4: does nothing more after the code of a participant has ended the transaction', async () => {
    const fence = sqliteFence(db);
    const rude = fence.session(async (session) => {
      await session.put('before', DONE);
      db.exec('ROLLBACK');
      await session.put('after', DONE);
    });
    await expect(rude).rejects.toMatchObject({ code: 'store-failed', message: expect.stringContaining('was ended') });
    expect(keys()).toEqual([]);
  });

  it('A5, N4: keeps nothing of a session in which the disk was full, even if the action hides it', async () => {
    const fence = sqliteFence(db);
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() ?? {};
    db.exec(`PRAGMA max_page_count = ${Number(pages) + 5}`);
    const insert = db.prepare('INSERT INTO business VALUES (?)');
    const full = fence.session(async (session) => {
      await session.put('before', DONE);
      const action = session.savepoint(async () => {
        try {
          insert.run('x'.repeat(1_000_000));
        } catch {
          // As a careless participant does.
        }
      });
      await action.catch(() => {});
      await session.put('after', DONE);
    });
    await expect(full).rejects.toMatchObject({ code: 'store-failed' });
    expect(keys()).toEqual([]);
    await fence.session(async (session) => {
      await session.put('next', DONE);
      insert.run('small');
    });
    expect(keys()).toEqual(['next']);
    expect(business()).toEqual(['small']);
  });

  it('N5: waits for another process without stopping this one, and leaves the participant its own patience', async () => {
    const fence = sqliteFence(db);
    const other = openParticipantDatabase(join(folder, 'shop.db'));
    other.exec('BEGIN IMMEDIATE');
    const waiting = fence.session(async (session) => session.put('key', DONE));
    // Timers run meanwhile: this one ends the wait.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(keys()).toEqual([]);
    other.exec('COMMIT');
    other.close();
    await waiting;
    expect(keys()).toEqual(['key']);
    expect(db.prepare('PRAGMA busy_timeout').get()).toEqual({ timeout: 5_000 });
  });

  it('N5: rejects with store-busy when there is no turn, and does nothing', async () => {
    const other = openParticipantDatabase(join(folder, 'shop.db'));
    other.exec('BEGIN IMMEDIATE');
    await expect(new PatientBegin(db, 10).run()).rejects.toMatchObject({ code: 'store-busy', retryable: true });
    expect(inTransaction(db)).toBe(false);
    other.close();
  });

  it('says store-full when a record does not fit', async () => {
    const fence = sqliteFence(db);
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() ?? {};
    db.exec(`PRAGMA max_page_count = ${Number(pages) + 1}`);
    const full = fence.session(async (session) => session.put('key', { ...DONE, result: 'x'.repeat(1_000_000) }));
    await expect(full).rejects.toMatchObject({ code: 'store-full' });
    expect(keys()).toEqual([]);
  });

  it('refuses a session object that is used after its session', async () => {
    const fence = sqliteFence(db);
    let kept: FenceSession | undefined;
    await fence.session(async (session) => {
      kept = session;
    });
    await fence.session(async () => expect(() => kept?.put('late', DONE)).toThrow('has ended'));
    const failing = fence.session(async (session) => {
      kept = session;
      throw new Error('not like this');
    });
    await expect(failing).rejects.toThrow('not like this');
    await fence.session(async () => expect(() => kept?.put('late', DONE)).toThrow('has ended'));
    expect(keys()).toEqual([]);
  });

  it('counts a record as written when it was last written', async () => {
    const fence = sqliteFence(db);
    await fence.session(async (session) => {
      await session.put('a', DONE);
      await session.put('b', DONE);
    });
    db.exec('UPDATE skald_fence SET written_at = 1000');
    await fence.session(async (session) => session.put('a', DONE));
    expect(await fence.prune(2_000)).toBe(1);
    expect(keys()).toEqual(['a']);
  });

  it('does not take a record of a newer Skald for nothing seen', async () => {
    const fence = sqliteFence(db);
    db.exec("INSERT INTO skald_fence (key, type, written_at) VALUES ('key', 'foretold', 1)");
    await expect(fence.session(async (session) => session.get('key'))).rejects.toThrow('unknown type "foretold"');
  });
});

describe('The external SQLite fence', () => {
  it('keeps its records in its own file, over closing and opening', async () => {
    const file = join(folder, 'fence.db');
    const first = externalSqliteFence({ file });
    expect(first.fence.kind).toBe('external');
    await first.fence.session(async (session) => session.put('key', DONE));
    await first.close();
    await first.close();
    const second = externalSqliteFence({ file });
    expect(await second.fence.session(async (session) => session.get('key'))).toEqual(DONE);
    await second.close();
  });

  it('takes over what earlier processes were at when it is told that nobody is at it any more, and nothing else', async () => {
    const file = join(folder, 'fence.db');
    const records = {
      interrupted: { type: 'running', leaseUntil: 60_000, token: 'a' },
      undoing: { type: 'running', leaseUntil: 60_000, token: 'b', undoing: true },
      over: { type: 'running', leaseUntil: 0, token: 'c' },
      undone: { type: 'undone', round: 70_000, executed: true },
    } as const;
    const first = externalSqliteFence({ file });
    await first.fence.session(async (session) => {
      for (const [key, record] of Object.entries(records)) await session.put(key, record);
    });
    await first.close();
    const second = externalSqliteFence({ file, takeOverAt: 2_000 });
    const found = await second.fence.session(async (session) => Promise.all(Object.keys(records).map((key) => session.get(key))));
    const { interrupted, undoing, over, undone } = records;
    expect(found).toEqual([{ ...interrupted, leaseUntil: 2_000 }, { ...undoing, leaseUntil: 2_000 }, over, undone]);
    await second.close();
  });

  it('says that its file cannot be opened', () => {
    expect(() => externalSqliteFence({ file: join(folder, 'no', 'fence.db') })).toThrow(
      expect.objectContaining({ code: 'store-unavailable' }),
    );
  });
});
