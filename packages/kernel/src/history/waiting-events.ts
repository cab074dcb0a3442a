/** What is recorded of steps that wait: for a time, for a signal, or for whoever has their task token. */
import type { ErrorRecord } from '../errors/errors.js';
import type { Attempt, Recorded } from './recorded.js';

/** The step waits until then; an operator may move it, and while the saga is held it stands still. */
export type TimerSet = Recorded<'TimerSet', { readonly step: string; readonly after: readonly string[]; readonly dueAt: number }>;
/** The step is settled. */
export type TimerFired = Recorded<'TimerFired', { readonly step: string }>;

/** Kept until a step takes it, in the order of arrival; a repeat (same name and id) is not recorded. */
export type SignalReceived = Recorded<
  'SignalReceived',
  { readonly id: string; readonly name: string; readonly payload?: unknown; readonly by?: string }
>;
/** The step waits for a signal of that name. A new round is a new wait, which only an operator begins. */
export type SignalAwaited = Recorded<
  'SignalAwaited',
  {
    readonly step: string;
    readonly round: number;
    readonly after: readonly string[];
    readonly signal: string;
    readonly dueAt?: number;
    /** Absent: the step fails when nothing comes in time. */
    readonly onTimeout?: 'skip';
  }
>;
/** A signal that the step cannot understand (its schema refuses it) is taken away, and the step waits on. */
export type SignalDiscarded = Recorded<'SignalDiscarded', { readonly step: string; readonly signal: string; readonly error: ErrorRecord }>;

/**
 * The participant has it, and somebody else will say how it ended, by the task token of this round: until `dueAt`, and with a heartbeat until
 * `heartbeatAt` where the step asks for any. When the saga has turned back it says only that the action was begun.
 */
export type StepDeferred = Recorded<'StepDeferred', Attempt & { readonly dueAt: number; readonly heartbeatAt?: number }>;
/** Whoever holds the task token is at work; the next heartbeat is due then. */
export type HeartbeatReceived = Recorded<
  'HeartbeatReceived',
  { readonly step: string; readonly round: number; readonly heartbeatAt: number }
>;
