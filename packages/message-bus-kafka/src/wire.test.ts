import { describe, expect, it } from '@jest/globals';
import type { Address, BusMessage, InboxMessage, Outcome } from '@skald/kernel';
import fc from 'fast-check';
import { MALFORMED, soundReply } from './malformed-messages.contract.js';
import { decode, encode, header, type RawRecord, type WireContext } from './wire.js';

const CONTEXT: WireContext = {
  source: '/test',
  inboxTopic: 'skald.sagas',
  inboxPartition: (key) => key.length,
  clientsTopic: 'skald.clients',
  clientPartition: () => 5,
};
const INBOX: Address = { to: 'inbox' };
const PAYMENT: Address = { to: 'participant', participant: 'payment' };
const CLIENT: Address = { to: 'client', client: 'client-1' };

const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
const whole = fc.nat();
const anything = fc.option(fc.jsonValue(), { nil: undefined });
const operation = fc.constantFrom('action', 'compensation', 'seal');
const purpose = fc.constantFrom('step', 'compensation');
const error = fc.record({ name: fc.string(), message: fc.string(), data: anything });

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    type: fc.constant('succeeded'),
    result: anything,
    compensable: fc.constantFrom(false, undefined),
    afterUndo: fc.option(whole, { nil: undefined }),
  }),
  fc.record({
    type: fc.constant('failed'),
    kind: fc.constantFrom('business', 'technical'),
    error,
    effect: fc.constantFrom('none', 'unknown'),
  }),
  fc.record({ type: fc.constant('deferred') }),
  fc.record({ type: fc.constant('undone'), executed: fc.boolean() }),
  fc.record({ type: fc.constant('sealed'), doubt: fc.constantFrom(true, undefined) }),
  fc.record({ type: fc.constant('refused'), reason: fc.constantFrom('undone', 'sealed', 'expired') }),
  fc.record({ type: fc.constant('unknowable') }),
) as fc.Arbitrary<Outcome>;

const place = { sagaId: name, incarnation: name, step: name, round: whole, attempt: whole, operation, purpose, undoRound: whole };
const request = { request: name, reason: fc.string(), by: fc.string() };

const input = fc.oneof(
  fc.record({
    type: fc.constant('start'),
    request: name,
    sagaId: name,
    saga: name,
    version: whole,
    incarnation: name,
    input: anything,
    inputHash: name,
    deadline: fc.option(whole, { nil: undefined }),
    again: fc.option(fc.record({ of: name, by: fc.string(), reason: fc.string() }), { nil: undefined }),
    limited: fc.constantFrom(true, undefined),
  }),
  fc.record({ type: fc.constant('cancel'), ...request }),
  fc.record({ type: fc.constant('signal'), request: name, name, payload: anything, by: fc.option(fc.string(), { nil: undefined }) }),
  fc.record({
    type: fc.constant('operator'),
    ...request,
    action: fc.constantFrom('retry', 'patch', 'skip', 'succeed', 'fail', 'move', 'deadline', 'suspend', 'resume', 'terminate'),
    target: fc.option(
      fc.oneof(
        fc.constant('program'),
        name.map((step) => `step:${step}`),
        name.map((step) => `compensation:${step}`),
      ),
      { nil: undefined },
    ),
    seen: fc.option(whole, { nil: undefined }),
    result: anything,
    dueAt: fc.option(whole, { nil: undefined }),
    args: fc.option(fc.array(fc.jsonValue()), { nil: undefined }),
  }),
  fc.record({
    ...{
      type: fc.constant('asked'),
      operation,
      sagaId: name,
      saga: name,
      version: whole,
      incarnation: name,
      input: anything,
      inputHash: name,
    },
    deadline: fc.option(whole, { nil: undefined }),
    deadlineAt: fc.option(whole, { nil: undefined }),
    by: fc.record({
      ...{ sagaId: name, incarnation: name, step: name, round: whole, attempt: whole, undoRound: whole },
      detached: fc.constantFrom(true, undefined),
    }),
  }),
  fc.record({
    type: fc.constant('task'),
    request: name,
    token: fc.string({ minLength: 1, maxLength: 4_000 }),
    action: fc.constantFrom('complete', 'fail', 'heartbeat'),
    result: anything,
    error: fc.option(fc.record({ name: fc.string(), message: fc.string(), data: anything }), { nil: undefined }),
  }),
  fc.record({ type: fc.constant('reply'), ...place, outcome }),
  fc.record({ type: fc.constant('wake') }),
  fc.record({ type: fc.constant('slot'), since: fc.option(whole, { nil: undefined }) }),
  fc.record({
    type: fc.constant('limit'),
    do: fc.constantFrom('ask', 'return', 'set'),
    saga: fc.option(name, { nil: undefined }),
    since: fc.option(whole, { nil: undefined }),
    running: fc.option(whole, { nil: undefined }),
  }),
) as fc.Arbitrary<InboxMessage['input']>;

