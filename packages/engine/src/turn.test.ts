import { afterEach, describe, expect, it } from '@jest/globals';
import { type SagaDefinition, type StepData, sagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import { MAX_EVENT_BYTES } from './turn.js';

let world: EngineWorld;
let store: SteeredStore;
const LARGE = 'x'.repeat(MAX_EVENT_BYTES);

afterEach(() => world.stop());

async function worldOf(sagas: readonly SagaDefinition[], participants: readonly ScriptedParticipant[]): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas, store: steered });
  for (const participant of participants) world.participant(participant);
  await world.start();
}

async function begin(id = '1', input: unknown = {}): Promise<void> {
  await world.answered(world.begin('order', id, input));
  await world.quiet();
}

describe('A decision that throws', () => {
  it('T2: suspends its saga, with the fact recorded; no other is stopped, and the operator’s retry goes on', async () => {
    const shop = new ScriptedParticipant('shop');
    let isMended = false;
    const run: StepData['run'] = (input: { readonly n: number }) => {
      if (input.n === 1 && !isMended) throw new TypeError('cannot read total');
      return shop.command('act', input);
    };
    await worldOf([sagaOf('order', { reserve: shop, pay: { ask: shop, run } })], [shop]);
    await Promise.all([world.answered(world.begin('order', '1', { n: 1 })), world.answered(world.begin('order', '2', { n: 2 }))]);
    await world.quiet();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested', 'StepSucceeded', 'SagaSuspended']);
    expect(await world.index.get('order-1')).toMatchObject({
      status: 'suspended',
      error: 'TypeError: cannot read total',
      dueAt: undefined,
    });
    expect(await world.status('order-2')).toBe('completed');
    isMended = true;
    await world.answered(world.operate('order-1', 'retry', { target: 'program' }));
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toHaveLength(4);
  });

  it('T2: at the start records the start, and tells the caller that it was accepted', async () => {
    const run = () => {
      throw new Error('no');
    };
    const shop = new ScriptedParticipant('shop');
    await worldOf([sagaOf('order', { reserve: { ask: shop, run } })], [shop]);
    expect(await world.answered(world.begin('order', '1'))).toEqual({ accepted: true, revision: 0 });
    expect(await world.status('order-1')).toBe('suspended');
  });

  it('T2: in a command that is no JSON suspends the saga with the reason', async () => {
    const shop = new ScriptedParticipant('shop');
    await worldOf([sagaOf('order', { reserve: shop, pay: { ask: shop, run: () => shop.command('act', 1n) } })], [shop]);
    await begin();
    expect(await world.story('order-1')).toEqual(['SagaStarted', 'StepRequested', 'StepSucceeded', 'SagaSuspended']);
    expect((await world.index.get('order-1'))?.error).toMatch(/^TypeError: .*BigInt/);
  });

  it('T2: repeats and operators do not make it spin: each input is decided once and sends nothing again', async () => {
    const shop = new ScriptedParticipant('shop');
    await worldOf([sagaOf('order', { reserve: shop, pay: { ask: shop, run: () => shop.command('act', LARGE) } })], [shop]);
    await begin();
    const sent = world.commands().length;
    await world.answered(world.operate('order-1', 'retry', { target: 'program' }));
    await world.quiet();
    expect(world.commands()).toHaveLength(sent);
    expect((await world.story('order-1')).slice(3)).toEqual(['SagaSuspended', 'OperatorIntervened', 'SagaSuspended']);
  });
});

