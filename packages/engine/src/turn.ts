/**
 * One saga's share of a micro-batch: its inputs are decided one after the other and become one write.
 *
 * Invariants
 * T1  Nothing is published and nobody is answered before the events that say so are stored.
 * T2  A decision that cannot be carried out (it throws, it does not fit) suspends its saga and stops no other; what its input tells is
 *     recorded all the same, as far as that is possible (turn-fallbacks.ts).
 * T3  A write holds at most so many events and bytes (of UTF-8, as stores and buses count); inputs beyond that wait for the next batch.
 */
import {
  type Answer,
  type Decision,
  type Delivery,
  decide,
  type ErrorRecord,
  type InboxMessage,
  type Input,
  type Message,
  type NewEvent,
  type Outgoing,
  type Program,
  recordError,
  type SagaEvent,
  type SagaSummary,
  SkaldError,
  type StreamWrite,
  type TaskInput,
} from '@skald/kernel';
import type { Activated } from './activation.js';
import { toParent } from './asks.js';
import { encodeEvents } from './event-codec.js';
import { frozen } from './frozen.js';
import type { Observer } from './observer.js';
import type { Programs } from './programs.js';
import { differs, summarize } from './summary.js';
import type { TaskTokens } from './task-tokens.js';

export const MAX_EVENT_BYTES = 256 * 1024;
const MAX_WRITE_EVENTS = 500;
const MAX_WRITE_BYTES = 512 * 1024;

export interface TurnInput {
  readonly sagaId: string;
  readonly deliveries: readonly Delivery<InboxMessage>[];
  readonly activated: Activated;
  readonly now: number;
}

export interface Decided {
  readonly event: SagaEvent;
  readonly cause: string;
}

export function eventsOf(decided: readonly Decided[]): readonly SagaEvent[] {
  return decided.map(({ event }) => event);
}

/** What came of the inputs that were taken. */
export interface Turn extends TurnInput {
  /** The events of the write before they were encoded, each with its cause. */
  readonly decided: readonly Decided[];
  readonly answers: readonly Outgoing[];
  readonly write: StreamWrite | undefined;
  /** What the index must be told although there are no events. */
  readonly summary: SagaSummary | undefined;
  /** Hash of the last event once the write is stored. */
  readonly head: string;
  readonly rest: readonly Delivery<InboxMessage>[];
}

/** The decision on the input at `index` could not be carried out; the state must be loaded anew. */
export class TurnFailed extends Error {
  constructor(
    readonly index: number,
    override readonly cause: unknown,
  ) {
    super(`the decision on input ${index} failed`);
  }
}

export interface TurnPorts {
  readonly programs: Pick<Programs, 'find'>;
  readonly observer: Required<Observer>;
  /** Absent: no task token is known. */
  readonly tokens?: TaskTokens | undefined;
}

/** Decides as many inputs as fit one write. Throws `TurnFailed`. */
export function takeTurn(input: TurnInput, { programs, observer, tokens }: TurnPorts): Turn {
  const { sagaId, deliveries, activated, now } = input;
  const draft = new WriteDraft(sagaId, activated);
  let taken = 0;
  for (const { message } of deliveries) {
    if (draft.isFull) break;
    try {
      const program = programOf(programs, activated, message.input);
      const stamp = verified(message, now, tokens, program);
      const decision = stamp && decide(program, activated.state, stamp);
      if (decision) draft.add(decision, message);
      else draft.answerTo(message, FORGED);
      if (decision?.note) observer.noted(decision.note, sagaId);
    } catch (error) {
      throw new TurnFailed(taken, error);
    }
    taken += 1;
  }
  return draft.finish(input, taken);
}

/** Whoever waits for an answer is told why there is none. */
export function refusal(
  { client, input, sagaId }: InboxMessage,
  error: unknown,
  otherwise: 'decision-failed' | 'store-failed' = 'store-failed',
): Outgoing[] {
  if (client === undefined || !('request' in input)) return [];
  const answer = refusalOf(error, otherwise);
  return [{ address: { to: 'client', client }, message: { kind: 'answer', sagaId, request: input.request, answer } }];
}

export function refusalOf(error: unknown, otherwise: 'decision-failed' | 'store-failed'): Answer {
  if (!(error instanceof SkaldError)) {
    const { message } = brief(error);
    return { accepted: false, code: otherwise, details: { error: message, problem: message } };
  }
  const details = Object.fromEntries(Object.entries(error.details).map(([name, value]) => [name, String(value)]));
  return { accepted: false, code: error.code, details };
}

/** A program that wants nothing, for the reason given: the saga is suspended with it. */
export function refusing(error: unknown): Program {
  const refuse = (): never => {
    throw Object.assign(new Error(brief(error).message), { name: brief(error).name });
  };
  return { name: '', version: 0, next: refuse, compensation: refuse };
}

/** The reason must fit where the decision did not. */
export function brief(error: unknown): ErrorRecord {
  return cutOff(recordError(error));
}

export function cutOff({ name, message }: ErrorRecord): ErrorRecord {
  return { name: name.slice(0, 200), message: message.slice(0, 2_000) };
}

