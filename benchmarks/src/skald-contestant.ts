import 'reflect-metadata';
import { join } from 'node:path';
import { Skald } from '@skald/app';
import { defineSaga, Participant as IsParticipant, participant, SagaStep } from '@skald/decorators';
import { openParticipantDatabase, openSqliteStore, sqliteFence } from '@skald/event-store-sqlite';
import type { RunOptions } from '@skald/kernel';
import { KafkaBus } from '@skald/message-bus-kafka';
import { argumentOf, type Manager, PARTITIONS, type Participant, resultOf, type Setting } from './contestant.js';

type Argument = ReturnType<typeof argumentOf>;

@IsParticipant('shop')
export class Shop {
  @SagaStep({ compensation: 'undo' })
  async reserve({ orderId }: Argument) {
    return resultOf(orderId);
  }

  @SagaStep({ compensation: 'undo' })
  async charge({ orderId }: Argument) {
    return resultOf(orderId);
  }

  @SagaStep({ compensation: 'undo' })
  async ship({ orderId }: Argument) {
    return resultOf(orderId);
  }

  async undo() {}
}

const shop = participant<Shop>('shop');

/** The three steps under any name. */
export function orderSaga(name: string, run: RunOptions) {
  return defineSaga<{ id: string }>({ name, version: 1, ...run })
    .step('reserve', ({ id }) => shop.reserve(argumentOf(id)))
    .step('charge', ({ id }) => shop.charge(argumentOf(id)))
    .step('ship', ({ id }) => shop.ship(argumentOf(id)))
    .done();
}

const order = orderSaga('order', {});

function busOf({ brokers, prefix }: Setting): () => Promise<KafkaBus> {
  const topics = { inboxPartitions: PARTITIONS, partitions: PARTITIONS };
  return () => KafkaBus.connect({ kafka: { brokers: [...brokers], clientId: 'bench' }, prefix, topics });
}

/** The embedded event store: a SQLite file in the managing process. */
export async function skaldManager(setting: Setting): Promise<Manager> {
  const store = () => openSqliteStore({ file: join(setting.folder, 'sagas.db') });
  const app = await Skald.connect({ bus: busOf(setting), store })
    .sagas(order)
    .start();
  return {
    async run(id) {
      const saga = await app.sagas.start(order, { id }, { id });
      const { status } = await saga.ended();
      if (status !== 'completed') throw new Error(`saga ${id} ended ${status}`);
    },
    close: () => app.stop(),
  };
}

/** Its fence is in a SQLite file of its own, and durable before it answers. */
export async function skaldParticipant(setting: Setting): Promise<Participant> {
  const db = openParticipantDatabase(join(setting.folder, 'shop.db'));
  const app = await Skald.connect({ bus: busOf(setting) })
    .participant(Shop, { fence: sqliteFence(db) })
    .start();
  return {
    async close() {
      await app.stop();
      db.close();
    },
  };
}
