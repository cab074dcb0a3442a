import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Skald } from '@skald/app';
import { BusinessError, defineSaga, Participant, participant, SagaStep, type StandardSchema } from '@skald/decorators';
import { openParticipantDatabase, openSqliteStore, sqliteFence } from '@skald/event-store-sqlite';
import type { Answer } from '@skald/kernel';
import { KafkaBus, partitionOf } from '@skald/message-bus-kafka';
import kafkajs, { type Message } from 'kafkajs';
import { until } from './kafka-load.js';
import { type Place, POISONS, type Poison, type Sound } from './poison.js';

const brokers = process.env['KAFKA_BROKERS'];
const whyNot = process.env['SKALD_NO_KAFKA'] ?? 'KAFKA_BROKERS is not set';

interface Order {
  readonly id: string;
  readonly amount: number;
}

const isOrder: StandardSchema<unknown, Order> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) =>
      typeof (value as Order)?.amount === 'number' ? { value: value as Order } : { issues: [{ message: 'this is no order' }] },
  },
};

@Participant('payment')
class Payment {
  constructor(private readonly done: string[]) {}

  @SagaStep({ compensation: 'undo' })
  async reserve({ id }: Order) {
    this.done.push(`reserve ${id}`);
  }

  async undo({ id }: Order) {
    this.done.push(`undo ${id}`);
  }

  @SagaStep({ input: isOrder })
  async charge({ id, amount }: Order) {
    if (amount > 100) throw new BusinessError('the card was declined');
    this.done.push(`charge ${id}`);
  }
}

const payment = participant<Payment>('payment');
const order = defineSaga<Order>({ name: 'order', version: 1 })
  .step('reserve', (one) => payment.reserve(one))
  .step('charge', (one) => payment.charge(one))
  .done();

const PARTITIONS = 4;
/** In each topic. */
const POISONED = 1_000;
const SLICES = 10;
const ORDERS = 20;

const cleanUp: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const one of cleanUp.splice(0).reverse()) await one();
});

/** A manager and a participant, each with a bus of its own, and what is seen of them. */
async function openShop(prefix: string) {
  const folder = mkdtempSync(join(tmpdir(), 'skald-poison-'));
  cleanUp.push(async () => rmSync(folder, { recursive: true, force: true }));
  const topics = { inboxPartitions: PARTITIONS, partitions: PARTITIONS };
  const bus = () => KafkaBus.connect({ kafka: { brokers: (brokers ?? '').split(','), clientId: 'test' }, prefix, topics, log: () => {} });
  const db = openParticipantDatabase(join(folder, 'payment.db'));
  const done: string[] = [];
  const troubles: string[] = [];
  const strays = new Map<string, number>();
  const participants = await Skald.connect({ bus, log: (line) => troubles.push(line) })
    .participant(Payment, { fence: sqliteFence(db) })
    .inject((container) => container.bind(Payment).toConstantValue(new Payment(done)))
    .start();
  cleanUp.push(async () => db.close());
  cleanUp.push(() => participants.stop());
  const store = () => openSqliteStore({ file: join(folder, 'sagas.db') });
  const noted = (note: string, sagaId: string): void => {
    if (note === 'stray') strays.set(sagaId, (strays.get(sagaId) ?? 0) + 1);
  };
  const app = await Skald.connect({ bus, store, log: (line) => troubles.push(line) })
    .sagas(order)
    .observe({ noted })
    .start();
  cleanUp.push(() => app.stop());
  return { app, bus, done, strays, troubles };
}

interface Written {
  readonly poison: Poison;
  readonly tag: string;
  readonly sound: Sound;
}

/** Writes what nobody should, and remembers what it was. */
class Poisoner {
  readonly written: Record<Place, Written[]> = { inbox: [], commands: [], clients: [] };
  readonly client = `client-${randomUUID()}`;
  readonly #producer = new kafkajs.Kafka({ brokers: (brokers ?? '').split(','), logLevel: kafkajs.logLevel.NOTHING }).producer({
    createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
  });
  readonly #topics: Readonly<Record<Place, string>>;

  constructor(prefix: string) {
    this.#topics = { inbox: `${prefix}.sagas`, commands: `${prefix}.payment.commands`, clients: `${prefix}.clients` };
  }

  async open(): Promise<void> {
    await this.#producer.connect();
    cleanUp.push(() => this.#producer.disconnect());
  }

  async slice(place: Place, count: number, sagas: readonly { readonly sagaId: string; readonly incarnation: string }[]): Promise<void> {
    const messages: Message[] = [];
    for (let n = 0; n < count; n++) {
      const at = this.written[place].length;
      const poison = POISONS[place][at % POISONS[place].length];
      const saga = sagas[at % sagas.length];
      if (!poison || !saga) throw new Error('there is nothing to write');
      const sound = this.#sound(place, saga, `${place}-${at}`);
      const tag = `${place}-${at}`;
      const message = poison.make(sound);
      const isBare = Object.keys(message.headers ?? {}).length === 0;
      messages.push({ ...message, headers: isBare ? {} : { ...message.headers, poison: tag } });
      this.written[place].push({ poison, tag, sound });
    }
    await this.#producer.send({ topic: this.#topics[place], messages });
  }

  #sound(place: Place, { sagaId, incarnation }: { readonly sagaId: string; readonly incarnation: string }, name: string): Sound {
    const type = { inbox: 'skald.reply.v1', commands: 'skald.command.v1', clients: 'skald.answer.v1' }[place];
    const step = { incarnation, step: 'charge', round: 1, attempt: 1, operation: 'action', purpose: 'step', undoRound: 0 };
    const asked = { key: name, participant: 'payment', action: 'charge', args: [{ id: name, amount: 1 }], firstRequestedAt: Date.now() };
    const body = {
      inbox: { ...step, outcome: { type: 'succeeded' } },
      commands: { ...step, ...asked, dueAt: Date.now() + 60_000 },
      clients: { client: this.client, request: 'r', accepted: true, revision: 1 },
    }[place];
    const headers = {
      ce_specversion: '1.0',
      ce_type: type,
      ce_source: '/nobody',
      ce_replytopic: this.#topics.inbox,
      ce_replypartition: '0',
    };
    const partition = partitionOf(Buffer.from(place === 'clients' ? this.client : sagaId), PARTITIONS);
    return { sagaId, nobody: `order-nobody-${name}`, client: this.client, headers, body, partition };
  }

  all(): readonly Written[] {
    return Object.values(this.written).flat();
  }
}

