/** Between a saga and the sagas that its steps start: both ends are inboxes. */
import { canonicalJson, type Ids, type Outgoing, type OwedCommand, type Reply, report, type SagaState } from '@skald/kernel';
import { sha256 } from './event-codec.js';

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

/** What the saga that started it is to be told since that revision. */
export function told(state: SagaState, since: number): Outgoing[] {
  const reply = report(state, since);
  return reply ? [toParent(reply)] : [];
}

/** To the saga whose step asked. */
export function toParent(reply: Reply): Outgoing {
  return { address: { to: 'inbox' }, message: { kind: 'input', sagaId: reply.sagaId, input: { type: 'reply', ...reply } } };
}
