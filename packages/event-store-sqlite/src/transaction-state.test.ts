import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import { fileOf, inTransaction } from './transaction-state.js';

/** As Node 22.13 gives it. */
function withoutIsTransaction(): DatabaseSync {
  return new Proxy(new DatabaseSync(':memory:'), {
    get: (db, name) => {
      const value: unknown = name === 'isTransaction' ? undefined : Reflect.get(db, name, db);
      return typeof value === 'function' ? value.bind(db) : value;
    },
  });
}

describe.each([
  ['this Node', () => new DatabaseSync(':memory:')],
  ['a Node without isTransaction', withoutIsTransaction],
])('Whether a connection is within a transaction, on %s', (_, open) => {
  it('is asked of SQLite and changes nothing', () => {
    const db = open();
    expect(inTransaction(db)).toBe(false);
    db.exec('CREATE TABLE t (x); BEGIN; INSERT INTO t VALUES (1)');
    expect(inTransaction(db)).toBe(true);
    db.exec('SAVEPOINT one');
    expect(inTransaction(db)).toBe(true);
    db.exec('COMMIT');
    expect(inTransaction(db)).toBe(false);
    expect(db.prepare('SELECT count(*) AS rows FROM t').get()).toEqual({ rows: 1 });
    db.close();
  });
});

describe('The file of a connection', () => {
  it('is :memory: where there is none', () => {
    const db = new DatabaseSync(':memory:');
    expect(fileOf(db)).toBe(':memory:');
    db.close();
  });
});