const inboxMessage = fc
  .record({ sagaId: name, input, client: fc.option(name, { nil: undefined }) })
  .map(({ sagaId, input: one, client }): BusMessage => {
    const ofSaga = 'sagaId' in one ? one.sagaId : sagaId;
    return { kind: 'input', sagaId: ofSaga, input: one, ...(client !== undefined && { client }) };
  });

const command = fc
  .record({
    ...place,
    key: name,
    participant: fc.constant('payment'),
    action: name,
    args: fc.array(fc.jsonValue()),
    result: anything,
    firstRequestedAt: whole,
    dueAt: whole,
    validUntil: fc.option(whole, { nil: undefined }),
    taskToken: fc.option(name, { nil: undefined }),
  })
  .map((one) => ({ kind: 'command', sagaId: one.sagaId, command: one }) as BusMessage);

const answer = fc
  .record({
    sagaId: name,
    request: name,
    answer: fc.oneof(
      fc.record({
        accepted: fc.constant(true),
        revision: whole,
        existing: fc.constantFrom(true, undefined),
        pending: fc.constantFrom(true, undefined),
      }),
      fc.record({
        accepted: fc.constant(false),
        code: fc.constantFrom('saga-exists', 'past-pivot'),
        details: fc.option(fc.dictionary(name, fc.string()), { nil: undefined }),
      }),
    ),
  })
  .map((one) => ({ kind: 'answer', ...one }) as BusMessage);

/** As a fetch gives it. */
function fetched({ key, value, headers }: RawRecord): RawRecord {
  const bytes = Object.entries(headers ?? {}).map(([at, text]) => [
    at,
    Array.isArray(text) ? text.map((one) => Buffer.from(String(one))) : Buffer.from(String(text)),
  ]);
  return { key, value, headers: Object.fromEntries(bytes) };
}

function there(message: BusMessage, to: Address) {
  return decode(fetched(encode(message, to, CONTEXT)), to);
}

function plain(message: BusMessage): unknown {
  return JSON.parse(JSON.stringify(message));
}

