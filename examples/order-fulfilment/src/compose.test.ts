import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { VARIABLES, type Variable } from './environment.js';
import { parseOptions } from './options.js';

/** docker-compose.yml and Dockerfile at the root, as far as they can be judged without an engine. */
const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..', '..');
const read = (name: string) => readFileSync(join(root, name), 'utf8');

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly environment: Readonly<Record<string, string | number>>;
  readonly volumes: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly deploy?: { readonly replicas: number };
  readonly healthcheck?: { readonly test: readonly string[] };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const { services, volumes }: Compose = parse(read('docker-compose.yml'), { merge: true });
const ours = Object.entries(services).filter(([, { image }]) => image === 'skald-order-fulfilment');
const dockerfile = read('Dockerfile');

/** As Compose fills it in where nothing is set. */
function words({ entrypoint = [], command = [] }: Service): string[] {
  return [...entrypoint, ...command].map((word) => word.replace(/\$\{\w+:-([^}]*)\}/g, '$1'));
}

const DATABASES: Readonly<Record<string, readonly Variable[]>> = {
  manager: ['STORE_FILE'],
  orders: ['ORDERS_DATABASE'],
  payments: ['PAYMENTS_DATABASE'],
  inventory: ['INVENTORY_DATABASE'],
  demo: ['STORE_FILE', 'ORDERS_DATABASE', 'PAYMENTS_DATABASE', 'INVENTORY_DATABASE'],
};

describe('docker-compose.yml', () => {
  test('has a broker, an event store, two managers, two processes of each service, and one that places orders', () => {
    expect(services['kafka']?.image).toBe('apache/kafka:4.1.1');
    expect(services['eventstore']?.image).toMatch(/kurrentdb:25\./);
    expect(Object.fromEntries(ours.map(([name, { deploy }]) => [name, deploy?.replicas ?? 1]))).toEqual({
      ...{ manager: 2, orders: 2, payments: 2, inventory: 2, demo: 1 },
    });
  });

  test.each(ours)('runs %s by a program that is built', (name, service) => {
    const [node, program = '', ...args] = words(service);
    expect(node).toBe('node');
    expect(existsSync(join(here, program.replace(/^dist\/(.*)\.js$/, '$1.ts')))).toBe(true);
    if (program === 'dist/service.js') expect(args).toEqual([name]);
    if (program === 'dist/main.js')
      expect(parseOptions(args, { KAFKA_BROKERS: 'kafka:9092' })).toMatchObject({ kafka: { elsewhere: true } });
  });

  test.each(ours)('tells %s what it reads, and nothing else', (name, { environment }) => {
    const needed = ['KAFKA_BROKERS', 'KAFKA_PREFIX', ...(DATABASES[name] ?? [])];
    expect(Object.keys(environment)).toEqual(expect.arrayContaining(needed));
    expect(Object.keys(environment).filter((variable) => !VARIABLES.includes(variable as Variable))).toEqual([]);
  });

  test.each(ours)(
    'keeps the databases of %s in volumes of its own, which its user may write to',
    (name, { environment, volumes: mounts }) => {
      const folders = mounts.map((mount) => mount.split(':'));
      for (const variable of DATABASES[name] ?? []) {
        const folder = dirname(String(environment[variable]));
        expect(folders.map(([, target]) => target)).toContain(folder);
        expect(dockerfile).toMatch(new RegExp(`mkdir -p .*${folder}`));
      }
      for (const [volume = ''] of folders) expect(Object.keys(volumes)).toContain(volume);
    },
  );

  test.each(ours.filter(([name]) => name !== 'demo'))(
    'asks %s how it is where it says so, and waits for the servers that it needs',
    (name, service) => {
      expect(service.healthcheck?.test.join(' ')).toContain(` ${service.environment['HEALTH_FILE']})`);
      const healthy = { condition: 'service_healthy' };
      expect(service.depends_on).toEqual({ kafka: healthy, ...(name === 'manager' && { eventstore: healthy }) });
    },
  );

  test('tells the managers, and who looks at the end, the same event store', () => {
    const told = [services['manager'], services['demo']].map((service) => service?.environment['EVENTSTORE']);
    expect(told).toEqual(Array(2).fill(expect.stringMatching(/EVENTSTORE-esdb:\/\/eventstore:2113\?tls=false/)));
  });

  test('gives the same address of the broker to all, which the broker itself gives', () => {
    const told = ours.map(([, { environment }]) => environment['KAFKA_BROKERS']);
    expect(new Set(told)).toEqual(new Set(['kafka:9092']));
    expect(services['kafka']?.environment['KAFKA_ADVERTISED_LISTENERS']).toBe('PLAINTEXT://kafka:9092');
  });
});

test('the Dockerfile builds on Node 24, runs as nobody in particular, and works in the example', () => {
  expect(dockerfile.match(/^FROM \S+/gm)).toEqual(['FROM node:24-slim', 'FROM node:24-slim']);
  expect(dockerfile).toMatch(/npm ci && npm run build/);
  expect(dockerfile).toMatch(/^USER node$/m);
  expect(dockerfile).toMatch(/^WORKDIR \/app\/examples\/order-fulfilment$/m);
});
