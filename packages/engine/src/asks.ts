/** Between a saga and the sagas that its steps start: both ends are inboxes. */
import {
  canonicalJson,
  type Ids,
  type Outgoing,
  type OwedCommand,
  outstanding,
  type PayloadCodec,
  type Reply,
  report,
  type SagaState,
  SkaldError,
  type TokenOf,
} from '@skald/kernel';
import type { Activated } from './activation.js';
import { sha256 } from './event-codec.js';

/** What is not with the bus yet, and what was requested up to revision `again` (default: nothing of it). */
export function owedBy({ state, published, dropped }: Activated, again = -1, sign?: TokenOf): OwedCommand[] {
  if (dropped) return [];
  if (again < 0) return outstanding(state, published, sign);
  const revisions = [...state.owed.values()];
  return outstanding(state, -1, sign).filter((_command, at) => (revisions[at] ?? -1) > published || (revisions[at] ?? -1) <= again);
}

/** Where an owed command goes: to a participant, or to the inbox of the saga that it starts. */
export function outgoing(sagaId: string, owed: OwedCommand, ids: Ids): Outgoing {
  const { child, ...command } = owed;
  if (!child) return { address: { to: 'participant', participant: command.participant }, message: { kind: 'command', sagaId, command } };
  const { incarnation, step, round, attempt, undoRound, operation, args, validUntil, trace } = command;
  const input = args[0] ?? null;
  return {
    address: { to: 'inbox' },
    message: {
      kind: 'input',
      sagaId: child.sagaId,
      input: {
        ...{ type: 'asked', operation, sagaId: child.sagaId, saga: command.participant, version: child.version },
        // A new one each time: only the first that arrives counts.
        incarnation: ids.incarnation(),
        ...{ input, inputHash: sha256(canonicalJson(input)) },
        ...(child.deadline !== undefined && { deadline: child.deadline }),
        ...(validUntil !== undefined && !child.detached && { deadlineAt: validUntil }),
        ...(trace && { trace }),
        by: { sagaId, incarnation, step, round, attempt, undoRound, ...(child.detached && { detached: true }) },
      },
    },
  };
}

/** With the hashes of what children are asked made under their keys, as those of all inputs: else a short one could be guessed. */
export async function keyed(messages: readonly Outgoing[], codec: PayloadCodec): Promise<readonly Outgoing[]> {
  return Promise.all(
    messages.map(async (one) => {
      const { message } = one;
      if (message.kind !== 'input' || message.input.type !== 'asked') return one;
      const inputHash = await digestOf(codec, message.sagaId, message.input.input);
      return { ...one, message: { ...message, input: { ...message.input, inputHash } } };
    }),
  );
}

/** A child whose key was dropped is there already and records no hash any more. */
async function digestOf(codec: PayloadCodec, sagaId: string, input: unknown): Promise<string> {
  try {
    return await codec.digest(sagaId, canonicalJson(input));
  } catch (error) {
    if (error instanceof SkaldError && error.code === 'payload-dropped') return error.code;
    throw error;
  }
}

/** What the saga that started it is to be told since that revision. */
export function told(state: SagaState, since: number): Outgoing[] {
  const reply = report(state, since);
  return reply ? [toParent(reply)] : [];
}

/** To the saga whose step asked. */
export function toParent(reply: Reply): Outgoing {
  return { address: { to: 'inbox' }, message: { kind: 'input', sagaId: reply.sagaId, input: { type: 'reply', ...reply } } };
}
