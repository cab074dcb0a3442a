import { afterEach, describe, expect, it } from '@jest/globals';
import { type InboxMessage, type Outgoing, type ReplyMessage, SkaldError } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import { EngineWorld, ScriptedParticipant, sagaOf } from '@skald/testkit';
import { publishOr, refusedSagas, senderOf, untold } from './refused-messages.js';

/** Refuses commands of some sagas, and sends everything else. */
class ChoosyBus extends InProcessBus {
  readonly refuses = new Set<string>();

  override async publish(messages: readonly Outgoing[]): Promise<void> {
    const isRefused = ({ message }: Outgoing) => message.kind === 'command' && this.refuses.has(message.sagaId);
    await super.publish(messages.filter((one) => !isRefused(one)));
    const refused = messages.filter(isRefused).map(({ message: { sagaId } }) => refusal(sagaId));
    if (refused.length === 1) throw refused[0];
    if (refused.length > 1) throw new SkaldError('message-refused', {}, { cause: new AggregateError(refused) });
  }
}

function refusal(sagaId: string): SkaldError {
  return new SkaldError('message-refused', { sagaId, topic: 't', problem: 'too large' });
}

let world: EngineWorld;
let bus: ChoosyBus;
let shop: ScriptedParticipant;

async function worldOf(): Promise<void> {
  bus = new ChoosyBus();
  shop = new ScriptedParticipant('shop');
  const order = sagaOf('order', { reserve: shop });
  world = new EngineWorld({ bus: () => bus, sagas: [order] });
  world.participant(shop);
  await world.start();
}

describe('a message that the bus will never take', () => {
  afterEach(() => world.stop());

  it('I5: suspends its own saga, and the others of the batch go on', async () => {
    await worldOf();
    bus.refuses.add('order-2').add('order-3');
    await Promise.all(['1', '2', '3', '4'].map((id) => world.begin('order', id)));
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(await world.status('order-4')).toBe('completed');
    expect(await world.status('order-2')).toBe('suspended');
    expect(await world.status('order-3')).toBe('suspended');
    expect((await world.index.get('order-2'))?.error).toContain('message-refused');
  });

  it('I5: is asked again when a person says so, and goes through once it can', async () => {
    await worldOf();
    bus.refuses.add('order-1');
    await world.begin('order', '1');
    await world.quiet();
    bus.refuses.clear();
    await world.answered(world.operate('order-1', 'resume'));
    await world.quiet();
    expect(await world.status('order-1')).toBe('completed');
    expect(shop.log).toEqual(['act']);
  });

  it('I5: while it is suspended is sent no more, whatever else comes', async () => {
    await worldOf();
    bus.refuses.add('order-1');
    await world.begin('order', '1');
    await world.quiet();
    const sent = world.commands('order-1').length;
    for (let nth = 0; nth < 3; nth++) await world.answered(world.begin('order', '1'));
    await world.pass(3_600_000);
    expect([world.commands('order-1').length, world.troubles.length]).toEqual([sent, 1]);
  });
});

describe('refusedSagas', () => {
  it('tells the sagas of one refusal, or of many', () => {
    expect([...refusedSagas(refusal('a-1')).keys()]).toEqual(['a-1']);
    const many = new SkaldError('message-refused', {}, { cause: new AggregateError([refusal('a-1'), refusal('a-2')]) });
    expect([...refusedSagas(many).keys()]).toEqual(['a-1', 'a-2']);
  });

  it('takes any other failure for one of the whole publish', () => {
    expect(refusedSagas(new SkaldError('bus-unavailable', { problem: 'x' })).size).toBe(0);
    expect(refusedSagas(new Error('x')).size).toBe(0);
  });
});

describe('What the bus will never take', () => {
  const wake = (sagaId: string): Outgoing => ({ address: { to: 'inbox' }, message: { kind: 'input', sagaId, input: { type: 'wake' } } });
  const reply = (sagaId: string, result: unknown): Outgoing => {
    const input = { type: 'reply', sagaId, step: 's', outcome: { type: 'succeeded', result } } as unknown as ReplyMessage;
    return { address: { to: 'inbox' }, message: { kind: 'input', sagaId, input } };
  };

  /** Takes what is short. */
  class SmallBus extends InProcessBus {
    readonly taken: Outgoing[] = [];

    override async publish(messages: readonly Outgoing[]): Promise<void> {
      const fits = (one: Outgoing) => JSON.stringify(one).length < 400;
      this.taken.push(...messages.filter(fits));
      const errors = messages.filter((one) => !fits(one)).map(({ message }) => refusal(message.sagaId));
      if (errors.length > 0) throw new SkaldError('message-refused', {}, { cause: new AggregateError(errors) });
    }
  }

  it('A16: is found out among the messages of its saga, and something else is said in its place', async () => {
    const bus = new SmallBus();
    const [fine, large] = [reply('a-1', 'small'), reply('a-1', 'x'.repeat(1_000))];
    const refused: Outgoing[] = [];
    await publishOr(bus, [wake('b-1'), fine, large], (one) => {
      refused.push(one);
      return wake('instead-1');
    });
    expect(refused).toEqual([large]);
    expect(bus.taken).toEqual([wake('b-1'), fine, fine, wake('instead-1')]);
  });

  it('A16: is passed over where nothing else can be said either', async () => {
    const bus = new SmallBus();
    const large = reply('a-1', 'x'.repeat(1_000));
    await publishOr(bus, [large, wake('b-1')], () => large);
    await publishOr(bus, [large, wake('b-1')], () => undefined);
    expect(bus.taken).toEqual([wake('b-1'), wake('b-1')]);
  });

  it('is not looked for where the bus takes nothing', async () => {
    const bus = new InProcessBus();
    await bus.close();
    await expect(publishOr(bus, [wake('b-1')], () => undefined)).rejects.toMatchObject({ code: 'bus-closed' });
  });

  it('is told as an outcome that nobody knows, or as a refusal; of a command nothing can be told', () => {
    const why = refusal('a-1');
    expect(untold(reply('a-1', 7), why)?.message).toMatchObject({
      input: {
        type: 'reply',
        step: 's',
        outcome: { type: 'failed', kind: 'technical', effect: 'unknown', error: { name: 'ReplyRefused' } },
      },
    });
    const answer = { kind: 'answer', sagaId: 'a-1', request: 'r', answer: { accepted: true, revision: 1 } } as const;
    expect(untold({ address: { to: 'client', client: 'c' }, message: answer }, why)?.message).toMatchObject({
      request: 'r',
      answer: { accepted: false, code: 'message-refused' },
    });
    expect(untold(wake('a-1'), why)).toBeUndefined();
  });

  it('concerns the saga whose step asked, where it was to begin another', () => {
    const input = { type: 'asked', by: { sagaId: 'order-1' } } as unknown as InboxMessage['input'];
    expect(senderOf({ address: { to: 'inbox' }, message: { kind: 'input', sagaId: 'ship-1', input } })).toBe('order-1');
    expect(senderOf(wake('ship-2'))).toBe('ship-2');
  });
});
