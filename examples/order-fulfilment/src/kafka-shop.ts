import { join } from 'node:path';
import { Skald } from '@skald/app';
import { applyRemedies } from '@skald/message-bus-kafka';
import { kafkaFolder, kafkaPrefix } from './data-folder.js';
import { connectBus, type Environment, required, variablesOf } from './environment.js';
import { type EventStoreChoice, watchedStoreOf } from './event-store-choice.js';
import type { FaultRates } from './faults.js';
import type { KafkaOptions } from './options.js';
import type { News } from './order-run.js';
import { OrderSaga } from './order-saga.js';
import { patiently } from './patience.js';
import { Processes, type Role } from './processes.js';
import { tellNews } from './saga-news.js';
import type { OpenShop } from './shop.js';
import type { ShopFiles } from './shop-files.js';

export interface KafkaShop {
  /** Data of this run. */
  readonly folder: string;
  readonly files: ShopFiles;
  readonly kafka: KafkaOptions;
  readonly eventStore: EventStoreChoice;
  readonly seed: number;
  readonly faults: FaultRates;
  /** For people. */
  say(line: string): void;
}

/** Of each kind. */
const PROCESSES = 2;
const SERVICES = ['orders', 'payments', 'inventory'] as const;

/** The managers and the services, each in processes of their own; this one places orders, manages nothing, and reads what comes of them. */
export async function openKafkaShop(shop: KafkaShop, news: News): Promise<OpenShop> {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const environment = shop.kafka.elsewhere ? process.env : await startDeployment(shop, closing);
    const app = await patiently(() =>
      Skald.connect({ bus: () => connectBus(environment, 'shop') })
        .sagas(OrderSaga)
        .start(),
    );
    closing.push(() => app.stop());
    const store = await patiently(() => watchedStoreOf(shop.eventStore));
    closing.push(() => store.close());
    // From where the index is: what it shows from now on is no older, and it may be behind the store.
    const subscription = tellNews(store, await store.index.position(), news);
    closing.push(() => subscription.stop());
    return { sagas: app.sagas, index: store.index, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startDeployment(shop: KafkaShop, closing: (() => Promise<unknown>)[]): Promise<Environment> {
  const { folder, files, seed, faults, kafka, eventStore, say } = shop;
  const brokers = kafka.brokers ?? (await startBroker(folder, closing));
  const environment: Environment = {
    ...variablesOf(files),
    ...(eventStore.eventstore !== undefined && { EVENTSTORE: eventStore.eventstore }),
    ...(eventStore.prefix !== undefined && { EVENTSTORE_PREFIX: eventStore.prefix }),
    KAFKA_BROKERS: brokers.join(','),
    KAFKA_PREFIX: kafkaPrefix(folder),
    // Who is killed is replaced after so long: sooner than in production, where a process may stand still for a while.
    KAFKA_SESSION_TIMEOUT: '6000',
    SEED: String(seed),
    DECLINE: String(faults.decline),
    CRASH_SERVICE: String(faults.crashService),
  };
  // The topics first: all at once would only find out that others make them.
  await (await connectBus(environment, 'shop')).close();
  const processes = new Processes(environment, join(kafkaFolder(folder), 'logs'), say);
  closing.push(() => processes.stop());
  const roles = rolesOf();
  await processes.start(roles);
  say(`${roles.length} processes talk over Kafka at ${brokers.join(', ')}, topics ${required(environment, 'KAFKA_PREFIX')}.*`);
  return environment;
}

function rolesOf(): Role[] {
  const numbers = Array.from({ length: PROCESSES }, (_, at) => at + 1);
  return numbers.flatMap((number): Role[] => [
    { name: `manager-${number}`, program: 'manager', args: [`manager-${number}`] },
    ...SERVICES.map((service): Role => ({ name: `${service}-${number}`, program: 'service', args: [service] })),
  ]);
}

async function startBroker(folder: string, closing: (() => Promise<unknown>)[]): Promise<readonly string[]> {
  // Before the first client of this process, which asks whether the broker is up.
  applyRemedies();
  // Only here: who brings a broker needs nothing of it.
  const { startKafka } = await import('@skald/integration-tests');
  const broker = await startKafka({ keepData: join(kafkaFolder(folder), 'broker') });
  closing.push(() => broker.stop());
  return broker.brokers;
}
