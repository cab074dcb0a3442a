import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { startTestServer } from '@skald/eventstoredb-test-server';
import { InProcessBus } from '@skald/message-bus-in-process';
import { type EventStoreChoice, sagaStoreOf, watchedStoreOf } from './event-store-choice.js';

@Participant('shop')
class Shop {
  async act(input: unknown): Promise<unknown> {
    return input;
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga({ name: 'order', version: 1 })
  .step('act', (input) => shop.act(input))
  .done();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function runs(choice: EventStoreChoice): Promise<void> {
  const manager = await Skald.connect({
    bus: async () => new InProcessBus(),
    store: () => sagaStoreOf(choice, 'manager-1'),
    fenceFile: join(folder, 'fence.db'),
  })
    .sagas(order)
    .participants(Shop)
    .start();
  const watched = await watchedStoreOf(choice);
  await (await manager.sagas.start(order, { n: 1 }, { id: '1' })).result();
  expect((await watched.events.read('order-1')).at(-1)?.type).toBe('SagaCompleted');
  await manager.stop();
  await watched.close();
  const later = await watchedStoreOf(choice);
  expect(await later.index.count()).toEqual({ completed: 1 });
  await later.close();
}

it('A shop runs on a SQLite file', async () => {
  await runs({ file: join(folder, 'skald.db') });
});

it('A shop runs on EventStoreDB, with an index for each manager, beside others on the same server', async () => {
  const server = await startTestServer();
  const { connectionString: eventstore } = server;
  await runs({ eventstore, prefix: 'one.', file: join(folder, 'skald.db') });
  rmSync(join(folder, 'fence.db'));
  await runs({ eventstore, prefix: 'two.', file: join(folder, 'skald.db') });
  expect(readdirSync(folder)).toContain('skald.db-index-manager-1');
  expect(readdirSync(folder)).not.toContain('skald.db');
  await server.stop();
});
