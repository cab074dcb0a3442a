import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SagaStore } from '@skald/app';
import type { EventStoreOptions } from '@skald/event-store-eventstoredb';
import type { MessageBus } from '@skald/kernel';
import type { KafkaBusOptions } from '@skald/message-bus-kafka';
import { type GivenCodec, isGivenCodec } from './open-codec.js';
import { UsageError } from './usage.js';

/**
 * What `skald.config.json` or the default export of `skald.config.mjs` may say. Paths are seen from the file's folder. In JSON `${NAME}` in a text
 * stands for a variable of the environment.
 */
export interface SkaldConfig {
  /** A store of SQLite; EventStoreDB, with the options of `connectEventStore`; or, from a module, a function that opens one. */
  readonly store?: { readonly file: string } | (EventStoreOptions & { readonly index?: string }) | (() => Promise<SagaStore>);
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
const KNOWN: ReadonlySet<string> = new Set(['store', 'bus', 'definitions', 'codec', 'by'] satisfies (keyof SkaldConfig)[]);

/** From the file that is named, or that is here, and from the environment, which has the last word. Throws `UsageError`. */
export async function loadConfig(named: string | undefined, env: Env): Promise<SkaldConfig> {
  const file = named ?? env['SKALD_CONFIG'] ?? NAMES.find((name) => existsSync(name));
  const config = file === undefined ? {} : checked(file, await read(file, env));
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

function checked(file: string, value: unknown): SkaldConfig {
  if (typeof value !== 'object' || value === null) throw new UsageError(`${file} holds no configuration: an object is wanted`);
  const unknown = Object.keys(value).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) throw new UsageError(`${file} says ${unknown.join(', ')}; what is known is ${[...KNOWN].join(', ')}`);
  const { store, bus } = value as SkaldConfig;
  const isStore =
    typeof store === 'function' || (isObject(store) && ('file' in store || 'connectionString' in store || 'settings' in store));
  if (store !== undefined && !isStore)
    throw new UsageError(`${file}: store holds "file", or "connectionString" or "settings" of EventStoreDB`);
  const isBus = typeof bus === 'function' || (isObject(bus) && 'kafka' in bus);
  if (bus !== undefined && !isBus) throw new UsageError(`${file}: bus holds "kafka", as in { "kafka": { "brokers": ["localhost:9092"] } }`);
  if ('codec' in value && !isGivenCodec(value.codec))
    throw new UsageError(`${file}: a codec, or a function that gives one, comes from a module`);
  return value as SkaldConfig;
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
  const { SKALD_EVENTSTORE, SKALD_KAFKA_BROKERS, SKALD_KAFKA_PREFIX, SKALD_DEFINITIONS, SKALD_BY } = env as Record<
    string,
    string | undefined
  >;
  const known = typeof config.bus === 'object' ? config.bus : undefined;
  const brokers = SKALD_KAFKA_BROKERS?.split(',').map((broker) => broker.trim());
  const prefix = SKALD_KAFKA_PREFIX ?? known?.prefix;
  return {
    ...config,
    ...(SKALD_EVENTSTORE !== undefined && { store: { connectionString: SKALD_EVENTSTORE } }),
    ...(brokers && { bus: { ...known, kafka: { ...known?.kafka, brokers }, ...(prefix !== undefined && { prefix }) } }),
    ...(SKALD_DEFINITIONS !== undefined && { definitions: SKALD_DEFINITIONS }),
    ...(SKALD_BY !== undefined && { by: SKALD_BY }),
  };
}
