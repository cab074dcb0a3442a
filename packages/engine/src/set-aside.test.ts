import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Delivery, InboxMessage, Outcome, Outgoing, RecordedEvent } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore, VirtualClock } from '@skald/testkit';
import { SetAside, tellsOfAnEffect } from './set-aside.js';

describe('A17: A history with an event of a newer Skald', () => {
  let world: EngineWorld;
  let store: SteeredStore;
  let shop: ScriptedParticipant;
  afterEach(() => world.stop());

  /** Of that saga, as a manager of a newer version would have left it. */
  const withNewer = (events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
    events.map((event) => (event.stream === 'order-1' && event.revision === 1 ? { ...event, type: 'StepForetold' } : event));

  /** A saga that has turned back, since its participant was not heard of. Answers the command that was sent. */
  async function compensated() {
    const steered = steeredStore();
    store = steered.events;
    shop = new ScriptedParticipant('shop');
    const order = sagaOf('order', { reserve: { ask: shop, timeout: '1s', retry: { attempts: 1 } } });
    world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered });
    world.participant(shop);
    await world.start();
    world.bus.loses = ({ message }) => message.kind === 'command' && message.command.operation === 'action';
    await world.answered(world.begin('order', '1'));
    await world.pass(2_000);
    expect(await world.status('order-1')).toBe('compensated');
    const [command] = world.commands();
    if (!command) throw new Error('a command was sent');
    return command;
  }

  it('is not folded as if the event were not there, and nothing is decided on it', async () => {
    await compensated();
    store.onRead = (_stream, events) => withNewer(events);
    const problem = 'events of the type StepForetold are not known here: a newer Skald has written it';
    await expect(world.answered(world.cancel('order-1'))).rejects.toMatchObject({
      code: 'history-unreadable',
      details: { stream: 'order-1', revision: '1', problem },
    });
    await world.answered(world.begin('order', '2'));
    await world.pass(2_000);
    expect(await world.status('order-2')).toBe('compensated');
  });

  it('loses no success that is told meanwhile: it is recorded, and undone, by a manager that can read it', async () => {
    const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = await compensated();
    const length = (await store.read('order-1')).length;
    store.onRead = (_stream, events) => withNewer(events);
    const outcome: Outcome = { type: 'succeeded', result: 'late' };
    const reply = { type: 'reply', sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome } as const;
    await world.bus.publish([{ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: reply } }]);
    await world.pass(600_000);
    expect((await store.read('order-1')).length).toBe(length);
    store.recover();
    await world.pass(10_000);
    expect((await world.history('order-1')).slice(length)).toMatchObject([
      { type: 'StepSucceeded', data: { late: true, result: 'late' } },
      { type: 'CompensationRequested', data: { round: 2 } },
      { type: 'CompensationSucceeded' },
      { type: 'SagaCompensated' },
    ]);
    const back = world.bus.published.length;
    await world.pass(600_000);
    expect(world.bus.published.length).toBe(back);
  });
});

describe('An answer that is set aside', () => {
  let clock: VirtualClock;
  let sent: Outgoing[];
  let done: string[];
  let isBroken: boolean;
  let aside: SetAside;

  beforeEach(() => {
    clock = new VirtualClock();
    [sent, done, isBroken] = [[], [], false];
    const publish = async (messages: readonly Outgoing[]) => {
      if (isBroken) throw new Error('the broker is gone');
      sent.push(...messages);
    };
    aside = new SetAside({ bus: { publish }, clock, observer: { troubled: () => {} } });
  });

  const answer = (sagaId: string, outcome: Outcome = { type: 'succeeded' }): Delivery<InboxMessage> => ({
    message: {
      kind: 'input',
      sagaId,
      input: {
        type: 'reply',
        sagaId,
        ...{ incarnation: 'i', step: 's', round: 1, attempt: 1, operation: 'action', purpose: 'step' },
        undoRound: 0,
        outcome,
      },
    },
    done: () => void done.push(sagaId),
  });
  const pass = (milliseconds: number) => clock.advance(milliseconds, async () => {});

  it('U1: is acknowledged when the bus has it again, and not before', async () => {
    isBroken = true;
    aside.add(answer('a-1'));
    await pass(30_000);
    expect([sent, done]).toEqual([[], []]);
    isBroken = false;
    await pass(5_000);
    expect([sent.map(({ message }) => message.sagaId), done]).toEqual([['a-1'], ['a-1']]);
    await pass(60_000);
    expect(sent).toHaveLength(1);
  });

  it('U2: is held for some seconds, and goes back once, however often it was set aside meanwhile', async () => {
    const one = answer('a-1');
    aside.add(one);
    aside.add(one);
    await pass(4_000);
    expect(sent).toEqual([]);
    await pass(60_000);
    expect(sent).toHaveLength(1);
  });

  it('U3: stays where it is when its partition is lost, or everything ends', async () => {
    for (const id of ['a-1', 'b-1']) aside.add(answer(id));
    aside.keep((sagaId) => sagaId === 'b-1');
    await pass(10_000);
    expect([sent.map(({ message }) => message.sagaId), done]).toEqual([['b-1'], ['b-1']]);
    aside.add(answer('c-1'));
    aside.stop();
    aside.add(answer('d-1'));
    await pass(10_000);
    expect([sent.length, clock.pending]).toEqual([1, 0]);
  });

  it('is one that nobody may ask for again: what else is told is asked for again, or was asked for by somebody who waits', () => {
    expect(tellsOfAnEffect(answer('a-1'))).toBe(true);
    expect(tellsOfAnEffect(answer('a-1', { type: 'deferred' }))).toBe(true);
    expect(tellsOfAnEffect(answer('a-1', { type: 'undone', executed: true }))).toBe(false);
    expect(tellsOfAnEffect({ message: { kind: 'input', sagaId: 'a-1', input: { type: 'wake' } }, done: () => {} })).toBe(false);
  });
});
