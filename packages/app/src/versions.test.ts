import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import { InProcessBus } from '@skald/message-bus-in-process';
import { projectedStore } from './projected-store.js';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

@Participant('shop')
class Shop {
  async act(input: unknown): Promise<unknown> {
    return input;
  }
}

const shop = participant<Shop>('shop');
const definition = (version: number, timeout = '5s' as const, steps: readonly string[] = ['first', 'second']) => {
  let saga = defineSaga<string>({ name: 'order', version }).signal('go', { timeout: '1d' });
  for (const step of steps) saga = saga.step(step, { timeout, run: (input) => shop.act(`${step} of ${version}: ${input}`) }) as never;
  return saga.done();
};
const first = definition(1);
const second = definition(2, '5s', ['only']);

let folder: string;
let lines: string[];
const running: RunningSkald[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  lines = [];
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  rmSync(folder, { recursive: true });
});

const log = (line: string) => void lines.push(line);
const wirings = {
  embedded: (more: object) => Skald.embedded({ file: join(folder, 'skald.db'), log, ...more }),
  // As with EventStoreDB: a store that keeps no index.
  connected: (more: object) =>
    Skald.connect({
      bus: async () => new InProcessBus(),
      store: () => {
        const opening = openSqliteStore({ file: join(folder, 'events.db') }).then(({ events }) =>
          Object.assign(Object.create(events) as typeof events, {
            ownIndex: undefined,
            append: events.append.bind(events),
            read: events.read.bind(events),
            readAll: events.readAll.bind(events),
            head: events.head.bind(events),
            subscribe: events.subscribe.bind(events),
            close: events.close.bind(events),
          }),
        );
        return projectedStore(opening, openSqliteIndex({ file: join(folder, 'index.db') }));
      },
      fenceFile: join(folder, 'fence.db'),
      log,
      ...more,
    }),
};

async function started(wiring: Skald): Promise<RunningSkald> {
  const app = await wiring.participants(Shop).start();
  running.push(app);
  return app;
}

async function stopped(app: RunningSkald): Promise<void> {
  running.splice(running.indexOf(app), 1);
  await app.stop();
}

describe.each(['embedded', 'connected'] as const)('Versions of a saga, %s', (wiring) => {
  const skald = (more: object = {}) => wirings[wiring](more);

  it('live side by side: an instance finishes on the version it started with', async () => {
    const before = await started(skald().sagas(first));
    const old = await before.sagas.start(first, 'a', { id: 'old' });
    await stopped(before);
    const app = await started(skald().sagas(first, second));
    const young = await app.sagas.start(second, 'b', { id: 'young' });
    expect(await app.sagas.start(second, 'a', { id: 'old' })).toMatchObject({ existing: true });
    await app.sagas.caughtUp();
    expect(await app.sagas.versions()).toEqual([
      { saga: 'order', version: 1, sagas: 1, isRegistered: true },
      { saga: 'order', version: 2, sagas: 1, isRegistered: true },
    ]);
    await app.sagas.signal(second, 'old', 'go', undefined);
    await app.sagas.signal(second, 'young', 'go', undefined);
    expect(await app.sagas.result(old.sagaId)).toMatchObject({ second: 'second of 1: a' });
    expect(await young.result()).toMatchObject({ only: 'only of 2: b' });
    expect((await app.sagas.list()).sagas.map(({ sagaId }) => sagaId).sort()).toEqual(['order-old', 'order-young']);
  });

  it('are refused when they were changed, and nothing is started then; "replace" records the change and tells it', async () => {
    await stopped(await started(skald().sagas(first)));
    const changed = definition(1, '5s', ['first']);
    await expect(started(skald().sagas(changed))).rejects.toMatchObject({
      code: 'definition-changed',
      message: expect.stringContaining('- step second is gone'),
    });
    await stopped(await started(skald({ definitions: 'replace' }).sagas(changed)));
    expect(lines.filter((line) => line.includes('step second is gone'))).toHaveLength(1);
    await started(skald().sagas(changed));
  });

  it('wait visibly where one is not deployed, are told at the start, and go on by themselves where it is', async () => {
    const before = await started(skald().sagas(first));
    const { sagaId } = await before.sagas.start(first, 'a', { id: '1' });
    await stopped(before);
    const without = await started(skald().sagas(second));
    await without.sagas.signal(sagaId, 'go');
    await expect(without.sagas.get(sagaId)).resolves.toMatchObject({ phase: 'running' });
    await without.sagas.caughtUp();
    expect((await without.sagas.list({ status: ['suspended'] })).sagas).toMatchObject([{ sagaId, version: 1 }]);
    expect(await without.sagas.versions()).toContainEqual({ saga: 'order', version: 1, sagas: 1, isRegistered: false });
    await stopped(without);
    await stopped(await started(skald().sagas(second)));
    expect(lines.at(-1)).toContain('1 saga waits for order version 1');
    const again = await started(skald().sagas(first, second));
    expect(await again.sagas.result(sagaId)).toMatchObject({ second: 'second of 1: a' });
  });
});