describe('What does not fit', () => {
  it('T2: a command that is too large suspends the saga with payload-too-large; the success before it is recorded', async () => {
    const shop = new ScriptedParticipant('shop').on('act', () => 'reserved');
    await worldOf([sagaOf('order', { reserve: shop, pay: { ask: shop, run: () => shop.command('act', LARGE) } })], [shop]);
    await begin();
    const [, , succeeded, suspended] = await world.history('order-1');
    expect(succeeded).toMatchObject({ type: 'StepSucceeded', data: { result: 'reserved' } });
    expect(suspended).toMatchObject({ type: 'SagaSuspended', data: { target: 'program', error: { name: 'payload-too-large' } } });
    expect(await world.answered(world.cancel('order-1'))).toMatchObject({ accepted: true });
    await world.quiet();
    expect([await world.status('order-1'), shop.log]).toEqual(['cancelled', ['act', 'undo']]);
  });

  it('T2: a compensation that is too large parks that compensation; the others go on', async () => {
    const shop = new ScriptedParticipant('shop');
    const bank = new ScriptedParticipant('bank').on('act', () => {
      throw Object.assign(new Error('declined'), { business: true });
    });
    const compensation: StepData['compensation'] = { name: 'release', run: () => shop.command('act', LARGE) };
    const saga = sagaOf('order', {
      reserve: { ask: shop, compensation },
      pack: { ask: shop, after: [] },
      pay: { ask: bank, after: ['reserve', 'pack'] },
    });
    await worldOf([saga], [shop, bank]);
    await begin();
    expect([...(await world.state('order-1')).parked.keys()]).toEqual(['compensation:reserve']);
    expect(shop.log).toEqual(['act', 'act', 'undo']);
    await world.answered(world.operate('order-1', 'skip', { target: 'compensation:reserve' }));
    expect(await world.status('order-1')).toBe('compensated');
  });

  it('T2: a late success whose undo is too large is not lost: the ended saga is reopened and suspended', async () => {
    const shop = new ScriptedParticipant('shop');
    const compensation: StepData['compensation'] = { name: 'release', run: () => shop.command('act', LARGE) };
    const reserve = { ask: shop, compensation, timeout: '1s', retry: { attempts: 1 } } as const;
    await worldOf([sagaOf('order', { reserve })], [shop]);
    world.bus.loses = ({ message }) => message.kind === 'command';
    await begin();
    const [command] = world.commands();
    if (!command) throw new Error('a command was sent');
    await world.answered(world.operate('order-1', 'suspend'));
    await world.answered(world.operate('order-1', 'resume'));
    await world.pass(1_500);
    const { incarnation, step, round, attempt, purpose } = command;
    const seal = {
      sagaId: 'order-1',
      incarnation,
      step,
      round,
      attempt: 2,
      operation: 'seal',
      purpose,
      undoRound: 0,
      outcome: { type: 'sealed' },
    } as const;
    await world.bus.publish([
      { address: { to: 'inbox' }, message: { kind: 'input', sagaId: 'order-1', input: { type: 'reply', ...seal } } },
    ]);
    await world.quiet();
    expect(await world.status('order-1')).toBe('failed');
    const late = { ...seal, attempt, operation: 'action', outcome: { type: 'succeeded' } } as const;
    await world.bus.publish([
      { address: { to: 'inbox' }, message: { kind: 'input', sagaId: 'order-1', input: { type: 'reply', ...late } } },
    ]);
    await world.quiet();
    expect((await world.story('order-1')).slice(-2)).toEqual(['StepSucceeded', 'SagaSuspended']);
    expect(await world.status('order-1')).toBe('suspended');
  });

  it('T2: a start that is too large itself is refused with payload-too-large, and leaves nothing behind', async () => {
    const shop = new ScriptedParticipant('shop');
    await worldOf([sagaOf('order', { reserve: shop })], [shop]);
    await expect(world.answered(world.begin('order', '1', LARGE))).rejects.toMatchObject({
      code: 'payload-too-large',
      details: { what: 'the data of SagaStarted', limit: `${MAX_EVENT_BYTES}` },
    });
    expect(await store.read('order-1')).toEqual([]);
    expect(world.troubles).toHaveLength(1);
  });

  it('T2: an operator’s result that is too large is refused and suspends nothing more', async () => {
    const shop = new ScriptedParticipant('shop').on('act', () => {
      throw new Error('out of order');
    });
    await worldOf([sagaOf('order', { reserve: { ask: shop, pivot: true }, pay: shop })], [shop]);
    await begin('1');
    await expect(world.answered(world.operate('order-1', 'succeed', { target: 'step:reserve', result: LARGE }))).rejects.toMatchObject({
      code: 'not-parked',
    });
  });

  it('T3: a write holds up to 500 events; inputs beyond that are the next batch’s, in their order', async () => {
    const shop = new ScriptedParticipant('shop');
    const steps = Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`s${n}`, { ask: shop, after: [] }]));
    await worldOf([sagaOf('order', steps)], [shop]);
    await begin();
    expect(await world.status('order-1')).toBe('completed');
    expect(Math.max(...store.appends.flat().map(({ events }) => events.length))).toBeLessThanOrEqual(500);
    expect(world.troubles).toEqual([]);
  });

  it('T3: a step graph that opens more at once than a write holds is suspended, not stuck', async () => {
    const shop = new ScriptedParticipant('shop');
    const steps = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`s${n}`, { ask: shop, after: [] }]));
    await worldOf([sagaOf('order', steps), sagaOf('small', { one: shop })], [shop]);
    await begin();
    expect((await world.index.get('order-1'))?.error).toMatch(/^payload-too-large: .*502 events/);
    await world.answered(world.begin('small', '1'));
    await world.quiet();
    expect(await world.status('small-1')).toBe('completed');
  });
});

describe('A history that cannot be read', () => {
  it('T2: refuses its callers by name, drops its inputs, is left as it is, and stops no other saga', async () => {
    const shop = new ScriptedParticipant('shop').on('act', () => {
      store.onRead = (stream, events) =>
        stream === 'order-1' ? events.map((event) => ({ ...event, metadata: event.metadata.replace('"format":1', '"format":7') })) : events;
    });
    await worldOf([sagaDefinition({ ...sagaOf('order', { reserve: shop, pay: shop }) })], [shop]);
    await begin('1');
    await world.restart();
    const [unreadable, fine] = await Promise.allSettled([
      world.answered(world.cancel('order-1')),
      world.answered(world.begin('order', '2')),
    ]);
    expect(unreadable).toMatchObject({ reason: { code: 'history-unreadable', details: { stream: 'order-1' } } });
    expect(fine.status).toBe('fulfilled');
    await expect(world.answered(world.begin('order', '1'))).rejects.toMatchObject({ code: 'history-unreadable' });
    await world.quiet();
    expect(await world.status('order-2')).toBe('completed');
    store.recover();
    const length = (await store.read('order-1')).length;
    await world.pass(120_000);
    expect((await store.read('order-1')).length).toBe(length);
    await world.restart();
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
  });
});
