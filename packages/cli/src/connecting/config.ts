import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SagaStore } from '@skald/app';
import type { EventStoreOptions } from '@skald/event-store-eventstoredb';
import type { MessageBus } from '@skald/kernel';
import type { KafkaBusOptions } from '@skald/message-bus-kafka';
import { UsageError } from '../usage.js';
import { brokers, checkConfig, connectionString } from './config-shape.js';
import type { GivenCodec } from './open-codec.js';

/** EventStoreDB, with a file for an index of its own. */
export type EventStoreConfig = EventStoreOptions & { readonly index?: string };

/**
 * What `skald.config.json` or the default export of `skald.config.mjs` may say. Paths are seen from the file's folder. In JSON `${NAME}` in a text
 * stands for a variable of the environment.
 */
export interface SkaldConfig {
  /** A store of SQLite; EventStoreDB, with the options of `connectEventStore`; or, from a module, a function that opens one. */
  readonly store?: { readonly file: string } | EventStoreConfig | (() => Promise<SagaStore>);
  /** Kafka, with the options of `KafkaBus.connect`; or, from a module, a function that opens a bus. */
  readonly bus?: KafkaBusOptions | (() => Promise<MessageBus>);
  /** A compiled module that exports the sagas. */
  readonly definitions?: string;
  /** From a module only: opens payloads that are encrypted, where a verb needs that or is told to. Default: `codec` of the definitions. */
  readonly codec?: GivenCodec;
  /** Who acts. Default: user@host. */
  readonly by?: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

const NAMES = ['skald.config.json', 'skald.config.mjs', 'skald.config.js'];

/** From the file that is named, or that is here, and from the environment, which has the last word. Throws `UsageError`. */
export async function loadConfig(named: string | undefined, env: Env): Promise<SkaldConfig> {
  const file = named ?? saidBy(env, 'SKALD_CONFIG') ?? NAMES.find((name) => existsSync(name));
  const config = file === undefined ? {} : checkConfig(file, await read(file, env));
  return withEnvironment(file === undefined ? config : resolved(config, dirname(resolve(file))), env);
}

async function read(file: string, env: Env): Promise<unknown> {
  if (!existsSync(file)) throw new UsageError(`${file}: there is no such file`);
  try {
    if (!file.endsWith('.json')) return ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
    return JSON.parse(readFileSync(file, 'utf8'), (_key, value: unknown) => (typeof value === 'string' ? filled(value, file, env) : value));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function filled(text: string, file: string, env: Env): string {
  return text.replace(/\$\{(\w+)\}/g, (_all, name: string) => {
    const value = env[name];
    if (value === undefined) throw new UsageError(`${file} asks for \${${name}}, which is not in the environment`);
    return value;
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function resolved(config: SkaldConfig, folder: string): SkaldConfig {
  const path = (file: string) => (isAbsolute(file) ? file : join(folder, file));
  const { store, definitions } = config;
  const own = isObject(store) && 'file' in store ? { file: path(store.file) } : store;
  const located = isObject(own) && 'index' in own && own.index !== undefined ? { ...own, index: path(own.index) } : own;
  return { ...config, ...(located && { store: located }), ...(definitions !== undefined && { definitions: path(definitions) }) };
}

function withEnvironment(config: SkaldConfig, env: Env): SkaldConfig {
  const definitions = saidBy(env, 'SKALD_DEFINITIONS');
  const by = saidBy(env, 'SKALD_BY');
  const store = storeOf(config.store, env);
  const bus = busOf(config.bus, env);
  return {
    ...config,
    ...(store && { store }),
    ...(bus && { bus }),
    ...(definitions !== undefined && { definitions }),
    ...(by !== undefined && { by }),
  };
}

/** Undefined where the variable is missing or empty: a compose file passes on what is not set. */
export function saidBy(env: Env, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** Another server, another prefix or another index in place of what the configuration says of EventStoreDB; the rest of that stays. */
function storeOf(configured: SkaldConfig['store'], env: Env): SkaldConfig['store'] {
  const server = saidBy(env, 'SKALD_EVENTSTORE');
  const own = {
    ...(saidBy(env, 'SKALD_EVENTSTORE_PREFIX') !== undefined && { prefix: saidBy(env, 'SKALD_EVENTSTORE_PREFIX') }),
    ...(saidBy(env, 'SKALD_INDEX') !== undefined && { index: saidBy(env, 'SKALD_INDEX') }),
  } as Pick<EventStoreConfig, 'prefix' | 'index'>;
  const known = typeof configured === 'object' && !('file' in configured) ? configured : undefined;
  if (server === undefined) {
    if (Object.keys(own).length === 0) return configured;
    if (known) return { ...known, ...own };
    throw new UsageError('SKALD_EVENTSTORE_PREFIX and SKALD_INDEX are for EventStoreDB, which nothing names: SKALD_EVENTSTORE=esdb://…');
  }
  connectionString(server, 'SKALD_EVENTSTORE');
  const { connectionString: _, settings: __, ...others } = known ?? {};
  return { ...others, ...own, connectionString: server };
}

function busOf(configured: SkaldConfig['bus'], env: Env): SkaldConfig['bus'] {
  const named = saidBy(env, 'SKALD_KAFKA_BROKERS');
  const prefix = saidBy(env, 'SKALD_KAFKA_PREFIX');
  const known = typeof configured === 'object' ? configured : undefined;
  const own = prefix === undefined ? {} : { prefix };
  if (named === undefined) {
    if (prefix === undefined) return configured;
    if (known) return { ...known, ...own };
    throw new UsageError('SKALD_KAFKA_PREFIX is for Kafka, which nothing names: SKALD_KAFKA_BROKERS=host:9092');
  }
  const list = named.split(',').map((one) => one.trim());
  brokers(list, 'SKALD_KAFKA_BROKERS');
  return { ...known, ...own, kafka: { ...known?.kafka, brokers: list } };
}
