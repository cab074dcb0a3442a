import type { CommandMessage, Reply } from '@skald/kernel';

/** One end of the line, at the orchestrator or at the participant. */
export interface Link {
  command(sagaId: string, step: number): void;
  onReply: (sagaId: string) => void;
  readReplies(): Promise<void>;
  answerCommands(): Promise<void>;
  close(): Promise<void>;
}

/** About 300 bytes of JSON. */
export function commandOf(sagaId: string, step: number): CommandMessage {
  const place = { sagaId, incarnation: 'a1b2c3', step: `step${step}`, round: 1, attempt: 1, undoRound: 0 };
  const what = {
    operation: 'action',
    purpose: 'step',
    key: `${sagaId}/a1b2c3/step${step}`,
    participant: 'payment',
    action: 'charge',
  } as const;
  return { ...place, ...what, args: [{ orderId: sagaId, amount: 4999 }], firstRequestedAt: 1_700_000_000_000, dueAt: 1_700_000_060_000 };
}

export function replyTo(command: Omit<CommandMessage, 'args'>): Reply {
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = command;
  return {
    sagaId,
    incarnation,
    step,
    round,
    attempt,
    operation,
    purpose,
    undoRound,
    outcome: { type: 'succeeded', result: { paymentId: 'p-123456' } },
  };
}