(brokers ? describe : (title: string) => it.todo(`${title} (${whyNot})`))('a manager and a participant among poison', () => {
  it('go on while 1,000 messages of all kinds come into every topic, and each of these ends where it should', async () => {
    const prefix = `poison-${randomUUID()}`;
    const { app, bus: open, done, strays, troubles } = await openShop(prefix);
    const bus = await open();
    cleanUp.push(() => bus.close());
    const poisoner = new Poisoner(prefix);
    await poisoner.open();
    const answers = new Map<string, Answer>();
    await bus.consume({ to: 'client', client: poisoner.client }, (batch) => {
      for (const { message } of batch) if (message.kind === 'answer') answers.set(message.request, message.answer);
    });

    const ends: Promise<readonly [string, string]>[] = [];
    for (let slice = 0; slice < SLICES; slice++) {
      const started = await Promise.all(
        Array.from({ length: ORDERS }, async (_, n) => {
          const id = `${slice}-${n}`;
          const saga = await app.sagas.start(order, { id, amount: n % 4 === 0 ? 500 : 50 }, { id });
          ends.push(saga.ended().then(({ status }) => [id, status] as const));
          return app.sagas.get(saga.sagaId);
        }),
      );
      for (const place of ['inbox', 'commands', 'clients'] as const) await poisoner.slice(place, POISONED / SLICES, started);
    }

    const statuses = new Map(await Promise.all(ends));
    for (const [id, status] of statuses)
      expect([id, status]).toEqual([id, Number(id.split('-')[1]) % 4 === 0 ? 'compensated' : 'completed']);
    const all = poisoner.all();
    expect(all.length).toBe(3 * POISONED);
    await expectDeadLetters(bus, all);
    await expectStrays(strays, all);
    await expectRefusals(answers, all);
    const undeployed = all.filter(({ poison: { end } }) => 'suspended' in end);
    await until(async () => (await app.sagas.count()).suspended === undeployed.length);
    for (const { sound } of undeployed) expect((await app.sagas.get(sound.nobody)).saga).toBe('heist');
    expect([...done].sort()).toEqual(expectedEffects(statuses));
    // A person should know of each saga that waits for a version, and of nothing else.
    const suspended = troubles.filter((line) => line.includes('"what":"saga suspended"'));
    expect([suspended.length, troubles.length]).toEqual([undeployed.length, undeployed.length]);
  });
});

/** Each with the dead letters of its topic once at least, under its reason; and nothing else there. */
async function expectDeadLetters(bus: KafkaBus, all: readonly Written[]): Promise<void> {
  for (const place of ['inbox', 'commands'] as const) {
    const expected = new Map<string, string>();
    let bare = 0;
    for (const { poison, tag, sound } of all) {
      if (!tag.startsWith(place) || !('dead' in poison.end)) continue;
      if (Object.keys(poison.make(sound).headers ?? {}).length === 0) bare += 1;
      else expected.set(tag, poison.end.dead);
    }
    const address = place === 'inbox' ? ({ to: 'inbox' } as const) : ({ to: 'participant', participant: 'payment' } as const);
    await until(async () => (await bus.deadLetters(address, 2 * POISONED)).length >= expected.size + bare);
    const letters = await bus.deadLetters(address, 2 * POISONED);
    const found = new Map(letters.map(({ headers, reason }) => [String(headers['poison'] ?? 'bare'), reason]));
    expect(found.get('bare')).toBe('not-a-cloud-event');
    found.delete('bare');
    expect([...found].sort()).toEqual([...expected].sort());
  }
}

async function expectStrays(strays: ReadonlyMap<string, number>, all: readonly Written[]): Promise<void> {
  const expected = new Map<string, number>();
  for (const { poison, sound } of all) {
    if (!('noted' in poison.end)) continue;
    const message = poison.make(sound);
    const sagaId = String(message.key);
    expected.set(sagaId, (expected.get(sagaId) ?? 0) + 1);
  }
  const missing = () => [...expected].filter(([sagaId, count]) => (strays.get(sagaId) ?? 0) < count);
  await until(() => missing().length === 0);
}

async function expectRefusals(answers: ReadonlyMap<string, Answer>, all: readonly Written[]): Promise<void> {
  for (const { poison, sound } of all) {
    if (!('refused' in poison.end)) continue;
    await until(() => answers.has(sound.nobody));
    const answer = answers.get(sound.nobody);
    expect({ what: poison.what, accepted: answer?.accepted }).toEqual({ what: poison.what, accepted: false });
    expect(poison.end.refused).toContain(answer?.accepted === false ? answer.code : '');
  }
}

/** What the sagas did, once each; poison did nothing. */
function expectedEffects(statuses: ReadonlyMap<string, string>): string[] {
  return [...statuses].flatMap(([id, status]) => [`reserve ${id}`, `${status === 'completed' ? 'charge' : 'undo'} ${id}`]).sort();
}
