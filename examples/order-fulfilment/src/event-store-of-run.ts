import { eventStoreFolder, kafkaPrefix } from './data-folder.js';
import { eventStoreOf } from './environment.js';
import type { EventStoreChoice } from './event-store-choice.js';
import { type DemoOptions, TEST_SERVER } from './options.js';
import type { ShopFiles } from './shop-files.js';

export interface EventStoreOfRun {
  readonly choice: EventStoreChoice;
  close(): Promise<void>;
}

/** The one that the options name; where they name none that is there, the test server, which outlives all who use it in this run. */
export async function openEventStore({ kafka }: DemoOptions, folder: string, { store: file }: ShopFiles): Promise<EventStoreOfRun> {
  const close = async () => {};
  if (kafka?.elsewhere) {
    const choice = eventStoreOf(process.env, file);
    return { choice: { ...choice, eventstore: kafka.eventstore ?? choice.eventstore }, close };
  }
  if (kafka?.eventstore === undefined) return { choice: { file }, close };
  const prefix = `${kafkaPrefix(folder)}.`;
  if (kafka.eventstore !== TEST_SERVER) return { choice: { file, eventstore: kafka.eventstore, prefix }, close };
  // Only here: who brings a server needs nothing of it.
  const { startOwnEventStore } = await import('@skald/integration-tests');
  const server = await startOwnEventStore({ data: eventStoreFolder(folder) });
  return { choice: { file, eventstore: server.connectionString, prefix }, close: () => server.stop() };
}
