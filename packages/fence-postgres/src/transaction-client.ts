import { AsyncLocalStorage } from 'node:async_hooks';
import { SkaldError } from '@skald/kernel';
import type { PoolClient } from 'pg';

/**
 * The client that a participant's action works with.
 *
 * T1. It is the one that the fence's transaction runs on: what it writes is committed with the fence record or not at all.
 * T2. It works for as long as the session lasts: a query that comes later, forgotten by an action that did not wait for it, is refused. It
 *     would run in somebody else's transaction.
 * T3. Beginning, committing and rolling back are refused: they are the fence's. Savepoints are free.
 */
const current = new AsyncLocalStorage<PoolClient>();

/** The client of the transaction that the calling action runs in. Throws `fence-misused` outside of one. Do not release it. */
export function currentClient(): PoolClient {
  const client = current.getStore();
  if (client) return client;
  throw new SkaldError('fence-misused', {
    problem: 'currentClient() was called outside of an action or compensation',
    remedy: 'Call it in the method that a command runs, or in what that method awaits.',
  });
}

export function withClient<T>(client: PoolClient, work: () => T): T {
  return current.run(client, work);
}

const CONTROL =
  /^\s*(?:begin|start\s+transaction|commit|end|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b)|abort|prepare\s+transaction)\b/i;

/** T2, T3: `isOpen` says whether the session still lasts. */
export function guarded(client: PoolClient, isOpen: () => boolean): PoolClient {
  const query = (...args: unknown[]): unknown => {
    if (!isOpen()) throw late();
    if (CONTROL.test(textOf(args[0]))) throw control(textOf(args[0]).trim());
    return Reflect.apply(client.query, client, args);
  };
  return new Proxy(client, {
    get(target, name): unknown {
      if (name === 'query') return query;
      if (name === 'release' || name === 'end') return refuseToEnd;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function textOf(query: unknown): string {
  if (typeof query === 'string') return query;
  return typeof query === 'object' && query !== null && 'text' in query ? String(query.text) : '';
}

function late(): SkaldError {
  return new SkaldError('fence-misused', {
    problem: 'a query came after the action’s transaction had ended',
    remedy: 'Await every query in the action, and keep no client beyond it.',
  });
}

function control(statement: string): SkaldError {
  return new SkaldError('fence-misused', {
    problem: `the action’s code sent "${statement.slice(0, 40)}", but the transaction is the fence’s`,
    remedy: 'Leave begin, commit and rollback out; use SAVEPOINT for what may fail within an action.',
  });
}

function refuseToEnd(): never {
  throw new SkaldError('fence-misused', {
    problem: 'the action’s code released or closed the client that its transaction runs on',
    remedy: 'Leave it to the fence.',
  });
}
