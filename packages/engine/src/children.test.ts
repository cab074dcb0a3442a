import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BusinessError, type Command, type SagaDefinition, type StepData } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';

let shop: ScriptedParticipant;
let dock: ScriptedParticipant;
let world: EngineWorld;

beforeEach(() => {
  shop = new ScriptedParticipant('shop');
  dock = new ScriptedParticipant('dock');
});
afterEach(async () => {
  await world.stop();
});

const shipping = (more: Partial<StepData> = {}) =>
  sagaOf('ship', { pack: dock, load: { ask: dock, ...more } }, { result: () => 'shipped' });
const starts = (more: Partial<NonNullable<Command['child']>> = {}, input: unknown = { order: 1 }) => ({
  ask: dock,
  run: () => startOf('ship', input, more),
});
const order = (child: Partial<StepData> = {}, more: Parameters<typeof sagaOf>[2] = {}) =>
  sagaOf('order', { charge: shop, ship: { ...starts(), ...child }, close: shop }, more);
const CHILD = 'ship-order-1.id1.ship';

async function worldOf(...sagas: readonly SagaDefinition[]): Promise<void> {
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas });
  for (const participant of [shop, dock]) world.participant(participant);
  await world.start();
}

async function begun(...sagas: readonly SagaDefinition[]): Promise<void> {
  await worldOf(...(sagas.length > 0 ? sagas : [order(), shipping()]));
  await world.answered(world.begin('order', '1'));
}

async function lawful(...ids: readonly string[]): Promise<void> {
  expect(await world.brokenLaws(...ids)).toEqual([]);
}

