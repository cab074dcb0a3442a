/**
 * Messages as they stand in Kafka: CloudEvents 1.0 in the binary binding, JSON, the saga's id as key. docs/reference/protocol.md says the same
 * for people.
 *
 * W1. `decode(encode(m))` is `m`, for every message of the port, with `undefined` members dropped.
 * W2. What is not such a message is recognised and described, never thrown and never half taken.
 * W3. A repeat of a message has the same `ce_id`, so that anybody can drop it.
 * W4. A command says where its reply goes, topic and partition, so that a participant needs no partitioner of its own.
 */
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import {
  type Address,
  type Asked,
  type BusMessage,
  type Input,
  type ParticipantMessage,
  type Reply,
  SkaldError,
  type TraceContext,
} from '@skald/kernel';
import { Malformed, type MalformedReason } from './shape.js';
import { answer, command, inputs } from './wire-bodies.js';

/** A record as it is produced, apart from its topic and partition. */
export interface WireRecord {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
}

/** A record as it is fetched. */
export interface RawRecord {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | string | readonly (Buffer | string)[] | undefined>> | undefined;
}

export interface WireContext {
  /** `ce_source` of what is sent from here. */
  readonly source: string;
  readonly inboxTopic: string;
  inboxPartition(key: Uint8Array): number;
  readonly clientsTopic: string;
  clientPartition(client: string): number;
}

export type Decoded =
  | { readonly ok: true; readonly message: BusMessage; readonly client?: string; readonly trace?: TraceContext }
  | { readonly ok: false; readonly reason: MalformedReason; readonly problem: string };

/** Largest JSON text that is looked at, in bytes; larger ones are malformed. Kafka's own limit for a topic is usually lower. */
export const LARGEST_VALUE = 8 * 1024 * 1024;

const COMMAND = 'skald.command.v1';
const ANSWER = 'skald.answer.v1';
const START = 'skald.start.v1';
const REPLY = 'skald.reply.v1';
const INPUTS = new Map(Object.entries(inputs).map(([type, body]) => [`skald.${type}.v1`, body]));

/** Throws `message-refused` for what JSON cannot say. */
export function encode(
  message: BusMessage,
  to: Address,
  context: WireContext,
  trace: TraceContext | undefined = traceIn(message),
): WireRecord {
  const { type, id, body, more } = parts(message, to);
  const key = Buffer.from(message.sagaId);
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: type,
    ce_source: context.source,
    ce_subject: message.sagaId,
    ce_time: new Date().toISOString(),
    'content-type': 'application/json',
  };
  if (message.kind === 'command') {
    const { replyTo } = message.command;
    headers['ce_replytopic'] = replyTo === undefined ? context.inboxTopic : context.clientsTopic;
    headers['ce_replypartition'] = String(replyTo === undefined ? context.inboxPartition(key) : context.clientPartition(replyTo));
  }
  if (trace !== undefined) headers['traceparent'] = trace.traceparent;
  if (trace?.tracestate !== undefined) headers['tracestate'] = trace.tracestate;
  try {
    return { key, value: Buffer.from(JSON.stringify({ ...body, ...more })), headers };
  } catch (cause) {
    throw new SkaldError('message-refused', { sagaId: message.sagaId, topic: to.to, problem: String(cause) }, { cause });
  }
}

interface Parts {
  readonly type: string;
  readonly id: string;
  readonly body: object;
  readonly more?: object;
}

function parts(message: BusMessage, to: Address): Parts {
  if (message.kind === 'command') return { type: COMMAND, id: idOfCommand(message), body: untraced(message.command) };
  const { sagaId } = message;
  if (message.kind === 'answer') {
    const { request } = message;
    const client = to.to === 'client' ? to.client : '';
    return { type: ANSWER, id: `answer/${request}`, body: { sagaId, client, request }, more: message.answer };
  }
  const { type, ...body } = untraced(message.input);
  const client = message.client === undefined ? {} : { client: message.client };
  return { type: `skald.${type}.v1`, id: idOfInput(message.input, sagaId), body: { sagaId, ...body }, more: client };
}

/** W3: all that tells one attempt from another. */
function idOfCommand({ command: { key, operation, undoRound, attempt } }: ParticipantMessage): string {
  return `${key}/${operation}/${undoRound}/${attempt}`;
}

/** Who sends a signal chooses its id, which another saga, or another signal, may have as well. */
function idOfInput(input: Input, sagaId: string): string {
  if (input.type === 'reply') return idOfReply(input);
  if (input.type === 'asked') return idOfAsked(sagaId, input);
  if (input.type === 'signal') return `signal/${sagaId}/${input.name}/${input.request}`;
  return 'request' in input ? `${input.type}/${input.request}` : `${input.type}/${randomUUID()}`;
}

function idOfAsked(sagaId: string, { operation, by }: Omit<Asked, 'at'>): string {
  return `asked/${sagaId}/${by.sagaId}/${by.incarnation}/${by.step}/${by.round}/${operation}/${by.undoRound}/${by.attempt}`;
}

function idOfReply({ sagaId, incarnation, step, round, operation, purpose, undoRound, attempt, outcome }: Reply): string {
  return `${sagaId}/${incarnation}/${step}/${round}/${purpose}/${operation}/${undoRound}/${attempt}/${outcome.type}`;
}

/** W2. `at` is the address whose topic it stood in. */
export function decode(raw: RawRecord, at: Address): Decoded {
  try {
    return traced(read(raw, at), traceOf(raw));
  } catch (problem) {
    if (!(problem instanceof Malformed)) throw problem;
    return { ok: false, reason: problem.reason, problem: problem.message };
  }
}

