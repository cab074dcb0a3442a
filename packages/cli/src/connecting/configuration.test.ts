import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { keptRun } from '../terminal/kept-run.js';
import { loadConfig } from './config.js';

let folder: string;

const ESDB = 'esdb://localhost:2113?tls=false';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-config-'));
  await (await openSqliteStore({ file: join(folder, 'skald.db') })).close();
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function skald(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return keptRun(args, { env });
}

function config(value: unknown, name = 'skald.config.json'): string {
  const file = join(folder, name);
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
}

describe('A configuration', () => {
  test('names a store, seen from its own folder', async () => {
    const file = config({ store: { file: 'skald.db' } });
    expect(await skald(['list', '--config', file])).toEqual({ code: 0, out: [], err: 'There is no saga in this store.' });
    expect((await skald(['list'], { SKALD_CONFIG: file })).code).toBe(0);
    expect((await skald(['list'], { SKALD_DATA: folder })).code).toBe(0);
  });

  test('takes what is secret from the environment', async () => {
    const file = config({ store: { file: `$${'{WHERE}'}` } });
    expect((await skald(['list', '--config', file], { WHERE: join(folder, 'skald.db') })).code).toBe(0);
    expect(await skald(['list', '--config', file])).toMatchObject({
      code: 2,
      err: expect.stringContaining('{WHERE}, which is not in the environment'),
    });
  });

  test('may be a module, and open its store itself', async () => {
    const file = config('export default { store: { file: "skald.db" } };', 'skald.config.mjs');
    expect((await skald(['list', '--config', file])).code).toBe(0);
  });

  test.each([
    ['no JSON', 'cannot be read'],
    [[], 'holds no configuration'],
    [7, 'holds no configuration'],
    [{ stores: {} }, 'stores is not known: store is meant?'],
    [{ shop: {} }, 'shop is not known: what is known is store, bus, definitions, codec, by'],
    [{ store: null }, 'store is missing: it must be an object'],
    [{ store: { fiel: 'x' } }, 'store.fiel is not known: file is meant?'],
    [{ store: {} }, 'store holds "file"'],
    [{ store: { file: 7 } }, 'store.file must be a text, not a number'],
    [{ store: { file: 'x', index: 'y' } }, 'store.index is not known: what is known is file'],
    [{ store: { connectionString: ESDB, prefx: 'shop.' } }, 'store.prefx is not known: prefix is meant?'],
    [{ store: { connectionString: ESDB, prefix: 7 } }, 'store.prefix must be a text, not a number'],
    [
      { store: { connectionString: ESDB, timeouts: { answer: '5s' } } },
      'store.timeouts.answer must be a number of milliseconds, not a text',
    ],
    [{ store: { connectionString: ESDB, sagas: 'order' } }, 'store.sagas must be a list of names of sagas, not a text'],
    [{ store: { connectionString: ESDB, settings: { hosts: [{ host: 'a' }] } } }, '"connectionString" or "settings", not both'],
    [{ store: { connectionString: 'http://x' } }, 'store.connectionString must begin with esdb:// or esdb+discover://'],
    [{ store: { settings: { host: 'x' } } }, 'store.settings.host is not known: hosts is meant?'],
    [{ store: { settings: {} } }, 'store.settings.hosts is missing'],
    [{ store: { settings: { hosts: [{ port: 1 }] } } }, 'store.settings.hosts[0].host is missing'],
    [{ store: { settings: { hosts: [{ host: 'x' }], tls: true } } }, 'store.settings.tls must be false or an object, not true'],
    [{ bus: { brokers: [] } }, 'bus holds "kafka"'],
    [{ bus: { kafka: {} } }, 'bus.kafka.brokers is missing: it must be a list of host:port'],
    [{ bus: { kafka: { brokers: 'a:1' } } }, 'bus.kafka.brokers must be a list of host:port, as in ["localhost:9092"], not a text'],
    [{ bus: { kafka: { brokers: [] } } }, 'bus.kafka.brokers must be a list of host:port, as in ["localhost:9092"], not an empty list'],
    [{ bus: { kafka: { brokers: ['a:1', 'b'] } } }, 'bus.kafka.brokers[1] must be host:port, as in "localhost:9092", not "b"'],
    [{ bus: { kafka: { brokers: ['a:1'], ssl: 'yes' } } }, 'bus.kafka.ssl must be true, false or an object, not a text'],
    [{ bus: { kafka: { brokers: ['a:1'], sasl: { user: 'x' } } } }, 'bus.kafka.sasl.mechanism is missing'],
    [{ bus: { kafka: { brokers: ['a:1'], sasl: { mechanism: 'plain', username: 'x' } } } }, 'bus.kafka.sasl.password is missing'],
    [{ bus: { kafka: { brokers: ['a:1'] }, topics: { missing: 'make' } } }, 'bus.topics.missing must be "create" or "check", not a text'],
    [{ bus: { kafka: { brokers: ['a:1'] }, now: 5 } }, 'bus.now must be a function, in a module, not a number'],
    [{ definitions: ['a.js'] }, 'definitions must be a text, not a list'],
    [{ by: '' }, 'by must be a text, not an empty text'],
  ])('%j is refused, by the name of what is wrong: 2', async (value, message) => {
    const file = config(value);
    const { code, out, err } = await skald(['list', '--config', file]);
    expect({ code, out, err }).toEqual({ code: 2, out: [], err: expect.stringContaining(message) });
    expect(err.startsWith(`skald: ${file}`)).toBe(true);
    expect(err).not.toContain('    at ');
  });

  test('never shows what may be secret', async () => {
    const secret = { store: { connectionString: 'esdb//admin:secret@x' }, bus: { kafka: { brokers: ['a:1'], sasl: 'secret' } } };
    for (const part of [{ store: secret.store }, { bus: secret.bus }]) {
      expect((await skald(['list', '--config', config(part)])).err).not.toContain('secret');
    }
  });

  test('that is not there is told', async () => {
    expect(await skald(['list', '--config', join(folder, 'x.json')])).toMatchObject({
      code: 2,
      err: expect.stringContaining('no such file'),
    });
  });

  test('with a store alone can be looked at, and not acted on; with a bus alone the other way round', async () => {
    const esdb = config({ store: { connectionString: 'esdb://127.0.0.1:1?tls=false' } });
    expect(await skald(['cancel', 'order-1', '-r', 'x', '--config', esdb])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nobody can be asked to act (add "bus")'),
    });
    expect(await skald(['list'], { SKALD_KAFKA_BROKERS: '127.0.0.1:1' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('sagas can be asked, but not shown'),
    });
  });

  test.each([
    [{ SKALD_EVENTSTORE: 'localhost:2113' }, 'SKALD_EVENTSTORE must begin with esdb://'],
    [{ SKALD_EVENTSTORE_PREFIX: 'shop.' }, 'SKALD_EVENTSTORE_PREFIX and SKALD_INDEX are for EventStoreDB, which nothing names'],
    [{ SKALD_INDEX: 'index.db' }, 'SKALD_EVENTSTORE_PREFIX and SKALD_INDEX are for EventStoreDB, which nothing names'],
    [{ SKALD_KAFKA_PREFIX: 'shop' }, 'SKALD_KAFKA_PREFIX is for Kafka, which nothing names'],
    [{ SKALD_KAFKA_BROKERS: 'localhost' }, 'SKALD_KAFKA_BROKERS[0] must be host:port, as in "localhost:9092", not "localhost"'],
    [{ SKALD_KAFKA_BROKERS: 'a:1,,b:2' }, 'SKALD_KAFKA_BROKERS[1] must be host:port'],
  ])('%j in the environment is refused: 2', async (env, message) => {
    expect(await skald(['list'], env)).toMatchObject({ code: 2, out: [], err: expect.stringContaining(message) });
  });
});

