/**
 * The keys of sagas in a file of their own.
 *
 * Invariants
 * KS1  A key is stored wrapped (AES-256-GCM) under a master key, which is not in the file. The first master wraps new keys, the others are still
 *      read; `rewrap` brings all under the first, whereupon the others can be forgotten.
 * KS2  A dropped key is overwritten and its row stays, so that it is never made again. Backups of the file have it still: keep them apart, and
 *      no longer than you may.
 * KS3  Processes of one machine may share the file: who makes a key first makes it for all.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type KeyStore, type SagaKey, SkaldError } from '@skald/kernel';
import { translate } from './sqlite-errors.js';
import { locate } from './store-file.js';

export interface MasterKey {
  /** Stands in the file, beside what it wraps. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export interface SqliteKeyStoreOptions {
  /** Made where there is none; its folder must exist. Not the file of a store: keys and events have different readers and backups. */
  readonly file: string;
  /** The first wraps new keys. */
  readonly masters: readonly [MasterKey, ...MasterKey[]];
}

export interface SqliteKeyStore extends KeyStore {
  /** Wraps all keys under the first master. Resolves with how many were wrapped by another. */
  rewrap(): Promise<number>;
  close(): Promise<void>;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS saga_keys (
  saga_id TEXT PRIMARY KEY,
  key_id TEXT NOT NULL,
  master TEXT,
  wrapped BLOB,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
const NONCE = 12;
const TAG = 16;

/** Rejects with `store-unavailable`, or `store-corrupt` where the file is something else. */
export async function sqliteKeyStore({ file: name, masters }: SqliteKeyStoreOptions): Promise<SqliteKeyStore> {
  for (const { key } of masters) if (key.length !== 32) throw new TypeError(`a master key has 32 bytes, not ${key.length}`);
  const file = locate(name);
  try {
    const db = new DatabaseSync(file);
    try {
      db.exec(`PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; ${SCHEMA}`);
      return new KeyFile(db, file, masters);
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw translate(error, file, 'open');
  }
}

class KeyFile implements SqliteKeyStore {
  readonly #find: StatementSync;
  readonly #add: StatementSync;
  readonly #drop: StatementSync;

  constructor(
    private readonly db: DatabaseSync,
    private readonly file: string,
    private readonly masters: readonly [MasterKey, ...MasterKey[]],
  ) {
    this.#find = db.prepare('SELECT key_id, master, wrapped FROM saga_keys WHERE saga_id = ?');
    this.#add = db.prepare('INSERT INTO saga_keys (saga_id, key_id, master, wrapped, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING');
    this.#drop = db.prepare(`
      INSERT INTO saga_keys (saga_id, key_id, since) VALUES (?, '', ?)
      ON CONFLICT DO UPDATE SET key_id = '', master = NULL, wrapped = NULL, since = excluded.since`);
  }

  async keys(sagaIds: readonly string[], create: boolean): Promise<ReadonlyMap<string, SagaKey | 'dropped'>> {
    return this.#run(() => {
      const found = this.#findAll(sagaIds);
      const missing = create ? sagaIds.filter((sagaId) => !found.has(sagaId)) : [];
      if (missing.length === 0) return found;
      this.#transaction(() => {
        for (const sagaId of missing) this.#make(sagaId);
      });
      // KS3
      for (const [sagaId, key] of this.#findAll(missing)) found.set(sagaId, key);
      return found;
    });
  }

  async drop(sagaId: string): Promise<void> {
    this.#run(() => {
      this.#drop.run(sagaId, Date.now());
      // KS2: the log had the key, too.
      this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    });
  }

  async rewrap(): Promise<number> {
    return this.#run(() => {
      const [first] = this.masters;
      const rows = this.db.prepare('SELECT saga_id FROM saga_keys WHERE master IS NOT NULL AND master <> ?').all(first.id);
      const update = this.db.prepare('UPDATE saga_keys SET master = ?, wrapped = ? WHERE saga_id = ? AND wrapped IS NOT NULL');
      this.#transaction(() => {
        for (const row of rows) {
          const sagaId = String(row['saga_id']);
          const key = this.#key(sagaId);
          if (key && key !== 'dropped') update.run(first.id, wrap(first, sagaId, key), sagaId);
        }
      });
      this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      return rows.length;
    });
  }

  async close(): Promise<void> {
    if (this.db.isOpen) this.db.close();
  }

  #findAll(sagaIds: readonly string[]): Map<string, SagaKey | 'dropped'> {
    const found = new Map<string, SagaKey | 'dropped'>();
    for (const sagaId of sagaIds) {
      const key = this.#key(sagaId);
      if (key) found.set(sagaId, key);
    }
    return found;
  }

  #key(sagaId: string): SagaKey | 'dropped' | undefined {
    const row = this.#find.get(sagaId);
    if (!row) return undefined;
    const { master, wrapped } = row;
    if (!(wrapped instanceof Uint8Array)) return 'dropped';
    const id = String(row['key_id']);
    const wrapping = this.masters.find((one) => one.id === master);
    if (!wrapping) throw unreadable(sagaId, `it is wrapped by the master key "${master}", which was not given`);
    return { id, key: unwrap(wrapping, sagaId, id, wrapped) };
  }

  #make(sagaId: string): void {
    const [first] = this.masters;
    const key = { id: randomBytes(6).toString('base64url'), key: randomBytes(32) };
    this.#add.run(sagaId, key.id, first.id, wrap(first, sagaId, key), Date.now());
  }

  #transaction(work: () => void): void {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  #run<T>(work: () => T): T {
    if (!this.db.isOpen) throw new SkaldError('store-closed');
    try {
      return work();
    } catch (error) {
      throw error instanceof SkaldError ? error : translate(error, this.file, 'use');
    }
  }
}

function wrap(master: MasterKey, sagaId: string, { id, key }: SagaKey): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', master.key, nonce).setAAD(boundTo(sagaId, id));
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

function unwrap(master: MasterKey, sagaId: string, id: string, wrapped: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv('aes-256-gcm', master.key, wrapped.subarray(0, NONCE)).setAAD(boundTo(sagaId, id));
    decipher.setAuthTag(wrapped.subarray(-TAG));
    return Buffer.concat([decipher.update(wrapped.subarray(NONCE, -TAG)), decipher.final()]);
  } catch (cause) {
    throw unreadable(sagaId, `the master key "${master.id}" does not open it`, cause);
  }
}

function unreadable(sagaId: string, problem: string, cause?: unknown): SkaldError {
  return new SkaldError('payload-unreadable', { sagaId, place: 'the key store', problem }, { cause });
}

function boundTo(sagaId: string, id: string): Buffer {
  return Buffer.from(JSON.stringify(['skald key', sagaId, id]));
}
