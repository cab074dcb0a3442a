import { AsyncLocalStorage } from 'node:async_hooks';
import type { CommandMessage } from '@skald/kernel';

/** What an action may know of the command it carries out. */
export interface CommandContext {
  /** The same for every attempt: hand it on to any API that takes one. */
  readonly idempotencyKey: string;
  readonly sagaId: string;
  readonly step: string;
  readonly attempt: number;
  /** Epoch milliseconds after which nobody waits for this attempt. */
  readonly dueAt: number;
  /** Epoch milliseconds after which it was not to be begun: worth handing on with a request to somebody else. */
  readonly validUntil?: number;
  /** W3C trace context of whoever started the saga: hand it on. */
  readonly traceparent?: string;
  readonly tracestate?: string;
  /** Whoever holds it may say how this step ended, once: to be handed on by an action that answers `later()`. */
  readonly taskToken?: string;
}

const current = new AsyncLocalStorage<CommandMessage>();

/** The command that the running action or compensation carries out; undefined outside of one. */
export function currentCommand(): CommandContext | undefined {
  const command = current.getStore();
  if (!command) return undefined;
  const { key, sagaId, step, attempt, dueAt, validUntil, taskToken, trace } = command;
  const optional = { ...(validUntil !== undefined && { validUntil }), ...(taskToken !== undefined && { taskToken }) };
  return { idempotencyKey: key, sagaId, step, attempt, dueAt, ...optional, ...trace };
}

export function within<T>(command: CommandMessage, work: () => T): T {
  return current.run(command, work);
}
