import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FenceRecord, FenceSession } from '@skald/kernel';
import { fenceContract } from '@skald/testkit';
import pg from 'pg';
import { postgresAtHand } from '../fixtures/postgres-at-hand.js';
import { type PostgresFenceOptions, postgresFence, postgresFenceSchema } from './postgres-fence.js';
import { currentClient } from './transaction-client.js';

const postgres = postgresAtHand();
const whereThereIsOne = postgres.url === undefined ? describe.skip : describe;
afterAll(() => postgres.stop());

const DONE: FenceRecord = { type: 'succeeded', result: '1', compensable: true };

/** A pool on a schema of its own. */
async function openPool(config: pg.PoolConfig = {}) {
  const schema = `skald_${randomBytes(6).toString('hex')}`;
  const pool = new pg.Pool({ connectionString: postgres.url, options: `-c search_path=${schema}`, ...config });
  await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE business (value text UNIQUE)`);
  const close = async (): Promise<void> => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  };
  return { pool, schema, close };
}

async function openFence(options: PostgresFenceOptions) {
  const { pool, close } = await openPool();
  return {
    subject: postgresFence(pool, options),
    concurrency: options.concurrency ?? 1,
    age: async (milliseconds: number) =>
      void (await pool.query('UPDATE skald_fence SET written_at = written_at - make_interval(secs => $1)', [milliseconds / 1_000])),
    business: {
      write: async (value: string) => void (await currentClient().query('INSERT INTO business VALUES ($1)', [value])),
      read: async () => (await pool.query('SELECT value FROM business')).rows.map(({ value }) => String(value)),
    },
    close,
  };
}

if (postgres.url !== undefined) {
  fenceContract('The PostgreSQL fence', () => openFence({ concurrency: 4 }));
  fenceContract('The PostgreSQL fence, one session at a time', () => openFence({ concurrency: 1 }));
  fenceContract('The PostgreSQL fence, serializable', () => openFence({ concurrency: 1, isolation: 'serializable' }));
}

let pool: pg.Pool;
let schema: string;
let closePool: () => Promise<void>;

async function keys(): Promise<string[]> {
  return (await pool.query('SELECT key FROM skald_fence ORDER BY key')).rows.map(({ key }) => String(key));
}

async function business(): Promise<string[]> {
  return (await pool.query('SELECT value FROM business ORDER BY value')).rows.map(({ value }) => String(value));
}

const insertOutside = (value: string) => pool.query('INSERT INTO business VALUES ($1)', [value]);
const insert = (value: string) => currentClient().query('INSERT INTO business VALUES ($1)', [value]);

whereThereIsOne(`The PostgreSQL fence ${postgres.reason}`, () => {
  beforeEach(async () => {
    ({ pool, schema, close: closePool } = await openPool());
  });
  afterEach(() => closePool());

  it('A5, G1: keeps nothing when the commit fails, and the next session goes on', async () => {
    await pool.query('CREATE TABLE child (parent text REFERENCES business (value) DEFERRABLE INITIALLY DEFERRED)');
    const fence = postgresFence(pool);
    const failing = fence.session(async (session) => {
      await session.put('key', DONE);
      await currentClient().query("INSERT INTO child VALUES ('nobody')");
    });
    await expect(failing).rejects.toMatchObject({ code: 'fence-rolled-back', retryable: true, cause: { code: '23503' } });
    await fence.session(async (session) => session.put('next', DONE));
    expect(await keys()).toEqual(['next']);
  });

  it('G1: keeps nothing of a session in which a statement failed, even if the action hides it', async () => {
    const fence = postgresFence(pool);
    await insertOutside('taken');
    const careless = fence.session(async (session) => {
      await session.put('key', DONE);
      await insert('taken').catch(() => {});
    });
    await expect(careless).rejects.toMatchObject({ code: 'fence-rolled-back' });
    expect(await keys()).toEqual([]);
  });

  it('S2: undoes a savepoint in which a statement failed and was hidden, and records the outcome all the same', async () => {
    const fence = postgresFence(pool);
    await insertOutside('taken');
    await fence.session(async (session) => {
      const action = session.savepoint(async () => {
        await insert('mine');
        await insert('taken').catch(() => {});
      });
      await expect(action).rejects.toMatchObject({ code: 'fence-rolled-back' });
      await session.put('key', { type: 'failed', error: { name: 'Taken', message: '' } });
    });
    expect([await keys(), await business()]).toEqual([['key'], ['taken']]);
  });

  it('S2: refuses a session with savepoints side by side: it could not tell whose work to undo', async () => {
    const fence = postgresFence(pool);
    const side = fence.session(async (session) => {
      const slow = session.savepoint(() => new Promise((resolve) => setTimeout(resolve, 20)));
      const slower = session.savepoint(() => slow.catch(() => {}));
      await Promise.allSettled([slow, slower]);
      await session.put('key', DONE);
    });
    await expect(side).rejects.toMatchObject({ code: 'fence-rolled-back', message: expect.stringContaining('two savepoints') });
  });

  it('S3: writes nothing more after the action’s code has ended the transaction unseen', async () => {
    const fence = postgresFence(pool);
    await fence.session(async (session) => session.put('before', DONE));
    const rude = fence.session(async (session) => {
      await currentClient().query('SELECT 1; ROLLBACK');
      await session.put('key', DONE);
    });
    await expect(rude).rejects.toMatchObject({ code: 'fence-rolled-back', message: expect.stringContaining('was ended') });
    const late = fence.session(async (session) => {
      await session.put('key', DONE);
      await currentClient().query('SELECT 1; ROLLBACK');
    });
    await expect(late).rejects.toMatchObject({ code: 'fence-rolled-back', message: expect.stringContaining('was ended') });
    const within = fence.session((session) => session.savepoint(() => currentClient().query('SELECT 1; ROLLBACK')));
    await expect(within).rejects.toMatchObject({ code: 'fence-rolled-back' });
    expect(await keys()).toEqual(['before']);
  });

  it('T2, T3: refuses a query after the session, and control of its transaction', async () => {
    const fence = postgresFence(pool);
    let kept: pg.PoolClient | undefined;
    let session: FenceSession | undefined;
    await fence.session(async (one) => {
      session = one;
      kept = currentClient();
      expect(() => kept?.query('COMMIT')).toThrow(expect.objectContaining({ code: 'fence-misused' }));
      expect(() => kept?.release()).toThrow(expect.objectContaining({ code: 'fence-misused' }));
      await kept.query('SAVEPOINT mine; ROLLBACK TO mine');
      await one.put('key', DONE);
    });
    expect(() => kept?.query('SELECT 1')).toThrow(expect.objectContaining({ code: 'fence-misused' }));
    await expect(session?.get('key')).rejects.toThrow('has ended');
    expect(() => currentClient()).toThrow(expect.objectContaining({ code: 'fence-misused' }));
  });

  it('rolls back what loses a serialization conflict, and says which', async () => {
    const fence = postgresFence(pool, { isolation: 'serializable' });
    await pool.query('CREATE TABLE counter (n int); INSERT INTO counter VALUES (0)');
    const bump = (key: string) =>
      fence.session(async (session) => {
        await session.get(key);
        await session.put(key, DONE);
        const { rows } = await currentClient().query('SELECT n FROM counter');
        await currentClient().query('UPDATE counter SET n = $1', [rows[0].n + 1]);
      });
    const results = await Promise.allSettled(['a', 'b', 'c', 'd'].map(bump));
    const kept = results.filter(({ status }) => status === 'fulfilled').length;
    expect((await pool.query('SELECT n FROM counter')).rows).toEqual([{ n: kept }]);
    expect(await keys()).toHaveLength(kept);
    for (const result of results) {
      if (result.status === 'rejected') expect([result.reason.code, result.reason.cause?.code]).toContain('40001');
    }
  });

  it('rolls a deadlocked action back to its savepoint, with the error that PostgreSQL gave', async () => {
    const fence = postgresFence(pool, { concurrency: 2 });
    await pool.query("CREATE TABLE stock (item text PRIMARY KEY, n int); INSERT INTO stock VALUES ('a', 0), ('b', 0)");
    const both: (() => void)[] = [];
    const met = new Promise<void>((resolve) => both.push(resolve));
    let arrived = 0;
    const take = (key: string, first: string, second: string) =>
      fence.session(async (session) => {
        const take = (item: string) => currentClient().query('UPDATE stock SET n = n + 1 WHERE item = $1', [item]);
        return session
          .savepoint(async () => {
            await take(first);
            if (++arrived === 2) both[0]?.();
            await met;
            await take(second);
            await session.put(key, DONE);
            return 'done';
          })
          .catch((error: { code: string }) => error.code);
      });
    const outcomes = await Promise.all([take('one', 'a', 'b'), take('two', 'b', 'a')]);
    expect(outcomes.sort()).toEqual(['40P01', 'done']);
    expect((await pool.query('SELECT n FROM stock')).rows).toEqual([{ n: 1 }, { n: 1 }]);
    expect(await keys()).toHaveLength(1);
  });

  it('says that the key is running when it stays in use, and refuses to write over it', async () => {
    const fence = postgresFence(pool, { concurrency: 3, waitForKey: 0 });
    await fence.session(async (holder) => {
      await holder.get('key');
      expect(await fence.session(async (session) => session.get('key'))).toMatchObject({ type: 'running' });
      await expect(fence.session(async (session) => session.put('key', DONE))).rejects.toMatchObject({ code: 'fence-rolled-back' });
      await fence.session(async (session) => session.put('other', DONE));
    });
    expect(await keys()).toEqual(['other']);
  });

  it('gives the lock of a key back with the savepoint in which it was taken', async () => {
    const fence = postgresFence(pool, { concurrency: 2, waitForKey: 0 });
    await fence.session(async (session) => {
      await session.savepoint(async () => void (await session.get('key')));
      const inner = session.savepoint(async () => {
        await session.get('lost');
        throw new Error('undone');
      });
      await expect(inner).rejects.toThrow('undone');
      expect(await fence.session(async (other) => other.get('key'))).toMatchObject({ type: 'running' });
      await fence.session(async (other) => other.put('lost', DONE));
      await session.put('key', DONE);
    });
    expect(await keys()).toEqual(['key', 'lost']);
  });

  it('outlives a connection that is lost in the middle of an action', async () => {
    const fence = postgresFence(pool);
    const cut = fence.session(async (session) => {
      await session.put('key', DONE);
      const { rows } = await currentClient().query('SELECT pg_backend_pid() AS pid');
      await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
      await insert('after').catch(() => {});
    });
    await expect(cut).rejects.toMatchObject({ code: 'fence-rolled-back' });
    expect(await keys()).toEqual([]);
    await fence.session(async (session) => session.put('next', DONE));
  });

  it('creates its table once when many begin at the same time', async () => {
    const fences = Array.from({ length: 6 }, () => postgresFence(pool, { concurrency: 1 }));
    await Promise.all(fences.map((fence, i) => fence.session(async (session) => session.put(`key-${i}`, DONE))));
    expect(await keys()).toHaveLength(6);
  });

  it('needs no right to create a table that is there', async () => {
    const role = `guest_${randomBytes(4).toString('hex')}`;
    await pool.query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'; GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    const url = new URL(postgres.url ?? '');
    [url.username, url.password] = [role, role];
    const asGuest = new pg.Pool({ connectionString: url.href, options: `-c search_path=${schema}` });
    const fence = postgresFence(asGuest);
    await expect(fence.session(async () => {})).rejects.toMatchObject({ code: 'fence-not-ready', cause: { code: '42501' } });
    await pool.query(postgresFenceSchema());
    await expect(fence.session(async (session) => session.get('key'))).rejects.toMatchObject({ code: 'fence-not-ready' });
    await pool.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON skald_fence TO ${role}`);
    await fence.session(async (session) => session.put('key', DONE));
    await asGuest.end();
    await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });

  it('does not take a record of a newer Skald for nothing seen', async () => {
    const fence = postgresFence(pool);
    await pool.query(`${postgresFenceSchema()}; INSERT INTO skald_fence (key, type, written_at) VALUES ('key', 'foretold', now())`);
    await expect(fence.session(async (session) => session.get('key'))).rejects.toThrow('unknown type "foretold"');
  });

  it('leaves a record that a session is about to rewrite when it prunes', async () => {
    const fence = postgresFence(pool, { concurrency: 2 });
    await fence.session(async (session) => {
      for (const key of ['old', 'undone-now']) await session.put(key, DONE);
    });
    await pool.query("UPDATE skald_fence SET written_at = written_at - interval '100 days'");
    await fence.session(async (session) => {
      await session.put('undone-now', { type: 'undone', round: 1, executed: true });
      expect(await fence.prune(Date.now() + 60_000)).toBe(1);
    });
    expect(await keys()).toEqual(['undone-now']);
  });
});
