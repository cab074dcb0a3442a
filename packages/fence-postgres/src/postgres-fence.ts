import { type Fence, type FenceSession, forgettable, SkaldError } from '@skald/kernel';
import type { Pool, PoolClient } from 'pg';
import { commit, resolveCommit } from './commit.js';
import { PostgresFenceSession } from './fence-session.js';
import { FenceTable } from './fence-table.js';
import { problemOf, rolledBack, unavailable } from './postgres-errors.js';
import { Slots } from './slots.js';
import { withClient } from './transaction-client.js';

export interface PostgresFenceOptions {
  /** Where the records are, created where it is absent; `schema.table` for another schema. Default `skald_fence`. One for each participant. */
  readonly table?: string;
  /**
   * Sessions at the same time, each with a client of the pool; 1 to the pool's `max`. Default half of it, so that an action that takes another
   * client of the same pool finds one.
   */
  readonly concurrency?: number;
  /** Default `read committed`. Stricter ones fail more often, with nothing done, and are tried again by the step's retry policy. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** How long a command waits while its key is in use elsewhere before it is answered as busy: 0 to 60,000 milliseconds. Default 1,000. */
  readonly waitForKey?: number;
  /** How long a lost commit is looked into before its outcome counts as unknown: 0 to 600,000 milliseconds. Default 30,000. */
  readonly resolveFor?: number;
}

/**
 * A fence in the PostgreSQL database of a participant's business data. `kind` is transactional: record and business change are one
 * transaction, on one client of `pool`, which the participant's methods get from `currentClient()`.
 *
 * G1. When a session resolves everything in it is durable, the records and the business change alike; when it rejects nothing of it is,
 *     except with `fence-unknown`.
 * G2. At most `concurrency` sessions at the same time; the rest wait in the order they came. Sessions of one key exclude each other, in
 *     this process and in others.
 * G3. A client on which anything is in doubt goes back to the pool only to be closed.
 */
export interface PostgresFence extends Fence {
  readonly kind: 'transactional';
  /** Sessions that may run at the same time. */
  readonly concurrency: number;
}

export function postgresFence(pool: Pool, options: PostgresFenceOptions = {}): PostgresFence {
  return new PoolFence(pool, options);
}

/** The statements that create a fence's table, for a migration tool: where it is there, a fence needs no right to create one. */
export function postgresFenceSchema(table: string = DEFAULT_TABLE): string {
  return new FenceTable(table).schema;
}

const DEFAULT_TABLE = 'skald_fence';
const PRUNED_AT_ONCE = 10_000;
const OLDEST_VERSION = 130_000;

class PoolFence implements PostgresFence {
  readonly kind = 'transactional';
  readonly concurrency: number;
  readonly #table: FenceTable;
  readonly #slots: Slots;
  readonly #isolation: string;
  readonly #waitForKey: number;
  readonly #resolveFor: number;
  /** What a transaction begins with, once the database was looked at. */
  #prepared: Promise<string> | undefined;

  constructor(
    private readonly pool: Pool,
    options: PostgresFenceOptions,
  ) {
    const { max = 10 } = pool.options;
    this.#table = new FenceTable(options.table ?? DEFAULT_TABLE);
    this.concurrency = bounded('concurrency', options.concurrency ?? Math.max(1, Math.floor(max / 2)), 1, max);
    this.#waitForKey = bounded('waitForKey', options.waitForKey ?? 1_000, 0, 60_000);
    this.#resolveFor = bounded('resolveFor', options.resolveFor ?? 30_000, 0, 600_000);
    this.#isolation = (options.isolation ?? 'read committed').toUpperCase();
    this.#slots = new Slots(this.concurrency);
  }