describe('wire', () => {
  const cases: [string, Address, fc.Arbitrary<BusMessage>][] = [
    ['input', INBOX, inboxMessage],
    ['command', PAYMENT, command],
    ['answer', CLIENT, answer],
  ];
  for (const [what, to, messages] of cases) {
    it(`W1: gives back every ${what} as it was`, () => {
      fc.assert(
        fc.property(messages, (message) => {
          const decoded = there(message, to);
          expect(decoded).toMatchObject({ ok: true });
          if (decoded.ok) expect(plain(decoded.message)).toEqual(plain(message));
        }),
      );
    });
  }

  it('W1: refuses at once what JSON cannot say', () => {
    const message = { kind: 'input', sagaId: 'order-1', input: { type: 'start', input: 1n } } as unknown as BusMessage;
    expect(() => encode(message, INBOX, CONTEXT)).toThrow(expect.objectContaining({ code: 'message-refused' }));
  });

  it('W1: ignores members that a newer sender adds', () => {
    const { value, ...record } = soundReply('order-1', CONTEXT);
    const more = Buffer.from(JSON.stringify({ ...JSON.parse(value.toString()), __proto__: 1, priority: 'high' }));
    const decoded = decode(fetched({ ...record, value: more }), INBOX);
    expect(decoded.ok && 'priority' in (decoded.message as InboxMessage).input).toBe(false);
  });

  it('W2: knows at least twenty ways in which a message cannot be read', () => {
    expect(MALFORMED.length).toBeGreaterThanOrEqual(20);
    expect(decode(fetched(soundReply('order-1', CONTEXT)), INBOX)).toMatchObject({ ok: true });
  });
  for (const { what, reason, says, spoil } of MALFORMED) {
    it(`W2: describes ${what}`, () => {
      const decoded = decode(fetched(spoil(soundReply('order-1', CONTEXT))), INBOX);
      expect(decoded).toEqual({ ok: false, reason, problem: expect.stringContaining(says) });
    });
  }

  it('W2: describes a command for another participant, and a value that is too large', () => {
    const [message] = fc.sample(command, 1);
    if (!message) throw new Error('no sample');
    const record = fetched(encode(message, PAYMENT, CONTEXT));
    expect(decode(record, { to: 'participant', participant: 'inventory' })).toMatchObject({ ok: false, reason: 'wrong-topic' });
    expect(decode({ ...record, value: Buffer.alloc(9 * 1024 * 1024, ' ') }, PAYMENT)).toMatchObject({ ok: false, reason: 'too-large' });
  });

  it('W2: never throws, whatever stands in value and headers', () => {
    const headers = fc.dictionary(
      fc.constantFrom('ce_type', 'ce_specversion', 'ce_id', 'ce_subject', 'content-type', 'traceparent'),
      fc.uint8Array().map(Buffer.from),
    );
    fc.assert(
      fc.property(fc.uint8Array(), fc.jsonValue(), headers, (bytes, json, some) => {
        const sound = { ce_type: Buffer.from('skald.reply.v1'), ce_specversion: Buffer.from('1.0'), ce_id: Buffer.from('1') };
        decode({ key: Buffer.from(bytes), value: Buffer.from(bytes), headers: some }, INBOX);
        expect(decode({ key: Buffer.from(bytes), value: Buffer.from(JSON.stringify(json)), headers: sound }, INBOX).ok).toBe(false);
      }),
    );
  });

  it('W3: gives a repeat the same id, and another attempt another', () => {
    const [first, other] = fc.sample(command, 2);
    if (first?.kind !== 'command' || other?.kind !== 'command') throw new Error('no sample');
    const id = (message: BusMessage) => header(encode(message, PAYMENT, CONTEXT), 'ce_id');
    expect(id(first)).toBe(id(structuredClone(first)));
    expect(id(first)).not.toBe(id({ ...first, command: { ...first.command, attempt: first.command.attempt + 1 } }));
    expect(id(first)).not.toBe(id({ ...first, command: { ...first.command, key: `${first.command.key}!` } }));
  });

  it('W3: gives signals of one id each their own, by saga and by name', () => {
    const id = (sagaId: string, name: string) => {
      const message: BusMessage = { kind: 'input', sagaId, input: { type: 'signal', request: 'mail', name } };
      return header(encode(message, INBOX, CONTEXT), 'ce_id');
    };
    expect(id('order-1', 'approval')).toBe(id('order-1', 'approval'));
    expect(new Set([id('order-1', 'approval'), id('order-2', 'approval'), id('order-1', 'paper')]).size).toBe(3);
  });

  it('A14, W4: tells in a command where the reply goes', () => {
    const [message] = fc.sample(command, 1);
    if (!message) throw new Error('no sample');
    const record = encode(message, PAYMENT, CONTEXT);
    expect(record.headers).toMatchObject({ ce_replytopic: 'skald.sagas', ce_replypartition: String(Buffer.from(message.sagaId).length) });
  });

  it('passes the trace context through', () => {
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' };
    const wake: BusMessage = { kind: 'input', sagaId: 'order-1', input: { type: 'wake' } };
    expect(decode(fetched(encode(wake, INBOX, CONTEXT, trace)), INBOX)).toMatchObject({ ok: true, trace });
    expect(there(wake, INBOX)).toEqual({ ok: true, message: wake });
  });

  it.each(['start', 'asked', 'reply'] as const)('carries the trace of a %s in its headers, and gives it back in the message', (type) => {
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const [sample] = fc.sample(
      input.filter((one) => one.type === type),
      1,
    );
    const message = { kind: 'input', sagaId: 'order-1', input: { ...sample, sagaId: 'order-1', trace } } as InboxMessage;
    const record = encode(message, INBOX, CONTEXT);
    expect(record.headers).toMatchObject(trace);
    expect(JSON.parse(record.value.toString())).not.toHaveProperty('trace');
    expect(decode(fetched(record), INBOX)).toMatchObject({ ok: true, message: { input: { type, trace } } });
  });
});
