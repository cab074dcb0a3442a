import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, defineSaga, Participant, participant } from '@skald/decorators';
import { openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore, MessageBus } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

const shelf = { empty: true };

@Participant('shop')
class Shop {
  async reserve(item: string): Promise<string> {
    if (shelf.empty) throw new BusinessError(`no ${item} left`);
    return item;
  }
}

const shop = participant<Shop>('shop');
const order = defineSaga<string>({ name: 'order', version: 1 })
  .signal('go')
  .step('reserve', (item) => shop.reserve(item))
  .done();
const why = { by: 'anna', reason: 'the shelf is full again' };

let folder: string;
let bus: InProcessBus;
let manager: RunningSkald;
const callers: RunningSkald[] = [];

beforeEach(async () => {
  shelf.empty = true;
  folder = mkdtempSync(join(tmpdir(), 'skald-callers-'));
  bus = new InProcessBus();
  const store = () => openSqliteStore({ file: join(folder, 'skald.db') });
  manager = await Skald.connect({ bus: async () => bus, store, fenceFile: join(folder, 'fence.db') })
    .sagas(order)
    .participants(Shop)
    .start();
  await manager.sagas.start(order, 'tea', { id: '1' });
});
afterEach(async () => {
  for (const caller of callers.splice(0)) await caller.stop();
  await manager.stop();
  rmSync(folder, { recursive: true });
});

let opened = 0;
let closed = 0;

async function openEvents(): Promise<EventStore> {
  opened += 1;
  const { events } = await openSqliteStore({ file: join(folder, 'skald.db'), readOnly: true });
  return Object.assign(Object.create(events) as EventStore, {
    read: events.read.bind(events),
    close: async () => {
      closed += 1;
      await events.close();
    },
  });
}

/** On the manager's bus, which stays open. */
function connect(options: { readonly events?: () => Promise<EventStore> } = {}): Skald {
  const shared: MessageBus = {
    publish: (messages) => bus.publish(messages),
    consume: (...args) => bus.consume(...args),
    close: async () => {},
  };
  return Skald.connect({ bus: async () => shared, ...options });
}

async function caller(skald: Skald): Promise<RunningSkald> {
  const app = await skald.start();
  callers.push(app);
  return app;
}

describe('A process that manages no sagas', () => {
  it('steers them by their ids, and needs to know none of them', async () => {
    const { sagas } = await caller(connect());
    await sagas.suspend('order-1', why);
    await sagas.resume('order-1', why);
    await sagas.signal('order-1', 'go');
    expect((await manager.sagas.ended('order-1')).status).toBe('failed');
    await expect(sagas.cancel('order-1', why)).rejects.toMatchObject({ code: 'saga-ended' });
    await expect(sagas.get('order-1')).rejects.toMatchObject({ code: 'no-store' });
    await expect(sagas.startAgain('order-1', why)).rejects.toMatchObject({ code: 'no-store' });
  });

  it('shows them, waits for their end and starts them again where it is given their events', async () => {
    [opened, closed] = [0, 0];
    const app = await caller(connect({ events: openEvents }).sagas(order));
    expect(opened).toBe(0);
    expect((await app.sagas.get('order-1')).saga).toBe('order');
    await app.sagas.signal('order-1', 'go');
    expect((await app.sagas.ended('order-1')).status).toBe('failed');
    shelf.empty = false;
    const again = await app.sagas.startAgain('order-1', why);
    await app.sagas.signal(again.sagaId, 'go');
    expect(await again.result()).toMatchObject({ reserve: 'tea' });
    expect((await manager.sagas.get('order-1~2')).again).toMatchObject({ of: 'order-1', ...why });
    await expect(app.sagas.list()).rejects.toMatchObject({ code: 'no-store' });
    await app.stop();
    expect([opened, closed]).toEqual([1, 1]);
  });

  it('asks for the events again where they could not be opened', async () => {
    let isDown = true;
    const events = async () => {
      if (isDown) throw new Error('down');
      return openEvents();
    };
    const { sagas } = await caller(connect({ events }));
    await expect(sagas.get('order-1')).rejects.toThrow('down');
    isDown = false;
    expect((await sagas.get('order-1')).sagaId).toBe('order-1');
  });

  it('but one that has a store and neither sagas nor participants is a mistake', async () => {
    const store = () => openSqliteStore({ file: join(folder, 'other.db') });
    await expect(Skald.connect({ bus: async () => bus, store }).start()).rejects.toMatchObject({ code: 'not-a-saga' });
  });
});
