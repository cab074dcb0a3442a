import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore, SagaIndex } from '@skald/kernel';
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
const echo = defineSaga<{ readonly n: number }>({ name: 'echo', version: 1 })
  .step('act', (input) => shop.act(input))
  .done();

let folder: string;
const running: RunningSkald[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
});
afterEach(async () => {
  for (const app of running.splice(0)) await app.stop();
  rmSync(folder, { recursive: true });
});

/** As any event store that keeps no index. */
async function openEvents(): Promise<EventStore> {
  const { events } = await openSqliteStore({ file: join(folder, 'events.db') });
  return {
    append: (writes) => events.append(writes),
    read: (stream, options) => events.read(stream, options),
    readAll: (position, limit) => events.readAll(position, limit),
    head: () => events.head(),
    subscribe: (position, listener) => events.subscribe(position, listener),
    close: () => events.close(),
  };
}

const openIndex = () => openSqliteIndex({ file: join(folder, 'index.db') });

async function start(opening: () => ReturnType<typeof openSqliteIndex> = openIndex): Promise<RunningSkald> {
  const app = await Skald.connect({
    bus: async () => new InProcessBus(),
    store: () => projectedStore(openEvents(), opening()),
    fenceFile: join(folder, 'fence.db'),
    log: () => {},
  })
    .sagas(echo)
    .participants(Shop)
    .start();
  running.push(app);
  return app;
}

/** One that is not told of any saga before `letGo`. */
function held(): { readonly opening: () => ReturnType<typeof openSqliteIndex>; letGo(): void } {
  let letGo = (): void => {};
  const gone = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const opening = async () => {
    const { index, close } = await openIndex();
    const put = index.put.bind(index);
    index.put = async (...told: Parameters<SagaIndex['put']>) => {
      if (told[0].length > 0) await gone;
      await put(...told);
    };
    return { index, close };
  };
  return { opening, letGo };
}

describe('A store whose index is fed from its events', () => {
  it('shows in its lists what was stored when it was asked to catch up', async () => {
    const { sagas } = await start();
    for (let n = 0; n < 20; n++) await (await sagas.start(echo, { n })).result();
    await sagas.caughtUp();
    expect(await sagas.count()).toEqual({ completed: 20 });
    expect((await sagas.list({ limit: 5 })).sagas).toHaveLength(5);
    const lag = await sagas.lag();
    expect(lag).toEqual({ position: lag.head, head: lag.head, milliseconds: 0 });
  });

  it('shows a saga that was just started, and tells its end, though the index lags', async () => {
    const { opening, letGo } = held();
    const { sagas } = await start(opening);
    const saga = await sagas.start(echo, { n: 1 }, { id: '1' });
    expect((await sagas.get(saga.sagaId)).input).toEqual({ n: 1 });
    expect(await saga.result()).toEqual({ act: { n: 1 } });
    expect(await sagas.result(saga.sagaId)).toEqual({ act: { n: 1 } });
    expect(await sagas.count()).toEqual({});
    const { position, head } = await sagas.lag();
    expect(position).toBeLessThan(head);
    await expect(sagas.ended('echo-2')).rejects.toMatchObject({ code: 'saga-not-found' });
    letGo();
    await sagas.caughtUp();
    expect(await sagas.count()).toEqual({ completed: 1 });
  });

  it('has its index again after a start, also when the file was deleted', async () => {
    const first = await start();
    for (let n = 0; n < 20; n++) await (await first.sagas.start(echo, { n })).result();
    for (const harm of [() => {}, () => rmSync(join(folder, 'index.db'))]) {
      for (const app of running.splice(0)) await app.stop();
      harm();
      const { sagas } = await start();
      expect(await sagas.count()).toEqual({ completed: 20 });
    }
  });

  it('is not left open by halves', async () => {
    writeFileSync(join(folder, 'index.db'), 'Dear diary,'.repeat(100));
    await expect(start()).rejects.toMatchObject({ code: 'store-corrupt' });
    rmSync(join(folder, 'index.db'));
    await start();
    await expect(start()).rejects.toMatchObject({ code: 'store-in-use' });
  });
});

it('A store that keeps its index does not lag', async () => {
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(echo)
    .participants(Shop)
    .start();
  running.push(app);
  await (await app.sagas.start(echo, { n: 1 })).result();
  await app.sagas.caughtUp();
  const { position, head, milliseconds } = await app.sagas.lag();
  expect([position, milliseconds]).toEqual([head, 0]);
});
