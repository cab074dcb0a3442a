import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { checkLaws, limitStream, type SagaDefinition, type StepData } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf, WatchedBus } from '@skald/testkit';
import { decodeEvent } from '../event-codec.js';

let shop: ScriptedParticipant;
let dock: ScriptedParticipant;
let world: EngineWorld;
/** Commands to the dock get lost until the test says otherwise: a child that runs, stays. */
let isHeld: boolean;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  dock = new ScriptedParticipant('dock');
  isHeld = false;
});
afterEach(() => world.stop());

const ship = (running: number, version = 1): SagaDefinition =>
  sagaOf('ship', { pack: { ask: dock, timeout: '1h' } }, { version, limits: { running } });
const order = (step: Partial<StepData> = {}): SagaDefinition =>
  sagaOf('order', { charge: shop, ship: { ask: dock, run: () => startOf('ship'), ...step }, close: shop });
const child = (n: number) => `ship-order-${n}.id${n}.ship`;

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  const bus = () => {
    const watched = new WatchedBus(new InProcessBus());
    watched.loses = ({ address }) => isHeld && address.to === 'participant' && address.participant === 'dock';
    return watched;
  };
  world = new EngineWorld({ bus, sagas });
  for (const participant of [shop, dock]) world.participant(participant);
  await world.start();
}

/** Orders 1, 2 and so on; their incarnations are named after the order of the starts, and so are their children. */
async function begin(orders: number): Promise<void> {
  for (let n = 1; n <= orders; n++) {
    world.ids.incarnation = () => `id${n}`;
    await world.answered(world.begin('order', `${n}`));
    await world.pass(1);
  }
}

/** How many children ran at the same time, at most. */
async function mostAtOnce(): Promise<number> {
  const running = new Set<string>();
  let most = 0;
  for (const recorded of await world.events.readAll(0, 100_000)) {
    const { type } = decodeEvent(recorded);
    if (type === 'SlotGranted') running.add(recorded.stream);
    else if (/^Saga(Completed|Compensated|Failed|Cancelled|Terminated)$/.test(type)) running.delete(recorded.stream);
    most = Math.max(most, running.size);
  }
  return most;
}

async function lawful(): Promise<void> {
  for (const { sagaId } of (await world.index.list({ limit: 1_000 })).sagas)
    expect({ sagaId, broken: checkLaws(await world.history(sagaId)) }).toEqual({ sagaId, broken: [] });
}

describe('A child saga of which only so many may run', () => {
  it('waits for its turn, for everybody to see, and its parent waits for it; first come, first served', async () => {
    await worldOf(order(), ship(2));
    isHeld = true;
    await begin(5);
    expect(await world.statuses(...[1, 2, 3, 4, 5].map(child))).toEqual(['running', 'running', 'throttled', 'throttled', 'throttled']);
    expect((await world.state('order-3')).steps.get('ship')?.status).toBe('deferred');
    expect(await world.story(child(3))).toEqual(['SagaStarted']);
    isHeld = false;
    await world.restart();
    await world.quiet();
    expect(await world.index.count()).toEqual({ completed: 10 });
    expect(await mostAtOnce()).toBe(2);
    const granted = (await world.events.readAll(0, 100_000)).filter((one) => decodeEvent(one).type === 'SlotGranted');
    expect(granted.map(({ stream }) => stream)).toEqual([1, 2, 3, 4, 5].map(child));
    await lawful();
  });

  it('that waits is cancelled with its parent, at once, and gives back what it never had', async () => {
    await worldOf(order(), ship(1));
    isHeld = true;
    await begin(3);
    await world.answered(world.cancel('order-2'));
    expect(await world.statuses('order-2', child(2), child(3))).toEqual(['cancelled', 'cancelled', 'throttled']);
    expect(await world.story(child(2))).toEqual([
      ...['SagaStarted', 'WithdrawnByParent', 'CancelRequested', 'CompensationStarted', 'SagaCancelled'],
    ]);
    isHeld = false;
    await world.restart();
    await world.quiet();
    expect(await world.statuses('order-1', 'order-3')).toEqual(['completed', 'completed']);
    expect(await mostAtOnce()).toBe(1);
    await lawful();
  });

  it('is undone after its end without a slot: its parent, which turns back, waits for nobody who runs', async () => {
    const patient = { attempts: 3, delay: '1h', jitter: 0 } as const;
    await worldOf(sagaOf('order', { ship: { ask: dock, run: () => startOf('ship') }, close: { ask: shop, retry: patient } }), ship(1));
    shop.on('act', () => {
      throw new Error('closed until tomorrow');
    });
    world.bus.loses = ({ address, message }) => address.to === 'participant' && message.sagaId === child(2);
    await begin(3);
    expect(await world.statuses('order-1', child(1), child(2), child(3))).toEqual(['running', 'completed', 'running', 'throttled']);
    await world.answered(world.cancel('order-1'));
    expect(await world.statuses('order-1', child(1), child(2), child(3))).toEqual(['cancelled', 'compensated', 'running', 'throttled']);
    shop.on('act', () => undefined);
    await world.restart();
    await world.quiet();
    expect(await world.statuses('order-2', 'order-3')).toEqual(['completed', 'completed']);
    expect(await mostAtOnce()).toBe(1);
    await lawful();
  });

  it('that is withdrawn before it began asks for no slot', async () => {
    await worldOf(order(), ship(1));
    world.bus.loses = ({ message }) => message.kind === 'input' && message.input.type === 'asked';
    await begin(1);
    world.bus.loses = () => false;
    const before = world.bus.published.length;
    await world.answered(world.cancel('order-1'));
    expect(await world.statuses('order-1', child(1))).toEqual(['cancelled', 'cancelled']);
    const said = world.bus.published.slice(before).filter(({ message }) => message.sagaId === limitStream('ship'));
    expect(said).toEqual([]);
    await lawful();
  });

  it('detached, waits by itself: its parent goes on', async () => {
    await worldOf(order({ run: () => startOf('ship', {}, { detached: true }) }), ship(1));
    isHeld = true;
    await begin(2);
    expect(await world.statuses('order-1', 'order-2', child(1), child(2))).toEqual(['completed', 'completed', 'running', 'throttled']);
  });

  it('counts whoever started it: an ordinary start and a child share the slots', async () => {
    await worldOf(order(), ship(1));
    isHeld = true;
    await world.answered(world.begin('ship', 'own'));
    await begin(1);
    expect(await world.statuses('ship-own', child(1))).toEqual(['running', 'throttled']);
    await world.answered(world.operate('ship-own', 'terminate'));
    await world.quiet();
    expect(await world.statuses(child(1))).toEqual(['running']);
    expect(await mostAtOnce()).toBe(1);
  });

  it('has the limit of the newest version where its own is not deployed, and waits for both', async () => {
    await worldOf(order(), ship(1, 2));
    isHeld = true;
    await begin(2);
    expect(await world.statuses(child(1), child(2))).toEqual(['suspended', 'throttled']);
    world.sagas.push(ship(1));
    isHeld = false;
    await world.restart();
    await world.quiet();
    expect(await world.statuses('order-1', 'order-2', child(1), child(2))).toEqual(Array(4).fill('completed'));
    expect(await mostAtOnce()).toBe(1);
    await lawful();
  });
});
