import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SagaSummary } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, MemoryEventStore, MemorySagaIndex, ScriptedParticipant, sagaOf, VirtualClock } from '@skald/testkit';
import { decodeEvent } from './event-codec.js';
import { readHistory, stateOf } from './history.js';
import { IndexProjection } from './index-projection.js';
import { summarize } from './summary.js';

/** An index that can be made to stand still. */
class HeldIndex extends MemorySagaIndex {
  /** Of all puts. */
  readonly positions: number[] = [];
  #held: Promise<void> | undefined;
  #letGo = (): void => {};

  hold(): void {
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
  }

  letGo(): void {
    this.#held = undefined;
    this.#letGo();
  }

  override async put(summaries: readonly SagaSummary[], position: number): Promise<void> {
    this.positions.push(position);
    await this.#held;
    await super.put(summaries, position);
  }
}

let shop: ScriptedParticipant;
let clock: VirtualClock;
let events: MemoryEventStore;
let index: HeldIndex;
let projection: IndexProjection;
let world: EngineWorld;

beforeEach(async () => {
  shop = new ScriptedParticipant('shop');
  clock = new VirtualClock();
  events = new MemoryEventStore();
  index = new HeldIndex();
  await begin();
});
afterEach(end);

/** A manager begins to live: its engine, and the projection of its index. */
async function begin(): Promise<void> {
  projection = new IndexProjection(events, index, { clock });
  projection.start();
  const retry = { attempts: 2, delay: '1s', jitter: 0 } as const;
  const order = sagaOf('order', { reserve: { ask: shop, timeout: '5s', retry }, pack: { ask: shop, timeout: '1h' } });
  world = new EngineWorld({ clock, bus: () => new InProcessBus(), sagas: [order], store: { events, index }, engine: { projection } });
  world.participant(shop);
}

async function end(): Promise<void> {
  index.letGo();
  await world.stop();
  await projection.stop();
}

function loseCommands(step: string): void {
  world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step === step;
}

function wakes(): string[] {
  return world.bus.published.flatMap(({ message }) => (message.kind === 'input' && message.input.type === 'wake' ? [message.sagaId] : []));
}

async function expectExact(): Promise<void> {
  await projection.caughtUp();
  const { sagas } = await index.list({ limit: 1_000 });
  for (const summary of sagas) expect(summary).toEqual(summarize(stateOf(await readHistory(events, summary.sagaId))));
}

describe('While the index lags behind', () => {
  it('M4: a timer that the index does not know rings on the millisecond', async () => {
    await world.start();
    loseCommands('reserve');
    index.hold();
    const begun = clock.now();
    await world.answered(world.begin('order', '1'));
    await world.pass(20_000);
    const times = (await world.history('order-1')).filter(({ type }) => type === 'StepTimedOut').map(({ at }) => at - begun);
    expect(times).toEqual([5_000, 11_000]);
    expect(await index.get('order-1')).toBeUndefined();
    index.letGo();
    await expectExact();
  });

  it('M4: a saga that has gone on is not woken for what the index still says', async () => {
    await world.start();
    let answer = (): void => {};
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    shop.on('act', () => answered);
    loseCommands('pack');
    for (let n = 0; n < 30; n++) await world.answered(world.begin('order', `${n}`));
    await projection.caughtUp();
    index.hold();
    answer();
    await world.quiet();
    await world.pass(60_000);
    const overdue = await index.due(clock.now(), 100);
    expect(overdue).toHaveLength(30);
    expect(wakes()).toEqual([]);
    index.letGo();
    await expectExact();
    await world.pass(3_600_000);
    expect(new Set(wakes())).toEqual(new Set(overdue.map(({ sagaId }) => sagaId)));
    expect(await world.story('order-7')).toContain('StepTimedOut');
    await expectExact();
  });

  it('the engine tells it nothing by itself, also of a wake that came to nothing', async () => {
    await world.start();
    loseCommands('reserve');
    await world.answered(world.begin('order', '1'));
    await projection.caughtUp();
    await world.restart();
    expect(wakes()).toEqual(['order-1']);
    await world.pass(2_000);
    await projection.caughtUp();
    // A projection never says a second time what it says of a position.
    expect(index.positions).toEqual([...new Set(index.positions)]);
  });

  it('O4: whoever takes over sends what is owed, and wakes what is due, when the index has seen all that was stored', async () => {
    await world.start();
    loseCommands('reserve');
    for (let n = 0; n < 10; n++) await world.answered(world.begin('order', `${n}`));
    await end();
    await index.clear();
    await clock.advance(60_000);
    index.hold();
    await begin();
    const starting = world.start();
    await world.quiet();
    await world.pass(3_000);
    expect(wakes()).toEqual([]);
    // Work goes on meanwhile.
    await world.answered(world.begin('order', 'new'));
    expect(await world.story('order-new')).toContain('SagaCompleted');
    index.letGo();
    await world.quiet();
    await starting;
    expect(world.recovered).toBe(10);
    await world.pass(10_000);
    expect(await index.count()).toEqual({ completed: 11 });
  });

  it('O4: whoever takes over wakes nobody for what only an older index says', async () => {
    await world.start();
    for (let n = 0; n < 10; n++) await world.answered(world.begin('order', `${n}`));
    await projection.caughtUp();
    await end();
    await index.clear();
    const older = await events.readAll(0, 2);
    await index.put([{ ...summarize(stateOf(older.map(decodeEvent))), dueAt: clock.now() }], 2);
    index.hold();
    await begin();
    const starting = world.start();
    await world.quiet();
    await world.pass(3_000);
    index.letGo();
    await world.quiet();
    await starting;
    await world.pass(3_000);
    expect(wakes()).toEqual([]);
    await expectExact();
  });

  it('O4: a stop does not wait for an index that stands still', async () => {
    await world.start();
    await world.answered(world.begin('order', '1'));
    await end();
    await index.clear();
    index.hold();
    await begin();
    const starting = world.start();
    await world.quiet();
    await world.stop();
    await expect(starting).rejects.toMatchObject({ code: 'app-stopped' });
  });
});
