import { afterEach, describe, expect, it } from '@jest/globals';
import type { SagaDefinition } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, type SteeredStore, sagaOf, steeredStore } from '@skald/testkit';
import { encodeEvents } from './event-codec.js';

let shop: ScriptedParticipant;
let bank: ScriptedParticipant;
let order: SagaDefinition;
let world: EngineWorld;
let store: SteeredStore;

async function worldOf(): Promise<void> {
  const steered = steeredStore();
  store = steered.events;
  shop = new ScriptedParticipant('shop');
  bank = new ScriptedParticipant('bank');
  order = sagaOf('order', { reserve: shop, pay: bank });
  world = new EngineWorld({ bus: () => new InProcessBus(), sagas: [order], store: steered });
  for (const participant of [shop, bank]) world.participant(participant);
  await world.start();
}

/** A second owner of the same store, with the same participants; what they remember they share. */
async function anotherOwner(): Promise<EngineWorld> {
  const { clock, index } = world;
  const other = new EngineWorld({ name: 'other', clock, bus: () => new InProcessBus(), sagas: [order], store: { events: store, index } });
  for (const participant of world.participants) other.participant(participant);
  await other.start();
  return other;
}

afterEach(() => world.stop());

describe('Two owners of one store', () => {
  /** Somebody else writes to the saga, behind the back of its owner. */
  async function writeBehind(sagaId: string, changes: { readonly head: string; readonly revision: number }): Promise<void> {
    const events = encodeEvents([{ type: 'DeadlinePassed', at: world.clock.now(), data: { pastPivot: false } }], 'wake', changes.head);
    await store.append([{ stream: sagaId, expectedRevision: changes.revision, events }]);
  }

  async function tail(sagaId: string): Promise<{ head: string; revision: number }> {
    const last = (await store.read(sagaId)).at(-1);
    return { head: last?.hash ?? sagaId, revision: last?.revision ?? -1 };
  }

  it('I3: after a conflict the state is read again and the input decided anew', async () => {
    await worldOf();
    let meanwhile: Promise<void> | undefined;
    shop.on('act', async () => {
      meanwhile ??= writeBehind('order-1', await tail('order-1'));
      await meanwhile;
      return 'reserved';
    });
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    const story = await world.story('order-1');
    // The other's deadline turns it back: decided on what stands there, the reservation that was reported is undone.
    expect(story.slice(0, 4)).toEqual(['SagaStarted', 'StepRequested', 'DeadlinePassed', 'StepSucceeded']);
    expect(story.at(-1)).toBe('SagaCompensated');
    expect(shop.log).toEqual(['act', 'undo']);
  });

  it('A2, I3: an input that a stale state would refuse is decided on the newer one', async () => {
    await worldOf();
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    const other = await anotherOwner();
    await other.answered(other.operate('order-1', 'suspend'));
    // To its own knowledge it is not suspended.
    await expect(world.answered(world.operate('order-1', 'resume'))).resolves.toMatchObject({ accepted: true });
    await expect(other.answered(other.operate('order-1', 'resume'))).rejects.toMatchObject({ code: 'not-parked' });
    await other.stop();
  });

  it('A2: a reply that a stale state would drop, since it waits for none such, is recorded where the newer one does', async () => {
    await worldOf();
    world.bus.loses = ({ address }) => address.to === 'participant';
    await world.answered(world.begin('order', '1'));
    await world.quiet();
    // Somebody else has given the first attempt up, and made another.
    const at = world.clock.now();
    const [before, step] = [await tail('order-1'), { step: 'reserve', round: 1 }];
    const moved = [
      { type: 'StepTimedOut', at, data: { ...step, attempt: 1 } },
      { type: 'StepRetryScheduled', at, data: { ...step, attempt: 2, dueAt: at } },
      { type: 'StepRequested', at, data: { ...step, attempt: 2, dueAt: at + 60_000 } },
    ];
    await store.append([{ stream: 'order-1', expectedRevision: before.revision, events: encodeEvents(moved, 'wake', before.head) }]);
    const { incarnation } = await world.state('order-1');
    const outcome = { type: 'failed', kind: 'technical', effect: 'none', error: { name: 'Reset', message: 'no' } } as const;
    const reply = {
      sagaId: 'order-1',
      incarnation,
      ...step,
      attempt: 2,
      operation: 'action',
      purpose: 'step',
      undoRound: 0,
      outcome,
    } as const;
    await world.bus.publish([
      { address: { to: 'inbox' }, message: { kind: 'input', sagaId: 'order-1', input: { type: 'reply', ...reply } } },
    ]);
    await world.quiet();
    expect((await world.story('order-1')).slice(-2)).toEqual(['StepFailed', 'StepRetryScheduled']);
  });

  it('I3: two orchestrators that work on the same sagas at the same time break nothing, and effects are made once', async () => {
    await worldOf();
    const other = await anotherOwner();
    for (let n = 0; n < 50; n++) {
      const answers = await Promise.allSettled([
        world.answered(world.begin('order', `${n}`, { n }, { request: `a${n}` })),
        other.answered(other.begin('order', `${n}`, { n }, { request: `b${n}` })),
      ]);
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    }
    await world.quiet();
    await other.quiet();
    expect(await world.index.count()).toEqual({ completed: 50 });
    for (let n = 0; n < 50; n++) expect((await world.story(`order-${n}`)).filter((type) => type === 'SagaCompleted')).toHaveLength(1);
    await other.stop();
  });
});