describe('The environment', () => {
  const bus = { kafka: { brokers: ['file:1'], clientId: 'night' }, prefix: 'file' };

  test('has the last word, and leaves the rest as it is configured', async () => {
    const file = config({ store: { connectionString: ESDB, prefix: 'file.', index: 'index.db' }, bus, by: 'ada' });
    expect(await loadConfig(file, {})).toMatchObject({ store: { prefix: 'file.', index: join(folder, 'index.db') }, bus });
    const env = { SKALD_EVENTSTORE: 'esdb://there:1', SKALD_KAFKA_BROKERS: 'a:1, b:2', SKALD_BY: 'ines' };
    expect(await loadConfig(file, env)).toEqual({
      store: { connectionString: 'esdb://there:1', prefix: 'file.', index: join(folder, 'index.db') },
      bus: { kafka: { brokers: ['a:1', 'b:2'], clientId: 'night' }, prefix: 'file' },
      by: 'ines',
    });
    const prefixes = { SKALD_EVENTSTORE_PREFIX: 'env.', SKALD_KAFKA_PREFIX: 'env', SKALD_INDEX: 'other.db' };
    expect(await loadConfig(file, prefixes)).toMatchObject({
      store: { connectionString: ESDB, prefix: 'env.', index: 'other.db' },
      bus: { kafka: bus.kafka, prefix: 'env' },
    });
  });

  test('is enough by itself', async () => {
    const env = { SKALD_EVENTSTORE: ESDB, SKALD_EVENTSTORE_PREFIX: 'shop.', SKALD_KAFKA_BROKERS: 'a:1', SKALD_KAFKA_PREFIX: 'shop' };
    expect(await loadConfig(config({}), env)).toEqual({
      store: { connectionString: ESDB, prefix: 'shop.' },
      bus: { kafka: { brokers: ['a:1'] }, prefix: 'shop' },
    });
  });

  test('says nothing where a variable is empty', async () => {
    const file = config({ store: { file: 'skald.db' } });
    const empty = { SKALD_EVENTSTORE: '', SKALD_KAFKA_BROKERS: '', SKALD_KAFKA_PREFIX: '', SKALD_BY: '', SKALD_DATA: '', SKALD_CONFIG: '' };
    expect((await skald(['list', '--config', file], empty)).code).toBe(0);
  });
});
