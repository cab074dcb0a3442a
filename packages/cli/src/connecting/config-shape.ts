import type { ConnectionSettings, EventStoreOptions, Timeouts } from '@skald/event-store-eventstoredb';
import type { ConsumeOptions, KafkaBusOptions, PublishOptions, TopicOptions } from '@skald/message-bus-kafka';
import { UsageError } from '../usage.js';
import type { EventStoreConfig, SkaldConfig } from './config.js';
import { isGivenCodec } from './open-codec.js';

/** Looks at what stands at a place of a configuration; throws `UsageError`, which names the place and never what stands there: it may be secret. */
type Shape = (value: unknown, at: string) => void;

/** One shape for each member: an option that is added does not compile until it has a place here. */
type Shapes<T> = { readonly [Member in keyof Required<T>]: Shape };

type Kafka = KafkaBusOptions['kafka'];

function wrong(at: string, wanted: string, value: unknown): UsageError {
  if (value === undefined || value === null) return new UsageError(`${at} is missing: it must be ${wanted}`);
  return new UsageError(`${at} must be ${wanted}, not ${kindOf(value)}`);
}

/** Never the thing itself, which may be secret. */
function kindOf(value: unknown): string {
  if (value === '') return 'an empty text';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  const names: Readonly<Record<string, string>> = { string: 'a text', object: 'an object', boolean: `${value}` };
  return names[typeof value] ?? `a ${typeof value}`;
}

function matching(wanted: string, fits: (value: unknown) => boolean): Shape {
  return (value, at) => {
    if (!fits(value)) throw wrong(at, wanted, value);
  };
}

