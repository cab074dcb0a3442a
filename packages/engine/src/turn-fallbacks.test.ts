import { afterEach, describe, expect, it } from '@jest/globals';
import {
  type CommandMessage,
  checkLaws,
  type Outcome,
  type Outgoing,
  type SagaDefinition,
  SkaldError,
  sagaDefinition,
} from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf, startOf } from '@skald/testkit';
import { MAX_EVENT_BYTES } from './turn.js';

const LARGE = 'x'.repeat(MAX_EVENT_BYTES);
let world: EngineWorld;
let shop: ScriptedParticipant;

afterEach(() => world.stop());

async function worldOf(saga: (shop: ScriptedParticipant) => readonly SagaDefinition[], bus = new InProcessBus()): Promise<void> {
  shop = new ScriptedParticipant('shop');
  world = new EngineWorld({ bus: () => bus, sagas: saga(shop) });
  world.participant(shop);
  await world.start();
}

/** What a participant in another language, which knows no limit, answers to a command. */
function answer(command: CommandMessage | undefined, outcome: Outcome): Outgoing {
  if (!command) throw new Error('no command was sent');
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = command;
  const reply = { type: 'reply', sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome } as const;
  return { address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: reply } };
}

async function lawful(sagaId: string): Promise<void> {
  expect(checkLaws(await world.history(sagaId))).toEqual([]);
}

describe('A16: An answer that is too large to be recorded', () => {
  /** The command of the first step, which nobody carries out. */
  async function asked(): Promise<CommandMessage | undefined> {
    await worldOf((ask) => [sagaOf('order', { reserve: { ask, timeout: '1m', retry: { attempts: 1 } }, pay: ask })]);
    world.bus.loses = ({ message }) => message.kind === 'command';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    return world.commands()[0];
  }

  it('and is a success: that it happened is recorded, and the saga waits for a person, who can have it undone', async () => {
    const command = await asked();
    await world.bus.publish([answer(command, { type: 'succeeded', result: LARGE })]);
    await world.quiet();
    expect((await world.history('order-1')).slice(2)).toMatchObject([
      { type: 'StepSucceeded', data: { step: 'reserve' } },
      { type: 'SagaSuspended', data: { target: 'program', error: { name: 'payload-too-large' } } },
    ]);
    world.bus.loses = () => false;
    await world.answered(world.cancel('order-1'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('cancelled');
    await lawful('order-1');
  });

  it('and is a success that comes after the end: it is recorded and undone like any other', async () => {
    const command = await asked();
    await world.pass(61_000);
    const undo = world.commands().find(({ operation }) => operation === 'compensation');
    await world.bus.publish([answer(undo, { type: 'undone', executed: false })]);
    await world.quiet();
    expect(await world.status('order-1')).toBe('compensated');
    world.bus.loses = () => false;
    await world.bus.publish([answer(command, { type: 'succeeded', result: LARGE })]);
    await world.quiet();
    expect((await world.story('order-1')).slice(-4)).toEqual([
      'StepSucceeded',
      'CompensationRequested',
      'CompensationSucceeded',
      'SagaCompensated',
    ]);
    await lawful('order-1');
  });

  it('and is a failure: what is too much is cut off, and the saga goes on by its name', async () => {
    const command = await asked();
    const error = { name: 'Declined', message: LARGE, data: { all: LARGE } };
    await world.bus.publish([answer(command, { type: 'failed', kind: 'business', effect: 'none', error })]);
    await world.quiet();
    expect(await world.status('order-1')).toBe('failed');
    const failed = (await world.history('order-1')).find(({ type }) => type === 'StepFailed');
    expect(failed).toMatchObject({ data: { kind: 'business', error: { name: 'Declined', message: 'x'.repeat(2_000) } } });
    await lawful('order-1');
  });
});

describe('A16: What somebody outside sends and is too large', () => {
  it('is refused, and the saga that it was for goes on', async () => {
    await worldOf((ask) => [
      sagaDefinition({
        name: 'order',
        version: 1,
        steps: [
          { id: 'go', kind: 'signal' },
          { id: 'reserve', run: () => ask.command('act') },
        ],
      }),
    ]);
    await world.answered(world.begin('order', '1'));
    const signal = (payload: unknown) => world.client.ask('order-1', { type: 'signal', request: world.ids.unique(), name: 'go', payload });
    await expect(world.answered(signal(LARGE))).rejects.toMatchObject({ code: 'payload-too-large' });
    expect(await world.status('order-1')).toBe('running');
    await world.answered(signal('small'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
  });

  it('B20, A16: a child whose start is too large fails the step that asked for it, and was never begun', async () => {
    // It fits where the parent records it, and not where the child does, with what that keeps beside it.
    const input = 'x'.repeat(MAX_EVENT_BYTES - 210);
    await worldOf((ask) => {
      const parcel = sagaOf('parcel', { load: ask });
      const pack = { id: 'pack', run: () => ask.command('act') };
      const ship = { id: 'ship', run: () => startOf('parcel', input, { id: 'p1' }) };
      return [parcel, sagaDefinition({ name: 'order', version: 1, steps: [pack, ship] })];
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    const failed = (await world.history('order-1')).find(({ type }) => type === 'StepFailed');
    expect(failed).toMatchObject({ data: { step: 'ship', kind: 'business', error: { name: 'payload-too-large' } } });
    expect([await world.status('order-1'), shop.log]).toEqual(['compensated', ['act', 'undo']]);
    await expect(world.history('parcel-p1')).rejects.toMatchObject({ code: 'saga-not-found' });
    await lawful('order-1');
  });
});

/** Refuses commands of some steps. */
class ChoosyBus extends InProcessBus {
  refuses: (command: CommandMessage) => boolean = () => false;

  override async publish(messages: readonly Outgoing[]): Promise<void> {
    const isRefused = ({ message }: Outgoing) => message.kind === 'command' && this.refuses(message.command);
    await super.publish(messages.filter((one) => !isRefused(one)));
    const [refused] = messages.filter(isRefused);
    if (refused) throw new SkaldError('message-refused', { sagaId: refused.message.sagaId, topic: 't', problem: 'too large' });
  }
}

describe('A17: A saga that is suspended because the bus refuses a message', () => {
  it('keeps the answers that wait behind it', async () => {
    const bus = new ChoosyBus();
    const ids = Array.from({ length: 300 }, (_, nth) => `s${nth}`);
    await worldOf(
      (ask) => [
        sagaOf('order', { ...Object.fromEntries(ids.map((id) => [id, { ask, after: [], timeout: '1d' }])), last: { ask, after: ['s0'] } }),
      ],
      bus,
    );
    bus.refuses = ({ step }) => step === 'last';
    world.bus.loses = ({ message }) => message.kind === 'command' && message.command.step !== 'last';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    // More than one write holds, and all of them at once: what does not fit is decided next.
    await world.bus.publish(world.commands().map((command) => answer(command, { type: 'succeeded' })));
    await world.quiet();
    const succeeded = (await world.history('order-1')).filter(({ type }) => type === 'StepSucceeded');
    expect([succeeded.length, await world.status('order-1')]).toEqual([300, 'suspended']);
    await lawful('order-1');
  });
});
