import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga } from '@skald/decorators';
import { openSqliteIndex, openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore, RecordedEvent, SagaIndex } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { runCommandLine } from '../command-line.js';
import { keptTerminal } from '../terminal/kept-terminal.js';
import { FollowedIndex } from './followed-index.js';
import { readConfigured } from './open-store.js';

const order = defineSaga<string>({ name: 'order', version: 1 }).signal('approval').done();

let events: EventStore;
let index: SagaIndex;
let recorded: readonly RecordedEvent[];
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  const store = await openSqliteStore({ file: ':memory:' });
  const own = await openSqliteIndex({ file: ':memory:' });
  ({ events } = store);
  ({ index } = own);
  const app = await Skald.connect({ bus: async () => new InProcessBus(), store: async () => ({ ...store, close: async () => {} }) })
    .sagas(order)
    .start();
  for (const id of ['1', '2']) await app.sagas.start(order, 'tea', { id });
  await app.stop();
  recorded = await events.readAll(0, 100);
  closing.push(
    () => store.close(),
    () => own.close(),
  );
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** The events of the store, but for how they are followed. */
function followed(subscribe: EventStore['subscribe'], more: Partial<EventStore> = {}): EventStore {
  return {
    append: (writes) => events.append(writes),
    read: (stream, options) => events.read(stream, options),
    readAll: (position, limit) => events.readAll(position, limit),
    head: () => events.head(),
    close: async () => {},
    subscribe,
    ...more,
  };
}

function following(store: EventStore, note: (line: string) => void = () => {}): FollowedIndex {
  const one = new FollowedIndex(store, index, note, 50);
  closing.push(() => one.stop());
  return one;
}

describe('An index that is fed from the events', () => {
  test('shows what was stored at a position, and not before it does', async () => {
    let letGo = (): void => {};
    const gone = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const slow = Object.assign(Object.create(index) as SagaIndex, {
      put: async (...args: Parameters<SagaIndex['put']>) => {
        if (args[0].length > 0) await gone;
        await index.put(...args);
      },
      position: () => index.position(),
      list: index.list.bind(index),
      get: index.get.bind(index),
      clear: index.clear.bind(index),
    });
    const store = followed((position, listener) => events.subscribe(position, listener));
    const opened = await readConfigured(
      async () => ({ events: store, index: slow, close: async () => {} }),
      () => {},
    );
    closing.push(() => opened.close());
    let isShown = false;
    const shown = opened.shows(recorded.at(-1)?.position ?? 0).then(() => {
      isShown = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect([isShown, (await index.list({ limit: 9 })).sagas]).toEqual([false, []]);
    letGo();
    await shown;
    expect((await (await opened.index()).list({ limit: 9 })).sagas).toHaveLength(2);
  });

  test('is given up where the events stand still, and says why', async () => {
    const silent = following(followed(() => ({ stop: async () => {} }) as ReturnType<EventStore['subscribe']>));
    await expect(silent.shows()).rejects.toMatchObject({
      code: 'index-stands-still',
      message: 'The events after position 0 cannot be followed.',
      fix: expect.stringContaining('skald show'),
    });
  });

  test('names what is missing in lists on one line, and asks about the prefix where nothing could be read', async () => {
    const spoilt = (all: readonly RecordedEvent[]) => all.map((event) => ({ ...event, data: '{' }));
    const lines: string[] = [];
    const all = following(
      followed((position, listener) => events.subscribe(position, (batch) => listener(spoilt(batch)))),
      (line) => void lines.push(line),
    );
    await all.shows();
    await all.shows();
    expect(lines).toEqual([expect.stringMatching(/^missing in lists: order-1, and 1 more\. .* is the prefix of the store right/)]);
  });
});

describe('skald list --follow', () => {
  test('tells of every saga that comes, however late the index is', async () => {
    const late = Object.assign(Object.create(index) as SagaIndex, {
      put: async (...args: Parameters<SagaIndex['put']>) => {
        await new Promise((resolve) => setTimeout(resolve, 300));
        await index.put(...args);
      },
      position: () => index.position(),
      list: index.list.bind(index),
      get: index.get.bind(index),
      count: index.count.bind(index),
      clear: index.clear.bind(index),
    });
    const store = followed((position, listener) => events.subscribe(position, listener));
    Object.assign(globalThis, { skaldFollowedStore: async () => ({ events: store, index: late, close: async () => {} }) });
    const folder = mkdtempSync(join(tmpdir(), 'skald-followed-'));
    const config = join(folder, 'skald.config.mjs');
    writeFileSync(config, 'export default { store: globalThis.skaldFollowedStore };');
    const interruption = new AbortController();
    const terminal = keptTerminal({ interrupted: interruption.signal });
    const ended = runCommandLine(['list', '--follow', '--json', '--config', config], terminal);
    try {
      while (terminal.lines.out.length < 2) await new Promise(setImmediate);
      // The same history once more, of another saga: the index hears of it after whoever looks into the store.
      const [first] = recorded.filter(({ stream }) => stream === 'order-1');
      if (!first) throw new Error('no history');
      await events.append([
        { stream: 'order-3', expectedRevision: -1, events: [{ ...first, data: first.data.replaceAll('order-1', 'order-3') }] },
      ]);
      while (terminal.lines.out.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    } finally {
      interruption.abort();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    }
    expect(terminal.lines.out.map((line) => JSON.parse(line).sagaId)).toEqual(['order-2', 'order-1', 'order-3']);
  });
});