const text = matching('a text', (value) => typeof value === 'string' && value !== '');
const anyText = matching('a text', (value) => typeof value === 'string');
const count = matching('a whole number', (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0);
const milliseconds = matching('a number of milliseconds', (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0);
const flag = matching('true or false', (value) => typeof value === 'boolean');
const code = matching('a function, in a module', isFunction);
const options = matching('an object', isObject);

function either(one: Shape, wanted: string, fits: (value: unknown) => boolean): Shape {
  return (value, at) => {
    if (typeof value === 'function' || (isObject(value) && !Array.isArray(value))) return one(value, at);
    if (!fits(value)) throw wrong(at, wanted, value);
  };
}

function oneOf(...words: readonly string[]): Shape {
  return matching(words.map((word) => `"${word}"`).join(' or '), (value) => words.some((word) => word === value));
}

function listOf(wanted: string, each: Shape): Shape {
  return (value, at) => {
    if (!Array.isArray(value) || value.length === 0) throw wrong(at, `a list of ${wanted}`, value);
    value.forEach((one, nth) => each(one, `${at}[${nth}]`));
  };
}

function record<T>(shapes: Shapes<T>): Shape {
  const known = Object.keys(shapes);
  return (value, at) => {
    if (!isObject(value) || Array.isArray(value)) throw wrong(at, 'an object', value);
    for (const [name, one] of Object.entries(value)) {
      const shape = Object.hasOwn(shapes, name) ? (shapes as Readonly<Record<string, Shape>>)[name] : undefined;
      if (!shape) throw unknownKey(at, name, known);
      if (one !== undefined) shape(one, `${at}.${name}`);
    }
  };
}

function unknownKey(at: string, name: string, known: readonly string[]): UsageError {
  const meant = known.find((one) => isNear(one.toLowerCase(), name.toLowerCase()));
  const hint = meant === undefined ? `what is known is ${known.join(', ')}` : `${meant} is meant?`;
  return new UsageError(`${at === '' ? '' : `${at}.`}${name} is not known: ${hint}`);
}

/** One letter more, less or other; or two that changed places. */
function isNear(one: string, other: string): boolean {
  let from = 0;
  while (from < one.length && one[from] === other[from]) from += 1;
  let back = 0;
  while (back < Math.min(one.length, other.length) - from && one.at(-1 - back) === other.at(-1 - back)) back += 1;
  const [here, there] = [one.slice(from, one.length - back), other.slice(from, other.length - back)];
  if (here.length <= 1 && there.length <= 1) return true;
  return here.length === 2 && here === [...there].reverse().join('');
}

const broker: Shape = (value, at) => {
  if (typeof value === 'string' && /^(\[[^\]]+\]|[^\s:/]+):\d{1,5}$/.test(value)) return;
  const shown = typeof value === 'string' ? `"${value}"` : kindOf(value);
  throw new UsageError(`${at} must be host:port, as in "localhost:9092", not ${shown}`);
};

/** A list, or from a module a function that gives one. */
export const brokers = (value: unknown, at: string): void => {
  if (typeof value !== 'function') listOf('host:port, as in ["localhost:9092"]', broker)(value, at);
};

/** What else a mechanism takes is its own affair. */
const sasl: Shape = (value, at) => {
  if (!isObject(value)) throw wrong(at, 'an object, as in { "mechanism": "plain", "username": …, "password": … }', value);
  const given = value as Readonly<Record<string, unknown>>;
  text(given['mechanism'], `${at}.mechanism`);
  if (!/^(plain|scram-sha-(256|512))$/i.test(String(given['mechanism']))) return;
  for (const name of ['username', 'password']) text(given[name], `${at}.${name}`);
};

const kafka = record<Kafka>({
  brokers,
  sasl,
  ssl: either(options, 'true, false or an object', (value) => typeof value === 'boolean'),
  clientId: text,
  connectionTimeout: milliseconds,
  authenticationTimeout: milliseconds,
  reauthenticationThreshold: milliseconds,
  requestTimeout: milliseconds,
  enforceRequestTimeout: flag,
  retry: options,
  socketFactory: code,
  logLevel: count,
  logCreator: code,
});

const bus = record<KafkaBusOptions>({
  kafka: (value, at) => {
    kafka(value, at);
    brokers((value as Kafka).brokers, `${at}.brokers`);
  },
  prefix: text,
  topics: record<TopicOptions>({
    missing: oneOf('create', 'check'),
    inboxPartitions: count,
    partitions: count,
    replicationFactor: count,
    retention: milliseconds,
    deadLetterRetention: milliseconds,
    maxMessageBytes: count,
  }),
  publish: record<PublishOptions>({ inFlight: count, giveUpAfter: milliseconds, maxWaiting: count }),
  consume: record<ConsumeOptions>({
    maxOpen: count,
    maxOpenBytes: count,
    commitInterval: milliseconds,
    silence: milliseconds,
    joinWithin: milliseconds,
  }),
  consumer: options,
  producer: options,
  log: code,
  now: code,
  clockCheckInterval: milliseconds,
});

const host: Shape = (value, at) => {
  record<ConnectionSettings['hosts'][number]>({ host: text, port: count })(value, at);
  text((value as { readonly host?: unknown }).host, `${at}.host`);
};

/** As EventStoreDB's client reads it; what is wrong beyond that it says itself. */
export const connectionString: Shape = (value, at) => {
  text(value, at);
  if (!/^esdb(\+discover)?:\/\/[^/?\s]+/.test(String(value)))
    throw new UsageError(`${at} must begin with esdb:// or esdb+discover:// and a host, as in esdb://localhost:2113?tls=false`);
};

/** With `file` only so that it is known where a word is not. */
const eventStore = record<EventStoreConfig & { readonly file?: string }>({
  file: text,
  connectionString,
  settings: record<ConnectionSettings>({
    hosts: listOf('{ "host": …, "port": … }', host),
    discover: flag,
    tls: either(options, 'false or an object', (value) => value === false),
    username: text,
    password: anyText,
    connectionName: text,
    nodePreference: oneOf('leader', 'follower', 'random', 'read_only_replica'),
  }),
  prefix: anyText,
  sagas: listOf('names of sagas', text),
  maxAppendSize: count,
  maxUnacknowledged: count,
  timeouts: record<Timeouts>({ answer: milliseconds, patience: milliseconds, scan: milliseconds, quiet: milliseconds }),
  onTrouble: code,
  index: text,
});

const store: Shape = (value, at) => {
  if (isFunction(value)) return;
  if (isObject(value) && 'file' in value) return record<{ readonly file: string }>({ file: text })(value, at);
  eventStore(value, at);
  const { connectionString: string, settings } = value as EventStoreOptions;
  if (string === undefined && settings === undefined)
    throw new UsageError(`${at} holds "file", or "connectionString" or "settings" of EventStoreDB`);
  if (string !== undefined && settings !== undefined) throw new UsageError(`${at} holds "connectionString" or "settings", not both`);
  if (settings !== undefined && !('hosts' in settings))
    throw new UsageError(`${at}.settings.hosts is missing: a list of { "host": …, "port": … }`);
};

const SHAPES: Shapes<SkaldConfig> = {
  store,
  bus: (value, at) => {
    if (isFunction(value)) return;
    if (!isObject(value) || !('kafka' in value))
      throw new UsageError(`${at} holds "kafka", as in { "kafka": { "brokers": ["localhost:9092"] } }`);
    bus(value, at);
  },
  definitions: text,
  codec: (value, at) => {
    if (!isGivenCodec(value)) throw new UsageError(`${at}: a codec, or a function that gives one, comes from a module`);
  },
  by: text,
};

/** Throws `UsageError` for the first thing that is wrong, naming the file and the place in it. */
export function checkConfig(file: string, value: unknown): SkaldConfig {
  if (!isObject(value) || Array.isArray(value)) throw new UsageError(`${file} holds no configuration: an object is wanted`);
  for (const [name, one] of Object.entries(value)) {
    const shape = Object.hasOwn(SHAPES, name) ? SHAPES[name as keyof SkaldConfig] : undefined;
    try {
      if (!shape) throw unknownKey('', name, Object.keys(SHAPES));
      if (one !== undefined) shape(one, name);
    } catch (error) {
      throw error instanceof UsageError ? new UsageError(`${file}: ${error.message}`) : error;
    }
  }
  return value;
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
