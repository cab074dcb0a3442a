import type { CallError } from '@skald/app';
import { CATALOGUE, type ErrorCode, SkaldError } from '@skald/kernel';
import { Trouble } from '../trouble.js';

/** Whoever carries out what is asked: the application that owns the sagas. The command line itself decides nothing. */
export interface Operations {
  /**
   * Resolves once it is stored. Rejects with `SkaldError` where it was refused, and with `Trouble` where nobody answered.
   * `request`: a repeat under the same id gets the first answer.
   */
  call(operation: string, values: Readonly<Record<string, unknown>>, request: string): Promise<CallOutcome>;
  close(): Promise<void>;
}

export type CallOutcome =
  | { readonly type: 'done'; readonly result: unknown }
  /** Nobody is there to do it: it is kept for the next start. */
  | { readonly type: 'left' };

/** An answer's error as it was thrown where the call was carried out. */
export function errorOf({ code, message, details }: CallError): Error {
  if (Object.hasOwn(CATALOGUE, code)) return new SkaldError(code as ErrorCode, details ?? {});
  return new Trouble(code, message);
}