/** A turn in the making. */
export class WriteDraft {
  private readonly events: NewEvent[] = [];
  private readonly decided: Decided[] = [];
  private readonly answers: Outgoing[] = [];
  private readonly expectedRevision: number;
  private head: string;
  private characters = 0;
  /** Bytes of so many of the events. */
  private measured = { bytes: 0, events: 0 };
  private woken = false;

  constructor(
    private readonly sagaId: string,
    private readonly activated: Activated,
  ) {
    this.expectedRevision = activated.state.revision;
    this.head = activated.head;
  }

  get isFull(): boolean {
    return this.events.length >= MAX_WRITE_EVENTS / 2 || this.exceeds(MAX_WRITE_BYTES / 2 - 1);
  }

  add(decision: Decision, message: InboxMessage | undefined): void {
    const cause = message?.input.type ?? 'fault';
    const encoded = encodeEvents(decision.events, cause, this.head);
    for (const event of encoded) this.events.push(event);
    for (const event of decision.events) this.decided.push({ event, cause });
    this.check(encoded);
    this.head = encoded.at(-1)?.hash ?? this.head;
    this.woken ||= message?.input.type === 'wake';
    if (decision.reply) this.answers.push(toParent(decision.reply));
    if (message) this.answerTo(message, decision.answer ?? { accepted: false, code: 'saga-not-found' });
  }

  answerTo({ client, input }: InboxMessage, answer: Answer): void {
    if (client === undefined || !('request' in input)) return;
    this.answers.push({
      address: { to: 'client', client },
      message: { kind: 'answer', sagaId: this.sagaId, request: input.request, answer },
    });
  }

  answer(...answers: readonly Outgoing[]): void {
    this.answers.push(...answers);
  }

  private check(events: readonly NewEvent[]): void {
    const { sagaId } = this;
    for (const { type, data } of events) {
      this.characters += data.length;
      const bytes = mayExceed(data.length, MAX_EVENT_BYTES) ? Buffer.byteLength(data) : 0;
      if (bytes > MAX_EVENT_BYTES) {
        throw new SkaldError('payload-too-large', { sagaId, what: `the data of ${type}`, bytes, limit: MAX_EVENT_BYTES });
      }
    }
    if (this.exceeds(MAX_WRITE_BYTES) || this.events.length > MAX_WRITE_EVENTS) {
      const bytes = events.reduce((sum, { data }) => sum + Buffer.byteLength(data), 0);
      throw new SkaldError('payload-too-large', { sagaId, what: `one decision (${events.length} events)`, bytes, limit: MAX_WRITE_BYTES });
    }
  }

  /** Measured only when it may be too much, and each event once: nearly all writes are far smaller. */
  private exceeds(limit: number): boolean {
    if (!mayExceed(this.characters, limit)) return false;
    for (const { data } of this.events.slice(this.measured.events)) this.measured.bytes += Buffer.byteLength(data);
    this.measured.events = this.events.length;
    return this.measured.bytes > limit;
  }

  finish(input: TurnInput, taken: number): Turn {
    const { state, indexed } = this.activated;
    const summary = state.phase === 'new' ? undefined : summarize(state);
    const told = summary && differs(indexed, summary, this.woken) ? summary : undefined;
    const { sagaId: stream, expectedRevision, events, decided, answers, head } = this;
    const write = events.length > 0 ? { stream, expectedRevision, events, ...(told && { summary: told }) } : undefined;
    const deliveries = input.deliveries.slice(0, taken);
    return { ...input, deliveries, decided, answers, write, summary: told, head, rest: input.deliveries.slice(taken) };
  }
}

const FORGED: Answer = { accepted: false, code: 'task-token-invalid', details: { problem: 'its signature is not ours' } };

/** In UTF-8 a character, as JavaScript counts them, takes at most three bytes. */
function mayExceed(characters: number, bytes: number): boolean {
  return characters * 3 > bytes;
}

function programOf(programs: Pick<Programs, 'find'>, { state }: Activated, input: Input) {
  return (input.type === 'start' || input.type === 'asked') && state.phase === 'new'
    ? programs.find(input.saga, input.version)
    : programs.find(state.saga, state.version);
}

/** Undefined where it comes with a task token that is none. */
function verified({ sagaId, input }: InboxMessage, at: number, tokens: TaskTokens | undefined, program: Program): Message | undefined {
  if (input.type !== 'task') {
    const stamp = stamped(input, at);
    return stamp.type === 'asked' && program.limit !== undefined ? { ...stamp, limited: true } : stamp;
  }
  const { token, ...said } = input;
  const claim = tokens?.verify(token);
  if (claim?.sagaId !== sagaId) return undefined;
  const { incarnation, step, round } = claim;
  frozen(said.result);
  return { ...said, at, incarnation, step, round };
}

export function stamped(input: Exclude<Input, TaskInput>, at: number): Message {
  // The inbox lets none of these through to a saga.
  if (input.type === 'limit') throw new Error('what is said to a limiter reached a saga');
  if (input.type === 'start' || input.type === 'asked') frozen(input.input);
  else if (input.type === 'reply') frozen(input.outcome);
  else if (input.type === 'signal') frozen(input.payload);
  else if (input.type === 'operator') {
    frozen(input.result);
    frozen(input.args);
  }
  return { ...input, at };
}
