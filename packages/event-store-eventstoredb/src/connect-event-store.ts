import type { EventStoreDBClient } from '@eventstore/db-client';
import { type EventStore, SkaldError } from '@skald/kernel';
import { Appends } from './appends.js';
import { BatchAppends } from './batch-appends.js';
import { ClientConnection, type Features } from './client-connection.js';
import { clientOf, serverOf } from './client-of.js';
import { EventStoreDbEventStore } from './eventstoredb-event-store.js';
import { ReadCalls, type StreamFilter } from './read-calls.js';
import { asError, meaningOf, problemOf, translate } from './server-errors.js';
import { DEFAULT_MAX_APPEND_SIZE, DEFAULT_MAX_UNACKNOWLEDGED, DEFAULT_TIMEOUTS, type EventStoreOptions } from './store-options.js';
import { UnaryAppends } from './unary-appends.js';
import { backOff, Shutter } from './waiting.js';

/**
 * Connects to EventStoreDB 20.10 to 24, or KurrentDB 25 and later. Rejects with `invalid-connection`, `store-access-denied`, or
 * `store-unreachable` when no server was found as long as patience lasts.
 */
export async function connectEventStore(options: EventStoreOptions): Promise<EventStore> {
  const { prefix = '', sagas, onTrouble = () => {} } = options;
  const trouble = (what: string, error: unknown): void => onTrouble(what, new Error(problemOf(error), { cause: error }));
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const server = serverOf(options);
  const connection = connectionOf(options, server, timeouts.answer);
  const features = await askFeatures(connection, server, timeouts.patience, trouble);
  const shutter = new Shutter();
  const reads = new ReadCalls(connection, prefix, filterOf(prefix, sagas));
  const calls = features.batchAppend ? new BatchAppends(connection, timeouts.answer) : new UnaryAppends(connection, timeouts.answer);
  const appends = new Appends(calls, reads, shutter, {
    ...{ server, prefix, trouble, answerTimeout: timeouts.answer, patience: timeouts.patience },
    maxAppendSize: options.maxAppendSize ?? DEFAULT_MAX_APPEND_SIZE,
    maxUnacknowledged: options.maxUnacknowledged ?? DEFAULT_MAX_UNACKNOWLEDGED,
  });
  const shut = async (): Promise<void> => {
    calls.close();
    await connection.close();
  };
  return new EventStoreDbEventStore({ server, prefix, appends, reads, shutter, timeouts, trouble, shut });
}

function connectionOf(options: EventStoreOptions, server: string, answerTimeout: number): ClientConnection {
  try {
    const client: EventStoreDBClient = clientOf(options);
    return new ClientConnection(client, server, answerTimeout);
  } catch (cause) {
    throw new SkaldError('invalid-connection', { problem: asError(cause).message.replace(/\.+$/, '') }, { cause });
  }
}

async function askFeatures(
  connection: ClientConnection,
  server: string,
  patience: number,
  trouble: (what: string, error: unknown) => void,
): Promise<Features> {
  const until = Date.now() + patience;
  const shutter = new Shutter();
  for (let attempt = 1; ; attempt++) {
    try {
      return await connection.features();
    } catch (error) {
      const meaning = meaningOf(error);
      const pause = backOff(attempt);
      if ((meaning !== 'transient' && meaning !== 'unsent') || Date.now() + pause >= until) {
        await connection.close();
        throw translate(error, { server, action: 'ask what it can do' });
      }
      trouble('to connect is tried again', error);
      await shutter.pause(pause);
    }
  }
}

/** The server filters by the names of streams. Its own begin with a dollar; links to events, in streams of its projections, are among them. */
function filterOf(prefix: string, sagas: readonly string[] | undefined): StreamFilter {
  if (sagas) return { prefixes: sagas.map((saga) => `${prefix}${saga}-`) };
  return prefix === '' ? { regex: '^[^$]' } : { prefixes: [prefix] };
}
