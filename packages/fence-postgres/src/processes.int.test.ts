import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Fence, FenceRecord } from '@skald/kernel';
import pg from 'pg';
import { CuttingProxy } from '../fixtures/cutting-proxy.js';
import { postgresAtHand } from '../fixtures/postgres-at-hand.js';
import { postgresFence } from './postgres-fence.js';
import { currentClient } from './transaction-client.js';

const PACKAGE = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const postgres = postgresAtHand();
const whereThereIsOne = postgres.url === undefined ? describe.skip : describe;
afterAll(() => postgres.stop());

const DONE: FenceRecord = { type: 'succeeded', compensable: true };

let schema: string;
let pool: pg.Pool;
let processes: ChildProcess[];

beforeEach(async () => {
  if (postgres.url === undefined) return;
  processes = [];
  schema = `skald_${randomBytes(6).toString('hex')}`;
  pool = new pg.Pool({ connectionString: postgres.url, options: `-c search_path=${schema}` });
  await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE business (value text)`);
});
afterEach(async () => {
  if (postgres.url === undefined) return;
  for (const child of processes) child.kill('SIGKILL');
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
});

/** A participant's process: `script` finds `fence`, `currentClient`, `insert` and `tell`. */
function participant(script: string): ChildProcess {
  const setting = `
    import pg from 'pg';
    const { currentClient, postgresFence } = await import(${JSON.stringify(PACKAGE)});
    const pool = new pg.Pool({ connectionString: ${JSON.stringify(postgres.url)}, options: '-c search_path=${schema}' });
    const fence = postgresFence(pool, { concurrency: 4 });
    const insert = (value) => currentClient().query('INSERT INTO business VALUES ($1)', [value]);
    const DONE = { type: 'succeeded', compensable: true };
    ${script}`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const child = spawn(process.execPath, ['--input-type=module', '-e', setting], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  return child;
}

const said = (child: ChildProcess) => new Promise((resolve) => child.stdout?.once('data', resolve));
const ended = (child: ChildProcess) => new Promise((resolve) => child.once('close', resolve));

async function business(): Promise<string[]> {
  return (await pool.query('SELECT value FROM business ORDER BY value')).rows.map(({ value }) => String(value));
}

function charge(fence: Fence, key: string): Promise<string> {
  return fence.session(async (session) => {
    const before = await session.get(key);
    if (before) return before.type;
    await session.savepoint(async () => {
      await currentClient().query('INSERT INTO business VALUES ($1)', [key]);
      await session.put(key, DONE);
    });
    return 'charged';
  });
}

whereThereIsOne(`Participants in several processes ${postgres.reason}`, () => {
  it('A5, G1: leaves nothing of an action in which its process was killed, and lets the next one run', async () => {
    const child = participant(`
      await fence.session(async (session) => {
        await session.get('key');
        await insert('of the dead');
        await session.put('key', DONE);
        console.log('in the middle');
        await new Promise((resolve) => setInterval(resolve, 1e6));
      });`);
    await said(child);
    const fence = postgresFence(pool, { waitForKey: 0 });
    expect(await charge(fence, 'key')).toBe('running');
    child.kill('SIGKILL');
    await ended(child);
    const patient = postgresFence(pool, { waitForKey: 60_000 });
    expect(await charge(patient, 'key')).toBe('charged');
    expect(await business()).toEqual(['key']);
  });

  it('G2, S1: runs no key twice when processes race for it', async () => {
    const racers = [1, 2, 3].map(() =>
      participant(`
        const one = async (key) => {
          for (;;) {
            const seen = await fence.session(async (session) => {
              const before = await session.get(key);
              if (before) return before.type;
              await insert(key);
              await session.put(key, DONE);
            });
            if (seen !== 'running') return;
          }
        };
        await Promise.all(Array.from({ length: 8 }, async () => {
          for (let i = 100; i < 160; i++) await one('key-' + i);
        }));
        await pool.end();`),
    );
    expect(await Promise.all(racers.map(ended))).toEqual([0, 0, 0]);
    expect(await business()).toEqual(Array.from({ length: 60 }, (_, i) => `key-${100 + i}`));
  });
});

whereThereIsOne(`A connection that is cut at COMMIT ${postgres.reason}`, () => {
  let proxy: CuttingProxy;
  let cutPool: pg.Pool;

  beforeEach(async () => {
    const url = new URL(postgres.url ?? '');
    proxy = new CuttingProxy(url.hostname, Number(url.port || 5432));
    url.host = `127.0.0.1:${await proxy.listen()}`;
    cutPool = new pg.Pool({ connectionString: url.href, options: `-c search_path=${schema}`, ssl: false });
    await charge(postgresFence(cutPool), 'first');
  });
  afterEach(async () => {
    await cutPool.end();
    proxy.close();
  });

  it('C1: rejects when the COMMIT did not arrive: nothing happened', async () => {
    proxy.cut = 'before';
    await expect(charge(postgresFence(cutPool), 'key')).rejects.toMatchObject({ code: 'fence-rolled-back', retryable: true });
    expect(await business()).toEqual(['first']);
    expect(await charge(postgresFence(cutPool), 'key')).toBe('charged');
  });

  it('C2: resolves when only the answer was lost', async () => {
    proxy.cut = 'after';
    expect(await charge(postgresFence(cutPool), 'key')).toBe('charged');
    expect(await business()).toEqual(['first', 'key']);
    expect(await charge(postgresFence(pool), 'key')).toBe('succeeded');
  });

  it('C3: ends a transaction whose COMMIT never arrived, and frees its key', async () => {
    proxy.cut = 'half';
    await expect(charge(postgresFence(cutPool), 'key')).rejects.toMatchObject({ code: 'fence-rolled-back' });
    expect(await charge(postgresFence(pool, { waitForKey: 0 }), 'key')).toBe('charged');
    expect(await business()).toEqual(['first', 'key']);
  });

  it('C4: says that it does not know when it cannot find out; the fence answers when it can be asked again', async () => {
    proxy.cut = 'after';
    const fence = postgresFence(cutPool, { resolveFor: 150 });
    const lost = fence.session(async (session) => {
      await session.get('key');
      await currentClient().query("INSERT INTO business VALUES ('key')");
      await session.put('key', DONE);
      proxy.unreachable = true;
    });
    await expect(lost).rejects.toMatchObject({ code: 'fence-unknown', retryable: true });
    await expect(charge(fence, 'key')).rejects.toMatchObject({ code: 'fence-unavailable', retryable: true });
    proxy.unreachable = false;
    expect(await charge(fence, 'key')).toBe('succeeded');
    expect(await business()).toEqual(['first', 'key']);
  });

  it('loses nothing of a session that wrote nothing', async () => {
    proxy.cut = 'before';
    const fence = postgresFence(cutPool, { resolveFor: 0 });
    expect(await fence.session(async (session) => session.get('first'))).toEqual(DONE);
  });
});
