import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { participantDefinitionOf } from '@skald/decorators';
import { ParticipantHost } from '@skald/engine';
import { sqliteFence } from '@skald/event-store-sqlite';
import type { CommandMessage, Delivery, Fence, MessageBus, Outcome } from '@skald/kernel';
import type { CardIssuer } from './card-issuer.js';
import { InventoryService } from './inventory-service.js';
import { OrderService } from './order-service.js';
import { PaymentService } from './payment-service.js';
import { closeDatabases, openDatabases, type ShopDatabases } from './shop.js';
import { shopFiles } from './shop-files.js';

/** The services as sagas meet them: commands in, outcomes out, each database with its fence. */
class Desk implements MessageBus {
  private readonly consumers = new Map<string, (batch: readonly Delivery[]) => void>();
  private readonly host = new ParticipantHost({ bus: this });
  private answer: (outcome: Outcome) => void = () => {};

  async open(service: object, fence: Fence): Promise<void> {
    await this.host.add(participantDefinitionOf(service.constructor as new () => object), service, fence);
  }

  async publish(messages: Parameters<MessageBus['publish']>[0]): Promise<void> {
    for (const { message } of messages) if (message.kind === 'input' && message.input.type === 'reply') this.answer(message.input.outcome);
  }

  async consume(...[address, deliver]: Parameters<MessageBus['consume']>) {
    if (address.to === 'participant') this.consumers.set(address.participant, deliver as (batch: readonly Delivery[]) => void);
    return { stop: async () => {} };
  }

  async close(): Promise<void> {
    await this.host.stop();
  }

  /** `what`: `orders.place`, or `undo orders.place`. */
  ask(what: string, ...args: readonly unknown[]): Promise<Outcome> {
    const undo = what.startsWith('undo ');
    const [participant = '', action = ''] = what.replace('undo ', '').split('.');
    const command: CommandMessage = {
      ...{ sagaId: 'order-1', incarnation: 'i', step: action, round: 1, attempt: 1, undoRound: undo ? 1 : 0 },
      ...{ operation: undo ? 'compensation' : 'action', purpose: undo ? 'compensation' : 'step', key: `order-1/i/${action}` },
      ...{ participant, action, args, firstRequestedAt: Date.now(), dueAt: Date.now() + 1_000 },
    };
    return new Promise((resolve) => {
      this.answer = resolve;
      const message = { kind: 'command', sagaId: 'order-1', command } as const;
      this.consumers.get(participant)?.([{ message, done: () => {} }]);
    });
  }
}

const done = expect.objectContaining({ type: 'succeeded' });
const undone = { type: 'undone', executed: true };
const nothingToUndo = { type: 'undone', executed: false };
const refused = { type: 'refused', reason: 'undone' };
const failed = (name: string) =>
  expect.objectContaining({ type: 'failed', kind: 'business', effect: 'none', error: expect.objectContaining({ name }) });
const broken = expect.objectContaining({ type: 'failed', kind: 'technical', effect: 'none' });

let folder: string;
let databases: ShopDatabases;
let desk: Desk;
let issuer: { -readonly [K in keyof CardIssuer]: CardIssuer[K] };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-services-'));
  databases = openDatabases(shopFiles(folder));
  desk = new Desk();
  issuer = { declines: () => false, suspects: () => false };
  await desk.open(new OrderService(databases.orders), sqliteFence(databases.orders));
  await desk.open(new PaymentService(databases.payments, issuer), sqliteFence(databases.payments));
  await desk.open(new InventoryService(databases.inventory), sqliteFence(databases.inventory));
  databases.inventory.exec("INSERT INTO stock (sku, available) VALUES ('a', 5), ('b', 1)");
});

afterEach(async () => {
  await desk.close();
  closeDatabases(databases);
  rmSync(folder, { recursive: true, force: true });
});

describe('the order service', () => {
  const order = { orderId: '1', customerId: 'c', total: 100 };
  const state = () => databases.orders.prepare('SELECT state, changes FROM orders').all();

  test('places an order once, however often it is asked', async () => {
    expect(await desk.ask('orders.place', order)).toEqual(done);
    expect(await desk.ask('orders.place', order)).toEqual(done);
    expect(state()).toMatchObject([{ state: 'placed', changes: 1 }]);
  });

  test('rejects it once', async () => {
    await desk.ask('orders.place', order);
    expect(await desk.ask('undo orders.place', order)).toEqual(undone);
    expect(await desk.ask('undo orders.place', order)).toEqual(undone);
    expect(state()).toMatchObject([{ state: 'rejected', changes: 2 }]);
  });

  test('refuses an order whose rejection came first', async () => {
    expect(await desk.ask('undo orders.place', order)).toEqual(nothingToUndo);
    expect(await desk.ask('orders.place', order)).toEqual(refused);
    expect(state()).toEqual([]);
  });

  test('confirms no order that is rejected, or that it has not', async () => {
    expect(await desk.ask('orders.confirm', '1')).toEqual(broken);
    await desk.ask('orders.place', order);
    await desk.ask('undo orders.place', order);
    expect(await desk.ask('orders.confirm', '1')).toEqual(broken);
    expect(state()).toMatchObject([{ state: 'rejected', changes: 2 }]);
  });

  test('takes no negative total', async () => {
    expect(await desk.ask('orders.place', { ...order, total: -1 })).toEqual(broken);
    expect(state()).toEqual([]);
  });
});

