import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, defineSaga, Participant, participant } from '@skald/decorators';
import { aesGcmCodec } from '@skald/engine';
import { openSqliteStore, type SqliteKeyStore, sqliteKeyStore } from '@skald/event-store-sqlite';
import type { MessageBus, Outgoing } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

const SECRET = 'Ada Lovelace';

@Participant('bank')
class Bank {
  async charge({ name, total }: Order) {
    if (total > 100) throw new BusinessError(`${name} has no more than 100`);
    return { receipt: `paid by ${name}` };
  }
}

interface Order {
  readonly name: string;
  readonly total: number;
}

const bank = participant<Bank>('bank');
const order = defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', (input) => bank.charge(input))
  .signal('go', { timeout: '1d' })
  .attributes({ total: ({ total }) => total })
  .done();

let folder: string;
let lines: string[];
let keys: SqliteKeyStore;
let app: RunningSkald | undefined;
const published: Outgoing[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  lines = [];
  published.length = 0;
  keys = await sqliteKeyStore({ file: join(folder, 'keys.db'), masters: [{ id: 'm1', key: randomBytes(32) }] });
});
afterEach(async () => {
  await app?.stop();
  await keys.close();
  rmSync(folder, { recursive: true });
});

const codec = () => aesGcmCodec({ keys });
const log = (line: string) => void lines.push(line);

/** As Kafka: others may listen. */
class OverheardBus extends InProcessBus {
  override publish(messages: readonly Outgoing[]): Promise<void> {
    published.push(...messages);
    return super.publish(messages);
  }
}

const wirings = {
  embedded: () => Skald.embedded({ file: join(folder, 'skald.db'), codec: codec(), log }),
  connected: (more: object = {}) =>
    Skald.connect({
      bus: async (): Promise<MessageBus> => new OverheardBus(),
      store: () => openSqliteStore({ file: join(folder, 'skald.db') }),
      fenceFile: join(folder, 'fence.db'),
      codec: codec(),
      log,
      ...more,
    }),
};
const start = async (wiring: Skald) => {
  app = await wiring.sagas(order).participants(Bank).start();
  return app.sagas;
};
/** The participant's own database keeps what the participant did: it is its own. */
const onDisk = () =>
  readdirSync(folder)
    .filter((name) => /^skald\.db(-wal)?$/.test(name))
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');

describe.each(['embedded', 'connected'] as const)('Encrypted payloads, %s', (wiring) => {
  it('are in no file and no message, and in no way of those who have the key', async () => {
    const sagas = await start(wirings[wiring]());
    const { sagaId } = await sagas.start(order, { name: SECRET, total: 5 }, { id: '1' });
    await sagas.signal(order, '1', 'go', { by: SECRET });
    expect(await sagas.result(sagaId)).toEqual({ charge: { receipt: `paid by ${SECRET}` }, go: { by: SECRET } });
    await expect((await sagas.start(order, { name: SECRET, total: 500 }, { id: '2' })).result()).rejects.toMatchObject({
      message: expect.stringContaining(`${SECRET} has no more`),
    });
    expect(onDisk()).not.toContain('Lovelace');
    expect(JSON.stringify(published)).not.toContain('Lovelace');
    expect((await sagas.history(sagaId))[0]?.data).toMatchObject({ input: { name: SECRET, total: 5 } });
    expect((await sagas.list({ attributes: { total: 5 } })).sagas).toHaveLength(1);
    expect((await sagas.list({ error: 'BusinessError' })).sagas).toMatchObject([{ error: 'BusinessError: (encrypted)' }]);
    expect(lines.filter((line) => line.includes('attributes-in-the-clear'))).toHaveLength(1);
  });

  it('a repeated start is known by the keyed hash of its input, which tells nobody else what that was', async () => {
    const sagas = await start(wirings[wiring]());
    await sagas.start(order, { name: SECRET, total: 5 }, { id: '1' });
    expect(await sagas.start(order, { total: 5, name: SECRET }, { id: '1' })).toMatchObject({ existing: true });
    await expect(sagas.start(order, { name: 'Bob', total: 5 }, { id: '1' })).rejects.toMatchObject({ code: 'saga-exists' });
    await sagas.start(order, { name: SECRET, total: 5 }, { id: '2' });
    expect((await sagas.get('order-1')).inputHash).not.toBe((await sagas.get('order-2')).inputHash);
  });

  it('without the codec its history is shown, and nothing is begun from what stands in the place of payloads', async () => {
    const sagas = await start(wirings[wiring]());
    await (await sagas.start(order, { name: SECRET, total: 500 }, { id: '1' })).ended();
    await app?.stop();
    app = await Skald.embedded({ file: join(folder, 'skald.db'), log })
      .sagas(order)
      .participants(Bank)
      .start();
    expect((await app.sagas.history('order-1'))[0]?.data).toMatchObject({ input: '(encrypted)' });
    await expect(app.sagas.startAgain('order-1', { by: 'me', reason: 'why' })).rejects.toMatchObject({ code: 'payload-unreadable' });
  });

  it('a dropped key leaves a history that says what happened and not of whom, after a restart, too', async () => {
    const sagas = await start(wirings[wiring]());
    for (const id of ['1', '2']) {
      await sagas.start(order, { name: SECRET, total: 5 }, { id });
      await sagas.signal(order, id, 'go', undefined);
      await sagas.ended(`order-${id}`);
    }
    await keys.drop('order-1');
    await app?.stop();
    const again = await start(wirings[wiring]());
    const history = await again.history('order-1');
    expect(JSON.stringify(history)).not.toContain('Lovelace');
    expect(history.map(({ type }) => type)).toEqual((await again.history('order-2')).map(({ type }) => type));
    expect(await again.ended('order-1')).toMatchObject({ status: 'completed', output: '(payload dropped)' });
    expect(await again.result('order-2')).toMatchObject({ charge: { receipt: `paid by ${SECRET}` } });
    await expect(again.startAgain('order-1', { by: 'me', reason: 'why' })).rejects.toMatchObject({ code: 'payload-dropped' });
    await expect(again.start(order, { name: SECRET, total: 5 }, { id: '1' })).rejects.toMatchObject({ code: 'payload-dropped' });
  });
});

it('A participant without keys gets its messages in the clear, where that is allowed', async () => {
  const sagas = await start(wirings.connected({ clearParticipants: ['bank'] }));
  await sagas.start(order, { name: SECRET, total: 5 }, { id: '1' });
  await sagas.signal(order, '1', 'go', SECRET);
  await sagas.ended('order-1');
  const clear = published.filter(({ message }) => JSON.stringify(message).includes('Lovelace'));
  expect(clear.map(({ address }) => address)).toEqual([{ to: 'participant', participant: 'bank' }]);
});
