import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { MALFORMED, soundReply } from './malformed-messages.contract.js';
import { decode, encode, type WireContext } from './wire.js';
import { headersSchema, valueSchemas } from './wire-schemas.js';

const context: WireContext = {
  source: '/test',
  inboxTopic: 'skald.sagas',
  inboxPartition: () => 3,
  clientsTopic: 'skald.clients',
  clientPartition: () => 5,
};
const ajv = new Ajv({ strict: false, formats: { 'date-time': true } });
const readers = new Map(Object.entries(valueSchemas).map(([type, schema]) => [type, ajv.compile(schema)]));
const parse = (value: Buffer | null): unknown => JSON.parse(String(value));

/** Values of members, right ones and wrong ones. */
const member = fc.oneof(
  fc.constantFrom(...['action', 'compensation', 'step', 'retry', 'step:charge', 'program', 'saga-ended', 'order-1', '']),
  fc.constantFrom(undefined, null, true, false, 0, 1, -1, 0.5),
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom({ type: 'succeeded' }, { type: 'failed', kind: 'business' }, { type: 'refused', reason: 'sealed' }, { type: 'undone' }),
);
const sound: Readonly<Record<string, Record<string, unknown>>> = {
  'skald.command.v1': {
    ...{ incarnation: 'i', step: 'charge', round: 1, attempt: 1, operation: 'action', purpose: 'step', key: 'k', undoRound: 0 },
    ...{ participant: 'payment', action: 'charge', args: [], firstRequestedAt: 1, dueAt: 2 },
  },
  'skald.reply.v1': {
    ...{ incarnation: 'i', step: 'charge', round: 1, attempt: 1, operation: 'action', purpose: 'step', undoRound: 0 },
    outcome: { type: 'sealed' },
  },
  'skald.start.v1': { request: 'r', saga: 'order', version: 1, incarnation: 'i', input: {}, inputHash: 'h' },
  'skald.cancel.v1': { request: 'r', reason: '', by: '' },
  'skald.operator.v1': { request: 'r', action: 'retry', target: 'program', by: '', reason: '' },
  'skald.wake.v1': {},
  'skald.slot.v1': {},
  'skald.limit.v1': { do: 'ask', saga: 'order-1', since: 1, running: 1 },
  'skald.answer.v1': { client: 'c', request: 'r', accepted: true, revision: 1 },
};

function addressOf(type: string) {
  if (type === 'skald.command.v1') return { to: 'participant', participant: 'payment' } as const;
  return type === 'skald.answer.v1' ? ({ to: 'client', client: 'c' } as const) : ({ to: 'inbox' } as const);
}

/** Whatever may stand there, also what has no text of its own. */
function keyOf(sagaId: unknown): string {
  return typeof sagaId === 'string' ? sagaId : (JSON.stringify(sagaId) ?? 'none');
}

describe('the schemas of values', () => {
  it('take what the decoder takes, and refuse what it refuses, of every type and with any member changed', () => {
    const spoiled = fc.constantFrom(...Object.keys(sound)).chain((type) =>
      fc.record({
        type: fc.constant(type),
        name: fc.constantFrom('added', 'sagaId', 'result', 'client', 'seen', 'accepted', 'details', ...Object.keys(sound[type] ?? {})),
        value: member,
      }),
    );
    fc.assert(
      fc.property(spoiled, ({ type, name, value }) => {
        const body = { sagaId: 'order-1', ...sound[type], [name]: value };
        const headers = { ce_specversion: '1.0', ce_id: '1', ce_type: type };
        const record = { key: Buffer.from(keyOf(body.sagaId)), value: Buffer.from(JSON.stringify(body)), headers };
        const decoded = decode(record, addressOf(type));
        const isTaken = decoded.ok || decoded.reason === 'wrong-topic';
        expect({ type, name, value, taken: readers.get(type)?.(parse(record.value)) }).toEqual({ type, name, value, taken: isTaken });
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuse every value that is malformed in itself', () => {
    const read = readers.get('skald.reply.v1');
    expect(read?.(parse(soundReply('order-1', context).value))).toBe(true);
    const inItself = MALFORMED.filter(({ reason }) => reason === 'missing-member' || reason === 'invalid-member');
    for (const { what, spoil } of inItself) {
      const { value } = spoil(soundReply('order-1', context));
      expect({ what, taken: read?.(parse(value)) }).toEqual({ what, taken: false });
    }
  });

  it('describe the headers that are sent', () => {
    const command = sound['skald.command.v1'] as object;
    const record = { key: Buffer.from('order-1'), value: Buffer.from(JSON.stringify({ sagaId: 'order-1', ...command })) };
    const headers = { ce_specversion: '1.0', ce_id: '1', ce_type: 'skald.command.v1' };
    const decoded = decode({ ...record, headers }, addressOf('skald.command.v1'));
    if (!decoded.ok) throw new Error(decoded.problem);
    const sent = encode(decoded.message, addressOf('skald.command.v1'), context, { traceparent: '00-1-1-01' });
    expect(ajv.validate(headersSchema('skald.command.v1'), sent.headers)).toBe(true);
    expect(ajv.validate(headersSchema('skald.command.v1'), headers)).toBe(false);
    expect(ajv.validate(headersSchema('skald.reply.v1'), soundReply('order-1', context).headers)).toBe(true);
    expect(ajv.validate(headersSchema('skald.reply.v1'), sent.headers)).toBe(false);
  });
});
