import { SkaldError } from '@skald/kernel';
import type { Pool, PoolClient } from 'pg';
import { isRefusal, problemOf, rolledBack } from './postgres-errors.js';

/**
 * The end of a transaction.
 *
 * C1. `stored` is said only when PostgreSQL says that the transaction was committed; a session that rejects with `fence-rolled-back` was not.
 * C2. Where the connection is lost in between, the transaction itself is asked for by its number, on another connection. Its record would
 *     not do: it may have been overwritten by a later one (an undo, say) before it is read.
 * C3. A transaction whose COMMIT never arrived would keep its locks for as long as the server takes the connection for alive: it is ended.
 * C4. What cannot be found out in time rejects with `fence-unknown`, never with anything that means "nothing happened".
 */
export async function commit(client: PoolClient, table: string): Promise<'stored' | { readonly lost: unknown }> {
  let outside = false;
  const notice = ({ code }: { readonly code?: string | undefined }): void => {
    outside ||= code === NO_TRANSACTION;
  };
  client.on('notice', notice);
  try {
    const { command } = await client.query('COMMIT');
    if (outside) throw new SkaldError('fence-rolled-back', { table, problem: 'the transaction was ended by the action’s code' });
    // What PostgreSQL answers to the COMMIT of a transaction in which a statement has failed.
    if (command !== 'COMMIT') throw new SkaldError('fence-rolled-back', { table, problem: 'a statement had failed in the transaction' });
    return 'stored';
  } catch (error) {
    if (error instanceof SkaldError || isRefusal(error)) throw rolledBack(table, error);
    return { lost: error };
  } finally {
    client.off('notice', notice);
  }
}

const NO_TRANSACTION = '25P01';

/** Between two tries to find out, in milliseconds. */
const ASK_EVERY = 100;

export interface LostCommit {
  readonly pool: Pool;
  readonly table: string;
  /** Of the transaction; undefined where it had written nothing, so that nothing can have been lost. */
  readonly xid: string | undefined;
  readonly error: unknown;
  /** How long to try, in milliseconds. */
  readonly patience: number;
}

/** C2: resolves when the transaction was committed after all. */
export async function resolveCommit({ pool, table, xid, error, patience }: LostCommit): Promise<void> {
  if (xid === undefined) return;
  const start = performance.now();
  let problem = problemOf(error);
  for (let left = patience; left >= 0; left = patience - (performance.now() - start)) {
    try {
      const status = await within(left, statusOf(pool, xid));
      if (status === 'committed') return;
      if (status === 'aborted') throw new SkaldError('fence-rolled-back', { table, problem }, { cause: error });
      if (status === 'forgotten') break;
    } catch (failure) {
      if (failure instanceof SkaldError) throw failure;
      problem = problemOf(failure);
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
  }
  const milliseconds = Math.round(performance.now() - start);
  throw new SkaldError('fence-unknown', { table, problem, milliseconds }, { cause: error });
}

/** A pool without a connection timeout may wait for ever. */
async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer from the database')), milliseconds);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Status = 'committed' | 'aborted' | 'in progress' | 'forgotten';

async function statusOf(pool: Pool, xid: string): Promise<Status> {
  const { rows } = await pool.query(
    `SELECT pg_is_in_recovery() AS standby, pg_xact_status($1::xid8) AS status,
      (SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
        WHERE backend_xid = $1::xid8::xid AND state LIKE 'idle in transaction%') AS ended`,
    [xid],
  );
  const { standby, status } = rows[0] as { standby: boolean; status: Status | null };
  // A standby may not have heard of it yet.
  return standby ? 'in progress' : (status ?? 'forgotten');
}