describe('the payment service', () => {
  const charge = { orderId: '1', amount: 100 };
  const state = () => databases.payments.prepare('SELECT state, amount, changes FROM payments').all();

  test('authorizes and captures once', async () => {
    for (const _ of [1, 2]) expect(await desk.ask('payments.authorize', charge)).toMatchObject({ result: { paymentId: 'pay-1' } });
    for (const _ of [1, 2]) expect(await desk.ask('payments.capture', '1')).toEqual(done);
    expect(state()).toMatchObject([{ state: 'captured', amount: 100, changes: 2 }]);
  });

  test('voids an authorization, and never what is captured', async () => {
    await desk.ask('payments.authorize', charge);
    await desk.ask('payments.capture', '1');
    expect(await desk.ask('undo payments.authorize', charge)).toEqual(broken);
    expect(state()).toMatchObject([{ state: 'captured', changes: 2 }]);
  });

  test('captures nothing that is voided', async () => {
    await desk.ask('payments.authorize', charge);
    expect(await desk.ask('undo payments.authorize', charge)).toEqual(undone);
    expect(await desk.ask('payments.capture', '1')).toEqual(broken);
    expect(state()).toMatchObject([{ state: 'voided', changes: 2 }]);
  });

  test('says that a card is declined, and says so again when the issuer has changed its mind', async () => {
    issuer.declines = () => true;
    expect(await desk.ask('payments.authorize', charge)).toEqual(failed('CardDeclined'));
    issuer.declines = () => false;
    expect(await desk.ask('payments.authorize', charge)).toEqual(failed('CardDeclined'));
    expect(await desk.ask('undo payments.authorize', charge)).toEqual(nothingToUndo);
    expect(state()).toEqual([]);
  });

  test('screens', async () => {
    await desk.ask('payments.authorize', charge);
    issuer.suspects = () => true;
    expect(await desk.ask('payments.screen', '1')).toEqual(failed('SuspectedFraud'));
    expect(state()).toMatchObject([{ state: 'authorized', changes: 1 }]);
  });
});

describe('the inventory service', () => {
  const request = {
    orderId: '1',
    lines: [
      { sku: 'a', quantity: 2 },
      { sku: 'b', quantity: 1 },
      { sku: 'a', quantity: 1 },
    ],
  };
  const stock = () =>
    Object.fromEntries(
      databases.inventory
        .prepare('SELECT * FROM stock')
        .all()
        .map((row) => [row['sku'], row]),
    );

  test('reserves all lines once, two of the same sku too', async () => {
    for (const _ of [1, 2]) expect(await desk.ask('inventory.reserve', request)).toEqual(done);
    expect(stock()).toMatchObject({ a: { available: 2, reserved: 3 }, b: { available: 0, reserved: 1 } });
  });

  test('reserves nothing when one line is short', async () => {
    const greedy = {
      ...request,
      lines: [
        { sku: 'a', quantity: 5 },
        { sku: 'b', quantity: 2 },
      ],
    };
    expect(await desk.ask('inventory.reserve', greedy)).toEqual(failed('OutOfStock'));
    expect(stock()).toMatchObject({ a: { available: 5, reserved: 0 }, b: { available: 1, reserved: 0 } });
  });

  test('has no stock of a sku that it does not know', async () => {
    expect(await desk.ask('inventory.reserve', { orderId: '1', lines: [{ sku: 'x', quantity: 1 }] })).toEqual(failed('OutOfStock'));
  });

  test('gives back what was reserved, once', async () => {
    await desk.ask('inventory.reserve', request);
    for (const _ of [1, 2]) expect(await desk.ask('undo inventory.reserve', request)).toEqual(undone);
    expect(stock()).toMatchObject({ a: { available: 5, reserved: 0 }, b: { available: 1, reserved: 0 } });
  });

  test('reserves nothing after the release', async () => {
    expect(await desk.ask('undo inventory.reserve', request)).toEqual(nothingToUndo);
    expect(await desk.ask('inventory.reserve', request)).toEqual(refused);
    expect(stock()).toMatchObject({ a: { available: 5, reserved: 0 } });
  });

  test('ships what is reserved, once, and nothing that is not', async () => {
    expect(await desk.ask('inventory.ship', '1')).toEqual(broken);
    await desk.ask('inventory.reserve', request);
    for (const _ of [1, 2]) expect(await desk.ask('inventory.ship', '1')).toEqual(done);
    expect(stock()).toMatchObject({ a: { available: 2, reserved: 0, shipped: 3 }, b: { available: 0, reserved: 0, shipped: 1 } });
    expect(await desk.ask('undo inventory.reserve', request)).toEqual(broken);
  });
});
