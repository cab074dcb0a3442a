/**
 * A manager of jobs and families for tests of rebalances, which keeps a journal of what it owned and what it stored. Arguments: folder, its name, the broker,
 * the prefix.
 */
import 'reflect-metadata';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { openSqliteStore, type SqliteStore } from '@skald/event-store-sqlite';
import type { EventStore, MessageBus } from '@skald/kernel';
import { JobSaga } from './crash-saga.js';
import { OrderSaga, ParcelSaga } from './family-saga.js';
import { connectShortLived } from './jobs-bus.js';
import { type JournalEntry, journalFile } from './owner-journal.js';

const [folder = '', name = '', broker = '', prefix = ''] = process.argv.slice(2);

/** At once: what is not in the journal when the process is killed is lost. */
function write(entry: JournalEntry): void {
  appendFileSync(journalFile(folder, name), `${JSON.stringify(entry)}\n`);
}

function watchedStore(store: SqliteStore): SqliteStore {
  const { events } = store;
  const watched: EventStore = {
    read: (stream, options) => events.read(stream, options),
    readAll: (position, limit) => events.readAll(position, limit),
    head: () => events.head(),
    subscribe: (position, listener) => events.subscribe(position, listener),
    close: () => events.close(),
    async append(writes) {
      const outcomes = await events.append(writes);
      for (const [at, { stream: saga, expectedRevision, events: stored }] of writes.entries()) {
        write({
          did: outcomes[at]?.type === 'appended' ? 'append' : 'conflict',
          at: Date.now(),
          saga,
          first: expectedRevision + 1,
          ids: stored.map(({ id }) => id),
        });
      }
      return outcomes;
    },
  };
  return { ...store, events: watched };
}

function watchedBus(bus: MessageBus): MessageBus {
  return {
    ...(bus.partitioning && { partitioning: bus.partitioning }),
    publish: (messages) => bus.publish(messages),
    close: () => bus.close(),
    consume: (address, deliver, ownership) =>
      bus.consume(
        address,
        deliver,
        ownership && {
          assigned(partitions) {
            write({ did: 'assigned', at: Date.now(), partitions });
            ownership.assigned(partitions);
          },
          revoked(partitions) {
            ownership.revoked(partitions);
            write({ did: 'revoked', at: Date.now(), partitions });
          },
        },
      ),
  };
}

process.on('disconnect', () => process.exit(1));
const app = await Skald.connect({
  bus: async () => watchedBus(await connectShortLived(broker, prefix, name)),
  store: async () => watchedStore(await openSqliteStore({ file: join(folder, 'skald.db'), shared: true })),
})
  .sagas(JobSaga, OrderSaga, ParcelSaga)
  .start();
process.on('SIGTERM', () => {
  void app.stop().then(() => process.exit(0));
});
process.send?.('ready');
