import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Address, Delivery, InboxMessage, OwnershipListener } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import { encodeEvents } from './event-codec.js';

/** A bus that gives its partition out and takes it back as a test says, and remembers which inputs were done. */
class TurningBus extends InProcessBus {
  owner: OwnershipListener | undefined;
  readonly done: string[] = [];

  override consume(address: Address, deliver: (batch: readonly Delivery[]) => void, ownership?: OwnershipListener) {
    if (address.to !== 'inbox') return super.consume(address, deliver, ownership);
    this.owner = ownership;
    return super.consume(address, (batch) => deliver(batch.map((delivery) => this.#watched(delivery))), ownership);
  }

  #watched({ message, ...delivery }: Delivery): Delivery {
    const done = () => void this.done.push((message as InboxMessage).input.type);
    return { ...delivery, message, done };
  }
}

let shop: ScriptedParticipant;
let store: SteeredStore;
let bus: TurningBus;
let world: EngineWorld;

beforeEach(async () => {
  shop = new ScriptedParticipant('shop');
  const steered = steeredStore();
  store = steered.events;
  bus = new TurningBus();
  const order = sagaOf('order', { reserve: { ask: shop, timeout: '1d' }, pay: shop });
  world = new EngineWorld({ bus: () => bus, sagas: [order], store: steered });
  world.participant(shop);
  await world.start();
});
afterEach(() => world.stop());

/** A rebalance that gives it back at once. */
async function newTerm(): Promise<void> {
  bus.owner?.revoked([0]);
  bus.owner?.assigned([0]);
  await world.quiet();
}

describe('A new term of ownership', () => {
  it('A2, O2: sends again what is owed, although this owner has sent it, in an earlier term', async () => {
    world.bus.loses = ({ message }) => message.kind === 'command';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    world.bus.loses = () => false;
    await newTerm();
    expect([await world.status('order-1'), shop.log]).toEqual(['completed', ['act', 'act']]);
  });

  it('A2: decides on nothing that was read in an earlier one', async () => {
    world.bus.loses = ({ message }) => message.kind === 'command';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    const reads: string[] = [];
    store.onRead = (stream, events) => {
      reads.push(stream);
      return events;
    };
    // Whoever had it in between has moved it.
    bus.owner?.revoked([0]);
    const last = (await store.read('order-1')).at(-1);
    const events = encodeEvents([{ type: 'DeadlinePassed', at: 1, data: { pastPivot: false } }], 'wake', last?.hash ?? '');
    await store.append([{ stream: 'order-1', expectedRevision: last?.revision ?? -1, events }]);
    bus.owner?.assigned([0]);
    reads.length = 0;
    store.appends.length = 0;
    await world.answered(world.operate('order-1', 'suspend'));
    expect(reads).toContain('order-1');
    // It did not have to try and fail: the state of before was gone.
    expect(store.appends.flat().map(({ expectedRevision }) => expectedRevision)).toEqual([2]);
  });

  it('A2, O1: what was decided in an earlier one is neither sent nor acknowledged in this one', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    store.onAppend = async (writes, append) => {
      const outcomes = await append(writes);
      await held;
      return outcomes;
    };
    const begun = world.begin('order', '1').catch(() => undefined);
    await world.quiet();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested']);
    bus.owner?.revoked([0]);
    bus.done.length = 0;
    bus.owner?.assigned([0]);
    const sent = world.bus.published.length;
    store.recover();
    release();
    await world.quiet();
    // The start is not done: who owns the partition now gets it again. What it led to is in the store, and is sent from there.
    expect(bus.done).not.toContain('start');
    expect(world.bus.published.slice(sent).map(({ message }) => message.kind)).not.toContain('answer');
    await world.pass(6_000);
    await begun;
    expect(await world.status('order-1')).toBe('completed');
  });
});