describe('A step that starts a saga', () => {
  it('waits for it, and comes to its output', async () => {
    await begun();
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['completed', 'completed']);
    expect((await world.state('order-1')).results).toMatchObject({ ship: 'shipped' });
    expect((await world.state(CHILD)).parent).toEqual({ sagaId: 'order-1', incarnation: 'id1', step: 'ship', round: 1 });
    expect((await world.history(CHILD))[0]?.data).toMatchObject({ input: { order: 1 }, saga: 'ship', version: 1 });
    expect(await world.story('order-1')).toContain('StepDeferred');
    await lawful('order-1', CHILD);
  });

  it('fails as the child fails, by the same name, and is not asked to undo anything', async () => {
    dock.on('act', (_input, nth) => {
      if (nth === 2) throw Object.assign(new BusinessError('too wide'), { name: 'TooWide' });
    });
    await begun();
    expect(await world.status(CHILD)).toBe('compensated');
    expect(await world.last('order-1', 'StepFailed')).toMatchObject({ kind: 'business', effect: 'none', error: { name: 'TooWide' } });
    expect(await world.status('order-1')).toBe('compensated');
    expect([dock.log, shop.log]).toEqual([
      ['act', 'act', 'undo'],
      ['act', 'undo'],
    ]);
    await lawful('order-1', CHILD);
  });

  it('is tried again as another child where its retry policy names the failure', async () => {
    dock.on('act', (_input, nth) => {
      if (nth === 1) throw Object.assign(new BusinessError('no truck'), { name: 'NoTruck' });
    });
    await begun(order({ retry: { attempts: 2, delay: 10, jitter: 0, on: ['NoTruck'] } }), shipping());
    await world.pass(50);
    expect([await world.status(CHILD), await world.status(`${CHILD}.2`), await world.status('order-1')]).toEqual([
      ...['failed', 'completed', 'completed'],
    ]);
  });

  it('has the child cancelled when its saga is, and goes on with the undoing when that has ended', async () => {
    await worldOf(order(), shipping());
    const goOn = world.closed('dock', (nth) => nth > 1);
    await world.answered(world.begin('order', '1'));
    await world.answered(world.cancel('order-1'));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['compensating', 'compensating']);
    expect(shop.log).toEqual(['act']);
    await goOn();
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['cancelled', 'cancelled']);
    expect([dock.log, shop.log]).toEqual([
      ['act', 'act', 'undo', 'undo'],
      ['act', 'undo'],
    ]);
    await lawful('order-1', CHILD);
  });

  it('has a completed child undone, in a second phase of its stream, before what it depends on', async () => {
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('closed');
    });
    await begun();
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['compensated', 'compensated']);
    const story = await world.story(CHILD);
    expect(story.slice(story.indexOf('SagaCompleted'))).toEqual([
      ...['SagaCompleted', 'WithdrawnByParent', 'CompensationStarted', 'CompensationRequested', 'CompensationSucceeded'],
      ...['CompensationRequested', 'CompensationSucceeded', 'SagaCompensated'],
    ]);
    expect(world.moves.filter((move) => move.startsWith(CHILD)).map((move) => move.split(' ')[1])).toEqual(
      expect.arrayContaining(['completed', 'compensating', 'compensated']),
    );
    await lawful('order-1', CHILD);
  });

  it('cannot have a child undone that is past its pivot, and asks a person who is told so', async () => {
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('closed');
    });
    await begun(order(), shipping({ pivot: true }));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['suspended', 'completed']);
    expect([...(await world.state('order-1')).parked.values()]).toMatchObject([{ error: { name: 'ChildPastPivot' } }]);
    await world.answered(world.operate('order-1', 'skip', { target: 'compensation:ship' }));
    expect(await world.status('order-1')).toBe('compensated');
    expect(dock.log).toEqual(['act', 'act']);
    await lawful('order-1', CHILD);
  });

  it('tells a person that a running child is past its pivot; the child goes on', async () => {
    await worldOf(order(), sagaOf('ship', { pack: { ask: dock, pivot: true }, load: shop }));
    const goOn = world.closed('shop', (nth) => nth > 1);
    await world.answered(world.begin('order', '1'));
    await world.answered(world.cancel('order-1'));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['suspended', 'running']);
    await goOn();
    expect(await world.status(CHILD)).toBe('completed');
    await lawful('order-1', CHILD);
  });

  it('B20: has a child that never began refused for ever: its stream begins with its end', async () => {
    await worldOf(order(), shipping());
    const lost: unknown[] = [];
    world.bus.loses = ({ message }) => message.kind === 'input' && message.input.type === 'asked' && lost.push(message) > 0;
    await world.answered(world.begin('order', '1'));
    world.bus.loses = () => false;
    await world.answered(world.cancel('order-1'));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['cancelled', 'cancelled']);
    expect(await world.story(CHILD)).toEqual([
      'SagaStarted',
      'WithdrawnByParent',
      'CancelRequested',
      'CompensationStarted',
      'SagaCancelled',
    ]);
    const before = await world.story('order-1');
    await world.bus.publish([{ address: { to: 'inbox' }, message: lost[0] as never }]);
    await world.quiet();
    expect([await world.story('order-1'), dock.log]).toEqual([before, []]);
    await lawful('order-1', CHILD);
  });

  it('fails where a saga of that id is there already, by another input or for another parent; that one is left alone', async () => {
    await worldOf(order(starts({ id: 'x' })), sagaOf('other', { ship: starts({ id: 'x' }) }), shipping());
    await world.answered(world.begin('ship', 'x', { order: 1 }));
    await world.answered(world.begin('order', '1'));
    expect(await world.last('order-1', 'StepFailed')).toMatchObject({ kind: 'business', error: { name: 'ChildExists' } });
    expect([await world.status('order-1'), await world.status('ship-x')]).toEqual(['compensated', 'completed']);
    await world.answered(world.begin('other', '1'));
    expect([await world.status('other-1'), await world.status('ship-x')]).toEqual(['failed', 'completed']);
  });

  it('waits, visibly, where the version of the child is not deployed, and goes on when it is', async () => {
    await begun(order());
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['running', 'suspended']);
    expect((await world.state('order-1')).steps.get('ship')?.status).toBe('deferred');
    world.sagas.push(shipping());
    await world.restart();
    await world.quiet();
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['completed', 'completed']);
  });

  it('waits while the child is suspended, and goes on when a person has helped it', async () => {
    dock.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('no');
    });
    await begun(order(), sagaOf('ship', { pack: { ask: dock, pivot: true }, load: { ask: dock, retry: { attempts: 1 } } }));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['running', 'suspended']);
    await world.answered(world.operate(CHILD, 'retry', { target: 'step:load' }));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['completed', 'completed']);
  });

  it('does not know what became of a child that an operator has terminated, and asks a person to undo it', async () => {
    await worldOf(order(), shipping());
    world.closed('dock', (nth) => nth > 1);
    await world.answered(world.begin('order', '1'));
    await world.answered(world.operate(CHILD, 'terminate'));
    expect(await world.last('order-1', 'StepFailed')).toMatchObject({ effect: 'unknown', error: { name: 'ChildTerminated' } });
    expect([...(await world.state('order-1')).parked]).toMatchObject([['compensation:ship', { error: { name: 'ChildTerminated' } }]]);
    await lawful('order-1', CHILD);
  });

  it('asks again, in its own time, when the word of the end was lost', async () => {
    await worldOf(order(), shipping());
    world.bus.loses = ({ message }) =>
      message.kind === 'input' && message.input.type === 'reply' && message.sagaId === 'order-1' && message.input.step === 'ship';
    await world.answered(world.begin('order', '1'));
    world.bus.loses = () => false;
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['running', 'completed']);
    await world.pass(60_000);
    expect(await world.status('order-1')).toBe('completed');
    await lawful('order-1');
  });

  it('asks a child that takes long less and less often: an hour apart at last', async () => {
    await worldOf(order(), shipping());
    world.closed('dock');
    let questions = 0;
    world.bus.beforePublish = (messages) => {
      for (const { message } of messages) if (message.kind === 'input' && message.input.type === 'asked') questions += 1;
    };
    await world.answered(world.begin('order', '1'));
    await world.pass(60_000 * 60 * 6);
    const asked = (await world.history('order-1')).filter(({ type }) => type === 'ChildAskedAgain').map(({ at }) => at);
    const pauses = asked.slice(1).map((at, nth) => (at - (asked[nth] ?? 0)) / 60_000);
    expect(pauses.slice(0, 5)).toEqual([2, 4, 8, 16, 32]);
    expect(new Set(pauses.slice(6))).toEqual(new Set([60]));
    // And no more often than its history says.
    expect(questions).toBe(1 + asked.length);
    await lawful('order-1');
  });

  it('detached, is settled when the child has begun; what becomes of either does not touch the other', async () => {
    shop.on('act', (_input, nth) => {
      if (nth === 2) throw new BusinessError('closed');
    });
    await worldOf(order(starts({ detached: true })), shipping());
    const goOn = world.closed('dock');
    await world.answered(world.begin('order', '1'));
    expect([await world.status('order-1'), await world.status(CHILD)]).toEqual(['compensated', 'running']);
    expect((await world.state('order-1')).results).toMatchObject({ ship: { sagaId: CHILD } });
    await goOn();
    expect([await world.status(CHILD), dock.log]).toEqual(['completed', ['act', 'act']]);
    await lawful('order-1', CHILD);
  });

  it('gives the child no later deadline than its own saga has, unless it is detached', async () => {
    const hurried = sagaOf(
      'order',
      { ship: starts({ deadline: 9_000_000 }), loose: { ...starts({ detached: true, deadline: 9_000_000 }), after: [] } },
      { deadline: '1h' },
    );
    await worldOf(hurried, shipping());
    world.closed('dock');
    await world.answered(world.begin('order', '1'));
    const now = (await world.state('order-1')).startedAt;
    expect((await world.state(CHILD)).deadlineAt).toBe(now + 3_600_000);
    const loose = (await world.index.list({ saga: 'ship' })).sagas.find(({ sagaId }) => sagaId !== CHILD)?.sagaId ?? '';
    expect((await world.state(loose)).deadlineAt).toBe(now + 9_000_000);
  });

  it('works for children of children: the whole family is cancelled from the top', async () => {
    const family = sagaOf('ship', { truck: { ask: dock, run: () => startOf('truck') } });
    await worldOf(order(), family, sagaOf('truck', { fuel: dock, drive: dock }));
    const goOn = world.closed('dock', (nth) => nth > 1);
    await world.answered(world.begin('order', '1'));
    await world.answered(world.cancel('order-1'));
    await goOn();
    const grandchild = (await world.index.list({ saga: 'truck' })).sagas.map(({ sagaId }) => sagaId);
    expect(grandchild).toHaveLength(1);
    for (const id of ['order-1', CHILD, ...grandchild]) expect(await world.status(id)).toBe('cancelled');
    await lawful('order-1', CHILD, ...grandchild);
  });
});