  session<T>(work: (session: FenceSession) => Promise<T>): Promise<T> {
    return this.#slots.within(async () => {
      const { table } = this.#table;
      const lease = await this.#connect();
      let session: PostgresFenceSession | undefined;
      try {
        session = new PostgresFenceSession(lease.client, {
          table: this.#table,
          begin: await this.#prepare(lease.client),
          patience: this.#waitForKey,
        });
        const result = await this.#carryOut(session, work);
        const ended = await commit(lease.client, table);
        if (ended === 'stored') lease.giveBack();
        else {
          lease.close();
          await resolveCommit({ pool: this.pool, table, xid: session.xid, error: ended.lost, patience: this.#resolveFor });
        }
        return result;
      } catch (error) {
        session?.abandon();
        await lease.rollBack();
        throw error;
      }
    });
  }

  async #carryOut<T>(session: PostgresFenceSession, work: (session: FenceSession) => Promise<T>): Promise<T> {
    await session.begin();
    const result = await withClient(session.client, () => work(session));
    await session.end();
    return result;
  }

  prune(before: number): Promise<number> {
    return this.#slots.within(async () => {
      const lease = await this.#connect();
      try {
        await this.#prepare(lease.client);
        let pruned = 0;
        for (let last = PRUNED_AT_ONCE; last === PRUNED_AT_ONCE; pruned += last) {
          last = (await lease.client.query(this.#table.prune, [forgettable(before, Date.now()), PRUNED_AT_ONCE])).rowCount ?? 0;
        }
        lease.giveBack();
        return pruned;
      } catch (error) {
        lease.close();
        throw rolledBack(this.#table.table, error);
      }
    });
  }

  async #connect(): Promise<Lease> {
    try {
      return new Lease(await this.pool.connect());
    } catch (error) {
      throw unavailable(this.#table.table, error);
    }
  }

  /** Once for all sessions, on the client of the first. */
  async #prepare(client: PoolClient): Promise<string> {
    this.#prepared ??= this.#lookAtDatabase(client);
    try {
      return await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  async #lookAtDatabase(client: PoolClient): Promise<string> {
    const { table, name, schema } = this.#table;
    const refuse = (problem: string, cause?: unknown): never => {
      throw new SkaldError('fence-not-ready', { table, problem }, { cause });
    };
    const { rows } = await client
      .query(
        `SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
          current_setting('synchronous_commit') AS commit, to_regclass($1) IS NOT NULL AS present`,
        [name],
      )
      .catch((error: unknown) => Promise.reject(unavailable(table, error)));
    const [found] = rows;
    if (found.version < OLDEST_VERSION) refuse(`PostgreSQL ${Math.floor(found.version / 10_000)} is too old, 13 is the oldest`);
    if (found.encoding !== 'UTF8') refuse(`the database’s encoding is ${found.encoding}, not UTF8`);
    // At the same time, IF NOT EXISTS fails for the second: it looks before the first has committed.
    const create = `SELECT pg_advisory_xact_lock(hashtextextended('skald create ${table}', 0)); ${schema}`;
    if (!found.present) await client.query(create).catch((error: unknown) => refuse(`it cannot be created: ${problemOf(error)}`, error));
    // What was acknowledged must survive a crash of the server, whatever suffices for the rest of this database.
    const durable = found.commit === 'off' ? '; SET LOCAL synchronous_commit = on' : '';
    return `BEGIN ISOLATION LEVEL ${this.#isolation}${durable}`;
  }
}

/** A client of the pool, while it is ours. */
class Lease {
  #ours = true;

  constructor(readonly client: PoolClient) {
    // Without a listener a connection that is lost between two queries would end the process; the next query says it.
    client.on('error', ignore);
  }

  giveBack(): void {
    if (!this.#ours) return;
    this.#ours = false;
    this.client.off('error', ignore);
    this.client.release();
  }

  /** G3. */
  close(): void {
    if (!this.#ours) return;
    this.#ours = false;
    this.client.release(true);
  }

  async rollBack(): Promise<void> {
    if (!this.#ours) return;
    try {
      await this.client.query('ROLLBACK');
      this.giveBack();
    } catch {
      // The connection is lost: the server rolls back by itself.
      this.close();
    }
  }
}

function ignore(): void {}

function bounded(option: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SkaldError('fence-misused', {
    problem: `${option} is ${value}`,
    remedy: `Give a whole number from ${min} to ${max}.`,
  });
}
