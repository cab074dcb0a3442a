import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type SagaDefinition, sagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf } from '@skald/testkit';
import type { EngineOptions } from './engine.js';

const DAY = 86_400_000;
let shop: ScriptedParticipant;
let world: EngineWorld;
let begun: number;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
});
afterEach(() => world.stop());

async function worldOf(saga: SagaDefinition, engine: Partial<EngineOptions> = {}): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [saga], engine });
  world.participant(shop);
  await world.start();
  begun = world.clock.now();
}

/** Nobody answers. */
function loseCommands(): void {
  world.bus.loses = ({ address }) => address.to === 'participant';
}

/** Wakes that were sent since the last start. */
function wakes(): string[] {
  return world.bus.published.flatMap(({ message }) => (message.kind === 'input' && message.input.type === 'wake' ? [message.sagaId] : []));
}

/** When events of this type were recorded, in milliseconds since the start. */
async function times(type: string): Promise<number[]> {
  return (await world.history('order-1')).filter((event) => event.type === type).map(({ at }) => at - begun);
}

describe('Timers', () => {
  it('M1: a step times out on the millisecond, is retried after its backoff, and gives up at the end of its policy', async () => {
    const retry = { attempts: 3, backoff: 'exponential', delay: '1s', jitter: 0 } as const;
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '5s', retry, compensationTimeout: '1m' } }));
    loseCommands();
    await world.answered(world.begin('order', '1'));
    await world.pass(30_000);
    expect(await times('StepTimedOut')).toEqual([5_000, 11_000, 18_000]);
    expect(await times('StepRequested')).toEqual([0, 6_000, 13_000]);
    expect((await world.story('order-1')).slice(-2)).toEqual(['CompensationStarted', 'CompensationRequested']);
    expect(wakes()).toHaveLength(5);
  });

  it('M1: a step waits for years, and goes on on the millisecond', async () => {
    const waits = sagaDefinition({ name: 'order', version: 1, steps: [{ kind: 'timer', id: 'coolOff', time: '730d' }] });
    await worldOf(waits, { timerScanInterval: 3_600_000 });
    await world.answered(world.begin('order', '1'));
    await world.pass(730 * DAY - 1);
    expect(await world.status('order-1')).toBe('running');
    await world.pass(1);
    expect(await times('TimerFired')).toEqual([730 * DAY]);
    expect(await world.status('order-1')).toBe('completed');
  });

  it('M1: a deadline turns a saga back at its time', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '30d' } }, { deadline: '7d' }), { timerScanInterval: 3_600_000 });
    loseCommands();
    await world.answered(world.begin('order', '1'));
    await world.pass(7 * DAY - 1);
    expect(await world.status('order-1')).toBe('running');
    await world.pass(1);
    expect(await times('DeadlinePassed')).toEqual([7 * DAY]);
  });

  it('M1: a wait of a year ends at its time, over restarts in between', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '365d', retry: { attempts: 1 } } }), { timerScanInterval: DAY });
    loseCommands();
    await world.answered(world.begin('order', '1'));
    for (let month = 1; month <= 12; month++) {
      await world.pass(30 * DAY);
      await world.restart();
      loseCommands();
    }
    await world.pass(4 * DAY);
    expect(await times('StepTimedOut')).toEqual([]);
    await world.pass(DAY);
    expect(await times('StepTimedOut')).toEqual([365 * DAY]);
  }, 60_000);

  it('A1, M1: what fell due while nobody was there is late, and not lost', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '5s', retry: { attempts: 1 } } }));
    loseCommands();
    for (let n = 1; n <= 30; n++) await world.answered(world.begin('order', `${n}`));
    await world.stop();
    await world.clock.advance(60_000);
    await world.restart();
    await world.quiet();
    for (let n = 1; n <= 30; n++) expect(await world.story(`order-${n}`)).toContain('SagaCompensated');
  });

  it('M2: a wake that comes too early, twice or for nobody changes nothing', async () => {
    await worldOf(sagaOf('order', { reserve: shop }));
    loseCommands();
    await world.answered(world.begin('order', '1'));
    const wake = (sagaId: string) => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } }) as const;
    await world.bus.publish([wake('order-1'), wake('order-1'), wake('order-9')]);
    await world.quiet();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested']);
    expect(await world.events.read('order-9')).toEqual([]);
    expect(await world.index.get('order-9')).toBeUndefined();
  });

  it('M3: five thousand that are due at once are woken in portions, all of them without waiting for the next look at the index', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '2h', retry: { attempts: 1 } } }), { timerScanInterval: 3_600_000 });
    loseCommands();
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => world.begin('order', `${n}`)));
    let most = 0;
    world.bus.beforePublish = (messages) => {
      most = Math.max(most, messages.filter(({ message }) => message.kind === 'input' && message.input.type === 'wake').length);
    };
    await world.pass(7_200_000);
    expect([wakes().length, new Set(wakes()).size, most]).toEqual([5_000, 5_000, 1_000]);
    expect(await world.index.count()).toEqual({ compensating: 5_000 });
  }, 60_000);

  it('M3: so are five thousand that fell due while nobody was there, the most overdue first', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '1h', retry: { attempts: 1 } } }));
    loseCommands();
    for (let n = 0; n < 5_000; n += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_, i) => world.begin('order', `${n + i}`)));
      await world.clock.advance(1);
    }
    await world.stop();
    await world.clock.advance(DAY);
    world.bus.published.length = 0;
    await world.restart();
    loseCommands();
    await world.quiet();
    expect(await world.index.count()).toEqual({ compensating: 5_000 });
    // Each was woken by recovery, since it owes a command, and each by its timer at most once besides.
    const timed = wakes().slice(5_000);
    expect(new Set(timed).size).toBe(timed.length);
  });

  it('M1: where the index is early, the saga is woken once for nothing and then rightly', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '10s' }, pay: { ask: shop, timeout: '60s', retry: { attempts: 1 } } }));
    world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step === 'pay';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    expect((await world.index.get('order-1'))?.dueAt).toBe(begun + 10_000);
    await world.pass(59_999);
    expect([wakes(), (await world.index.get('order-1'))?.dueAt]).toEqual([['order-1'], begun + 60_000]);
    await world.pass(1);
    expect([wakes(), await times('StepTimedOut')]).toEqual([['order-1', 'order-1'], [60_000]]);
  });

  it('an ended saga is not woken for a timeout that it outran', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '1s' } }));
    await world.answered(world.begin('order', '1'));
    await world.pass(10_000);
    expect([await world.status('order-1'), wakes()]).toEqual(['completed', []]);
  });

  it('a bus that takes no wakes makes them late; an index that cannot be read too', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '5s', retry: { attempts: 1 } } }));
    loseCommands();
    await world.answered(world.begin('order', '1'));
    world.bus.beforePublish = () => {
      throw new Error('the broker is gone');
    };
    await world.pass(8_000);
    const { index } = world;
    const due = index.due.bind(index);
    world.bus.beforePublish = () => {};
    index.due = () => Promise.reject(new Error('locked'));
    await world.pass(5_000);
    index.due = due;
    await world.pass(1_000);
    expect(await world.story('order-1')).toContain('StepTimedOut');
    expect(new Set(world.troubles.map(({ what }) => what)).size).toBe(2);
  });

  it('A1, M2: a wake that got lost is sent again after a minute', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '5s', retry: { attempts: 1 } } }));
    world.bus.loses = ({ message }) => message.kind === 'command' || (message.kind === 'input' && message.input.type === 'wake');
    await world.answered(world.begin('order', '1'));
    await world.pass(30_000);
    expect(wakes()).toHaveLength(1);
    loseCommands();
    await world.pass(36_000);
    expect(wakes()).toHaveLength(2);
    expect(await world.story('order-1')).toContain('StepTimedOut');
  });

  it('stops with no alarm left', async () => {
    await worldOf(sagaOf('order', { reserve: { ask: shop, timeout: '1s' } }));
    loseCommands();
    await world.answered(world.begin('order', '1'));
    await world.stop();
    expect(world.clock.pending).toBe(0);
  });
});
