import type { MalformedReason } from './shape.js';
import { encode, type RawRecord, type WireContext, type WireRecord } from './wire.js';

/** Ways in which a message cannot be read, and how each must be told. */
export interface MalformedMessage {
  readonly what: string;
  readonly reason: MalformedReason;
  /** Part of the description. */
  readonly says: string;
  spoil(record: WireRecord): RawRecord & { readonly value: Buffer | null };
}

type Raw = ReturnType<MalformedMessage['spoil']>;

function header(name: string, value: string | string[] | undefined): MalformedMessage['spoil'] {
  return (record) => {
    const headers: Record<string, string | string[]> = { ...record.headers };
    delete headers[name];
    if (value !== undefined) headers[name] = value;
    return { ...record, headers };
  };
}

function member(path: string, value: unknown): MalformedMessage['spoil'] {
  return (record) => {
    const body = JSON.parse(record.value.toString()) as Record<string, unknown>;
    const names = path.split('.');
    const last = names.pop() ?? '';
    const holder = names.reduce<Record<string, unknown>>((at, name) => at[name] as Record<string, unknown>, body);
    holder[last] = value;
    return { ...record, value: Buffer.from(JSON.stringify(body)) };
  };
}

const value =
  (bytes: Buffer | null): MalformedMessage['spoil'] =>
  (record): Raw => ({ ...record, value: bytes });
const key =
  (bytes: Buffer | null): MalformedMessage['spoil'] =>
  (record): Raw => ({ ...record, key: bytes });

/** Of a reply; each is a fault of its own. */
export const MALFORMED: readonly MalformedMessage[] = [
  { what: 'no value', reason: 'no-value', says: 'no value', spoil: value(null) },
  { what: 'an empty value', reason: 'no-value', says: 'no value', spoil: value(Buffer.alloc(0)) },
  { what: 'bytes that are not UTF-8', reason: 'not-json', says: 'not UTF-8', spoil: value(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])) },
  { what: 'text that is not JSON', reason: 'not-json', says: 'not JSON', spoil: value(Buffer.from('{"sagaId": ')) },
  { what: 'JSON that is no object', reason: 'invalid-member', says: 'must be an object', spoil: value(Buffer.from('[1, 2]')) },
  { what: 'no ce_type', reason: 'not-a-cloud-event', says: 'ce_type', spoil: header('ce_type', undefined) },
  { what: 'no ce_specversion', reason: 'not-a-cloud-event', says: 'ce_specversion', spoil: header('ce_specversion', undefined) },
  { what: 'another CloudEvents', reason: 'not-a-cloud-event', says: '0.3', spoil: header('ce_specversion', '0.3') },
  { what: 'no ce_id', reason: 'not-a-cloud-event', says: 'ce_id', spoil: header('ce_id', undefined) },
  { what: 'a header twice', reason: 'not-a-cloud-event', says: '2 times', spoil: header('ce_type', ['skald.reply.v1', 'skald.wake.v1']) },
  {
    what: 'structured mode',
    reason: 'unknown-content-type',
    says: 'binary mode',
    spoil: header('content-type', 'application/cloudevents+json'),
  },
  { what: 'an unknown type', reason: 'unknown-type', says: 'order.placed', spoil: header('ce_type', 'order.placed') },
  { what: 'a version to come', reason: 'unknown-type', says: 'skald.reply.v9', spoil: header('ce_type', 'skald.reply.v9') },
  { what: 'a type of another topic', reason: 'wrong-topic', says: 'participant', spoil: header('ce_type', 'skald.command.v1') },
  { what: 'no key', reason: 'no-key', says: 'saga id', spoil: key(null) },
  { what: 'the key of another saga', reason: 'key-differs', says: 'order-1', spoil: key(Buffer.from('order-2')) },
  { what: 'another subject', reason: 'subject-differs', says: 'order-2', spoil: header('ce_subject', 'order-2') },
  { what: 'a member missing', reason: 'missing-member', says: 'step is missing', spoil: member('step', undefined) },
  { what: 'a member of the wrong kind', reason: 'invalid-member', says: 'attempt must be', spoil: member('attempt', '1') },
  { what: 'a negative round', reason: 'invalid-member', says: 'round must be', spoil: member('round', -1) },
  { what: 'a fraction', reason: 'invalid-member', says: 'undoRound must be', spoil: member('undoRound', 0.5) },
  { what: 'an unknown operation', reason: 'invalid-member', says: '"seal"', spoil: member('operation', 'explode') },
  { what: 'an unknown outcome', reason: 'invalid-member', says: 'outcome.type', spoil: member('outcome', { type: 'exploded' }) },
  { what: 'half an outcome', reason: 'missing-member', says: 'outcome.kind', spoil: member('outcome', { type: 'failed' }) },
  { what: 'null for an object', reason: 'invalid-member', says: 'outcome must be an object', spoil: member('outcome', null) },
  { what: 'an empty id', reason: 'invalid-member', says: 'incarnation must be', spoil: member('incarnation', '') },
];

/** A message that can be read, to be spoiled. */
export function soundReply(sagaId: string, context: WireContext): WireRecord {
  const step = {
    sagaId,
    incarnation: 'i1',
    step: 'charge',
    round: 1,
    attempt: 1,
    operation: 'action',
    purpose: 'step',
    undoRound: 0,
  } as const;
  const input = { type: 'reply', ...step, outcome: { type: 'succeeded', result: { paymentId: 'p-1' } } } as const;
  return encode({ kind: 'input', sagaId, input }, { to: 'inbox' }, context);
}
