import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { recordOf } from './fence-table.js';
import { isRefusal, problemOf, rolledBack } from './postgres-errors.js';
import { type PostgresFenceOptions, postgresFence, postgresFenceSchema } from './postgres-fence.js';

/** Connects to nothing until it is asked for a client. */
function pool(max?: number): pg.Pool {
  return new pg.Pool({ host: '127.0.0.1', port: 1, ...(max !== undefined && { max }) });
}

describe('The options of a PostgreSQL fence', () => {
  it.each([
    [undefined, 5],
    [1, 1],
    [9, 4],
  ])('G2: leave half of a pool of %p to the actions', (max, concurrency) => {
    expect(postgresFence(pool(max)).concurrency).toBe(concurrency);
  });

  it.each<[PostgresFenceOptions]>([
    [{ concurrency: 0 }],
    [{ concurrency: 11 }],
    [{ concurrency: 1.5 }],
    [{ waitForKey: -1 }],
    [{ waitForKey: 60_001 }],
    [{ resolveFor: Number.NaN }],
    [{ table: 'Fence' }],
    [{ table: 'a.b.c' }],
    [{ table: 'fence"; DROP TABLE orders; --' }],
    [{ table: '' }],
  ])('are refused when they are out of bounds: %p', (options) => {
    expect(() => postgresFence(pool(), options)).toThrow(expect.objectContaining({ code: 'fence-misused' }));
  });

  it('name the table in a schema', () => {
    expect(postgresFenceSchema('shop.fence')).toContain('CREATE TABLE IF NOT EXISTS "shop"."fence"');
    expect(postgresFenceSchema('shop.fence')).toContain('"fence_written_at" ON "shop"."fence"');
    expect(postgresFenceSchema()).toContain('"skald_fence"');
  });
});

describe('A PostgreSQL fence without a server', () => {
  it('says that it cannot be reached, and may be asked again', async () => {
    const fence = postgresFence(pool(), { concurrency: 1 });
    for (let i = 0; i < 2; i++) {
      await expect(fence.session(async () => {})).rejects.toMatchObject({
        code: 'fence-unavailable',
        retryable: true,
        details: { table: 'skald_fence', problem: expect.stringContaining('ECONNREFUSED') },
      });
    }
    await expect(fence.prune(0)).rejects.toMatchObject({ code: 'fence-unavailable' });
  });
});

describe('What PostgreSQL says', () => {
  const server = (code: string, severity = 'ERROR') => Object.assign(new Error('no'), { code, severity });

  it('C1: is a refusal only when the server says ERROR; a connection that ends may have ended too late', () => {
    expect(isRefusal(server('40001'))).toBe(true);
    expect(isRefusal(server('57P01', 'FATAL'))).toBe(false);
    expect(isRefusal(Object.assign(new Error('reset'), { code: 'ECONNRESET' }))).toBe(false);
    expect(isRefusal(new Error('Query read timeout'))).toBe(false);
  });

  it('comes in the catalogue’s words, with its cause and code', () => {
    const cause = server('40P01');
    expect(rolledBack('t', cause)).toMatchObject({ code: 'fence-rolled-back', cause, message: expect.stringContaining('SQLSTATE 40P01') });
    expect(rolledBack('t', server('42P01')).code).toBe('fence-not-ready');
    expect(rolledBack('t', rolledBack('t', cause)).cause).toBe(cause);
    expect(problemOf(new AggregateError([new Error('one'), new Error('two')]))).toBe('one; two');
  });

  it('is refused when it is a record of a newer Skald', () => {
    expect(() => recordOf({ type: 'foretold' })).toThrow('unknown type "foretold"');
  });
});
