import { KafkaBus } from '@skald/message-bus-kafka';
import type { EventStoreChoice } from './event-store-choice.js';
import { Faults } from './faults.js';
import { type ShopFiles, shopFiles } from './shop-files.js';

/** All that a process of this example reads from its environment; docker-compose.yml sets no others. */
export const VARIABLES = [
  /** `host:port`, several with commas. */
  'KAFKA_BROKERS',
  /** Begins the name of every topic and group. */
  'KAFKA_PREFIX',
  /** Milliseconds after which a process that is silent loses its partitions; longer than it may ever stand still. Default 15,000. */
  'KAFKA_SESSION_TIMEOUT',
  /** The event store that the managers share; with EVENTSTORE the index of each is beside it, and it is not there. */
  'STORE_FILE',
  /** `esdb://…`: the managers share an EventStoreDB instead. */
  'EVENTSTORE',
  /** Begins the names of streams in EventStoreDB. */
  'EVENTSTORE_PREFIX',
  'ORDERS_DATABASE',
  'PAYMENTS_DATABASE',
  'INVENTORY_DATABASE',
  /** JSON, units by sku: what the inventory service begins with. */
  'STOCK_FILE',
  /** What goes wrong on purpose: by this seed, at these rates. */
  'SEED',
  'DECLINE',
  'CRASH_SERVICE',
  /** Touched every few seconds by a process that is well. */
  'HEALTH_FILE',
] as const;
export type Variable = (typeof VARIABLES)[number];
export type Environment = Readonly<Partial<Record<Variable, string>>>;

/** Throws when it is not set. */
export function required(environment: Environment, name: Variable): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new Error(`the environment variable ${name} is not set`);
  return value;
}

const FILES = { store: 'STORE_FILE', orders: 'ORDERS_DATABASE', payments: 'PAYMENTS_DATABASE', inventory: 'INVENTORY_DATABASE' } as const;

export function variablesOf(files: ShopFiles): Environment {
  return Object.fromEntries(Object.entries(FILES).map(([name, variable]) => [variable, files[name as keyof ShopFiles]]));
}

/** Those that are named, else in the folder. */
export function filesOf(environment: Environment, folder: string): ShopFiles {
  const inFolder = shopFiles(folder);
  const named = Object.entries(FILES).flatMap(([name, variable]) => (environment[variable] ? [[name, environment[variable]]] : []));
  return { ...inFolder, ...Object.fromEntries(named) };
}

export function fileOf(environment: Environment, name: keyof ShopFiles): string {
  return required(environment, FILES[name]);
}

/** Where the sagas' events are. */
export function eventStoreOf({ EVENTSTORE, EVENTSTORE_PREFIX }: Environment, file: string): EventStoreChoice {
  return { file, eventstore: EVENTSTORE || undefined, prefix: EVENTSTORE_PREFIX || undefined };
}

export function faultsOf(environment: Environment): Faults {
  const rate = (name: Variable) => Number(environment[name] ?? 0);
  return new Faults(Number(environment.SEED ?? 0), { decline: rate('DECLINE'), outOfStock: 0, crashService: rate('CRASH_SERVICE') });
}

/** `name` says in Kafka's own logs and tools who is meant. */
export function connectBus(environment: Environment, name: string): Promise<KafkaBus> {
  const sessionTimeout = Number(environment.KAFKA_SESSION_TIMEOUT ?? 0);
  return KafkaBus.connect({
    kafka: { brokers: required(environment, 'KAFKA_BROKERS').split(','), clientId: name },
    prefix: required(environment, 'KAFKA_PREFIX'),
    ...(sessionTimeout > 0 && {
      consumer: { sessionTimeout, rebalanceTimeout: sessionTimeout, heartbeatInterval: Math.ceil(sessionTimeout / 10) },
    }),
  });
}