function read(raw: RawRecord, at: Address): { readonly message: BusMessage; readonly client?: string } {
  const type = header(raw, 'ce_type');
  const version = header(raw, 'ce_specversion');
  if (type === undefined || version === undefined)
    throw new Malformed('not-a-cloud-event', `the header ${type ? 'ce_specversion' : 'ce_type'} is missing`);
  if (version !== '1.0') throw new Malformed('not-a-cloud-event', `CloudEvents ${version} is not known, only 1.0`);
  if (!header(raw, 'ce_id')) throw new Malformed('not-a-cloud-event', 'the header ce_id is missing');
  const contentType = header(raw, 'content-type') ?? 'application/json';
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new Malformed('unknown-content-type', `the content type is ${contentType}, not application/json in binary mode`);
  }
  const { message, client } = readBody(type, raw, at);
  checkKey(raw, message.sagaId);
  return client === undefined ? { message } : { message, client };
}

function readBody(type: string, raw: RawRecord, at: Address): { readonly message: BusMessage; readonly client?: string } {
  const input = INPUTS.get(type);
  if (input) {
    if (!takesInput(at, type)) throw new Malformed('wrong-topic', `${type} belongs in the inbox of the sagas`);
    return { message: input(parse(raw), '') };
  }
  if (type === COMMAND) {
    if (at.to !== 'participant') throw new Malformed('wrong-topic', `${type} belongs in the topic of a participant`);
    const body = command(parse(raw), '');
    if (body.participant !== at.participant) throw new Malformed('wrong-topic', `it is a command for participant ${body.participant}`);
    return { message: { kind: 'command', sagaId: body.sagaId, command: body } };
  }
  if (type === ANSWER) {
    if (at.to !== 'client') throw new Malformed('wrong-topic', `${type} belongs in the topic of the clients`);
    return answer(parse(raw), '');
  }
  throw new Malformed('unknown-type', `${type} is not known here`);
}

/** A start of an express saga has a topic of its own, and the replies to such a saga go to whoever runs it. */
function takesInput({ to }: Address, type: string): boolean {
  return to === 'inbox' || (to === 'express' && type === START) || (to === 'client' && type === REPLY);
}

function parse({ value }: RawRecord): unknown {
  if (value === null || value.length === 0) throw new Malformed('no-value', 'it has no value');
  if (value.length > LARGEST_VALUE) throw new Malformed('too-large', `its value is ${value.length} bytes; the limit is ${LARGEST_VALUE}`);
  if (!isUtf8(value)) throw new Malformed('not-json', 'its value is not UTF-8');
  try {
    return JSON.parse(value.toString('utf8'));
  } catch (error) {
    throw new Malformed('not-json', `its value is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkKey(raw: RawRecord, sagaId: string): void {
  if (raw.key === null) throw new Malformed('no-key', 'it has no key; the key is the saga id');
  if (raw.key.toString('utf8') !== sagaId) throw new Malformed('key-differs', `its key is not the saga id ${sagaId}`);
  const subject = header(raw, 'ce_subject');
  if (subject !== undefined && subject !== sagaId)
    throw new Malformed('subject-differs', `ce_subject is ${subject}, but the saga is ${sagaId}`);
}

/** The trace stands in the headers. */
/** Inputs that are part of somebody's trace. */
function isTraced(input: Input): input is Extract<Input, { readonly type: 'start' | 'asked' | 'reply' }> {
  return input.type === 'start' || input.type === 'asked' || input.type === 'reply';
}

function untraced<T extends object>(body: T): T {
  return 'trace' in body ? { ...body, trace: undefined } : body;
}

function traceIn(message: BusMessage): TraceContext | undefined {
  if (message.kind === 'command') return message.command.trace;
  return message.kind === 'input' && 'trace' in message.input ? message.input.trace : undefined;
}

/** W1: what carries a trace says so, wherever it stands. */
function traced(
  decoded: { readonly message: BusMessage; readonly client?: string },
  { trace }: { readonly trace?: TraceContext },
): Extract<Decoded, { ok: true }> {
  const { message } = decoded;
  if (trace === undefined) return { ok: true, ...decoded };
  if (message.kind === 'command') return { ok: true, ...decoded, trace, message: { ...message, command: { ...message.command, trace } } };
  if (message.kind !== 'input' || !isTraced(message.input)) return { ok: true, ...decoded, trace };
  return { ok: true, ...decoded, trace, message: { ...message, input: { ...message.input, trace } } };
}

function traceOf(raw: RawRecord): { readonly trace?: TraceContext } {
  const traceparent = optionalHeader(raw, 'traceparent');
  if (traceparent === undefined) return {};
  const tracestate = optionalHeader(raw, 'tracestate');
  return { trace: { traceparent, ...(tracestate !== undefined && { tracestate }) } };
}

export function header({ headers }: RawRecord, name: string): string | undefined {
  const found = headers?.[name];
  if (found === undefined) return undefined;
  if (typeof found === 'string') return found;
  if (Buffer.isBuffer(found)) return found.toString('utf8');
  throw new Malformed('not-a-cloud-event', `the header ${name} stands there ${found.length} times`);
}

/** A trace is no reason to refuse a message. */
function optionalHeader({ headers }: RawRecord, name: string): string | undefined {
  const found = headers?.[name];
  return found === undefined || Array.isArray(found) ? undefined : found.toString();
}
