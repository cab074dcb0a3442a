/** What the bus will never take: a message that is too large, or that nobody is there to read. */
import { type ErrorRecord, type MessageBus, type Outgoing, SkaldError } from '@skald/kernel';
import { refusalOf } from './turn.js';

/** The sagas whose messages a bus will never take, and why; empty where it failed for another reason. All other messages were sent. */
export function refusedSagas(error: unknown): ReadonlyMap<string, SkaldError> {
  const errors = error instanceof SkaldError && error.cause instanceof AggregateError ? error.cause.errors : [error];
  const refused = new Map<string, SkaldError>();
  for (const one of errors) {
    if (!(one instanceof SkaldError) || one.code !== 'message-refused' || one.details['sagaId'] === undefined) return new Map();
    refused.set(String(one.details['sagaId']), one);
  }
  return refused;
}

/** What is to be said in the place of a message that is refused; undefined: nothing. */
export type Instead = (refused: Outgoing, reason: SkaldError) => Outgoing | undefined;

/** Publishes, with something else in the place of each message that the bus will never take. Rejects with what the bus rejects with otherwise. */
export async function publishOr(bus: MessageBus, messages: readonly Outgoing[], instead: Instead): Promise<void> {
  try {
    await bus.publish(messages);
  } catch (error) {
    const refused = refusedSagas(error);
    if (refused.size === 0) throw error;
    for (const [sagaId, reason] of refused) {
      const [only, ...others] = messages.filter(({ message }) => message.sagaId === sagaId);
      if (only && others.length === 0) await replace(bus, only, reason, instead);
      // Which of them it is shows when they are sent one by one; those that the bus has by now are repeats.
      else for (const one of only ? [only, ...others] : []) await publishOne(bus, one, instead);
    }
  }
}

async function publishOne(bus: MessageBus, one: Outgoing, instead: Instead): Promise<void> {
  try {
    await bus.publish([one]);
  } catch (error) {
    const reason = refusedSagas(error).get(one.message.sagaId);
    if (!reason) throw error;
    await replace(bus, one, reason, instead);
  }
}

/** Where that is refused too, nothing is said: whoever waits for it asks again. */
async function replace(bus: MessageBus, one: Outgoing, reason: SkaldError, instead: Instead): Promise<void> {
  const other = instead(one, reason);
  if (other === undefined) return;
  try {
    await bus.publish([other]);
  } catch (error) {
    if (refusedSagas(error).size === 0) throw error;
  }
}

/** The saga that cannot go on without it: of what was to begin a saga, the one whose step asked for that. */
export function senderOf({ message }: Outgoing): string {
  return message.kind === 'input' && message.input.type === 'asked' ? message.input.by.sagaId : message.sagaId;
}

/** What is said where a reply or an answer is refused: that there is one, and that it cannot be told. Undefined where it is neither. */
export function untold({ address, message }: Outgoing, reason: SkaldError): Outgoing | undefined {
  if (message.kind === 'answer') return { address, message: { ...message, answer: refusalOf(reason, 'decision-failed') } };
  if (message.kind !== 'input' || message.input.type !== 'reply') return undefined;
  const error: ErrorRecord = { name: 'ReplyRefused', message: reason.message.slice(0, MOST_OF_A_REASON) };
  const outcome = { type: 'failed', kind: 'technical', effect: 'unknown', error } as const;
  return { address, message: { ...message, input: { ...message.input, outcome } } };
}

const MOST_OF_A_REASON = 500;
