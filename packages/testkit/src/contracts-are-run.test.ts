import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const PACKAGES = fileURLToPath(new URL('../../', import.meta.url));

/** A port, as an adapter's source names it when it fills it, and the suite that it must pass then. */
const SUITES = {
  EventStore: 'eventStoreContract',
  SagaIndex: 'sagaIndexContract',
  Fence: 'fenceContract',
  MessageBus: 'messageBusContract',
  KeyStore: 'keyStoreContract',
} as const;

type Port = keyof typeof SUITES;

/** What a package must fill, by its name. */
const BY_NAME: readonly [RegExp, Port][] = [
  [/^event-store-/, 'EventStore'],
  [/^fence-/, 'Fence'],
  [/^message-bus-/, 'MessageBus'],
];

function missingSuites(name: string, sources: readonly string[], tests: readonly string[]): string[] {
  const named = BY_NAME.filter(([pattern]) => pattern.test(name)).map(([, port]) => port);
  const filled = (Object.keys(SUITES) as Port[]).filter((port) =>
    sources.some((source) => new RegExp(`implements[\\w\\s,<>]*\\b${port}\\b`).test(source)),
  );
  return [...new Set([...named, ...filled])]
    .map((port) => SUITES[port])
    .filter((suite) => !tests.some((test) => test.includes(`${suite}(`)));
}

function read(name: string): { readonly sources: string[]; readonly tests: string[] } {
  const folder = join(PACKAGES, name, 'src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const texts = (wanted: (file: string) => boolean) => files.filter(wanted).map((file) => readFileSync(join(folder, file), 'utf8'));
  return { sources: texts((file) => !file.endsWith('.test.ts')), tests: texts((file) => file.endsWith('.test.ts')) };
}

describe('Every adapter runs the contract suites of its ports', () => {
  const adapters = readdirSync(PACKAGES).filter((name) => BY_NAME.some(([pattern]) => pattern.test(name)));

  it('finds the adapters', () => {
    expect(adapters).toEqual(expect.arrayContaining(['event-store-sqlite', 'message-bus-in-process']));
  });

  for (const name of adapters) {
    it(`${name} does`, () => {
      const { sources, tests } = read(name);
      expect(missingSuites(name, sources, tests)).toEqual([]);
    });
  }

  it('notices an adapter that does not', () => {
    const source = 'export class A implements EventStore, SagaIndex {}';
    expect(missingSuites('event-store-x', [source], ["eventStoreContract('x', open);"])).toEqual(['sagaIndexContract']);
    expect(missingSuites('message-bus-x', [], [])).toEqual(['messageBusContract']);
  });
});
