/**
 * Commands of a participant whose effects have no transaction in common with its fence (somebody else's API, say): `running` is recorded
 * before, the outcome after. What was interrupted in between may have happened.
 */
import {
  type CommandMessage,
  type ErrorRecord,
  EXPIRED,
  type Fence,
  type FenceRecord,
  type FenceSession,
  type Outcome,
  type Probed,
} from '@skald/kernel';
import { type Actions, type ReadyAction, thrownBy } from './actions.js';
import { type AfterProbe, admit, outcomeOf, probeFor, recordOf, type Verdict } from './fence-rules.js';

/** A command, and the action as far as it can be got ready: what fails before the action runs had no effect. */
export interface Prepared {
  readonly command: CommandMessage;
  readonly action: ReadyAction | undefined;
  /** Why it cannot run. */
  readonly thrown: unknown;
}

/** What is to be done about a command once its admission is stored. */
export interface Admitted extends Prepared {
  readonly verdict: Verdict | { readonly do: 'probe'; readonly then: AfterProbe };
  readonly token: string;
  /** What the fence said before. */
  readonly before: FenceRecord | undefined;
}

export interface Lease {
  readonly now: number;
  readonly until: number;
  newToken(): string;
}

export async function prepare(actions: Actions, command: CommandMessage): Promise<Prepared> {
  if (command.operation !== 'action') return { command, action: undefined, thrown: undefined };
  try {
    return { command, action: await actions.prepare(command), thrown: undefined };
  } catch (thrown) {
    return { command, action: undefined, thrown };
  }
}

/** Admits a batch: verdicts are stored (runs as `running`) when this resolves. */
export function admitAll(fence: Fence, actions: Actions, batch: readonly Prepared[], lease: Lease): Promise<Admitted[]> {
  return fence.session(async (session) => {
    const admitted: Admitted[] = [];
    for (const prepared of batch) {
      const { command } = prepared;
      const before = await session.get(command.key);
      const then = actions.canProbe(command.action) ? probeFor(before, command, lease.now) : undefined;
      const ruled = then === undefined ? admit(before, command, lease.now) : ({ do: 'probe', then } as const);
      const runs = ruled.do === 'run' || (ruled.do === 'probe' && ruled.then === 'run');
      const verdict = runs && !prepared.action ? unprepared(prepared, before) : ruled;
      const token = lease.newToken();
      const record = admission(verdict, lease.until, token);
      if (record) await session.put(command.key, record);
      admitted.push({ ...prepared, verdict, token, before });
    }
    return admitted;
  });
}

function unprepared({ thrown, command }: Prepared, before: FenceRecord | undefined): Verdict {
  const { error, business } = thrownBy(thrown);
  // An interrupted run, when the schema was another, may have had effect.
  if (before) return { do: 'answer', outcome: { type: 'failed', kind: 'technical', effect: 'unknown', error } };
  if (!business) return { do: 'answer', outcome: { type: 'failed', kind: 'technical', effect: 'none', error } };
  const record = command.purpose === 'step' ? ({ type: 'failed', error } as const) : undefined;
  return { do: 'answer', outcome: { type: 'failed', kind: 'business', effect: 'none', error }, ...(record && { record }) };
}

function admission(verdict: Admitted['verdict'], leaseUntil: number, token: string): FenceRecord | undefined {
  if (verdict.do === 'run' || verdict.do === 'probe') return { type: 'running', leaseUntil, token };
  if (verdict.do === 'undo') return { type: 'running', leaseUntil, token, undoing: true };
  return verdict.do === 'answer' ? verdict.record : undefined;
}

/** An effect that is over but not yet recorded. */
export interface Effect extends Admitted {
  readonly outcome: Outcome;
  /** Absent: nothing final came of it; the lease is given back. */
  readonly record: FenceRecord | undefined;
}

export async function takeEffect(actions: Actions, admitted: Admitted): Promise<Effect> {
  const { command, verdict, action } = admitted;
  if (verdict.do === 'probe') return askProbe(actions, admitted, verdict.then);
  let isDone = false;
  try {
    if (verdict.do === 'undo') {
      const executed = await actions.undo(command, verdict.result);
      return { ...admitted, outcome: { type: 'undone', executed }, record: { type: 'undone', round: command.undoRound, executed } };
    }
    const answered = await action?.take();
    isDone = true;
    const record = recordOf((await action?.answer(answered)) ?? { result: undefined }, actions.isCompensable(command.action));
    return { ...admitted, outcome: outcomeOf(record), record };
  } catch (thrown) {
    const { error, business } = thrownBy(thrown);
    // A declared failure says that this run had no effect: not when it is thrown after the effect (a result that cannot be recorded), and
    // nothing of an interrupted run before.
    const final = business && verdict.do === 'run' && !isDone && !admitted.before;
    const outcome: Outcome = final
      ? { type: 'failed', kind: 'business', effect: 'none', error }
      : { type: 'failed', kind: 'technical', effect: 'unknown', error };
    return { ...admitted, outcome, record: final && command.purpose === 'step' ? { type: 'failed', error } : undefined };
  }
}

/** F8: only a run that is known to have had no effect is run again. Nothing is recorded of a probe that failed: it is asked again. */
async function askProbe(actions: Actions, admitted: Admitted, then: AfterProbe): Promise<Effect> {
  const { command } = admitted;
  let probed: Probed<string | undefined>;
  try {
    probed = await actions.probe(command);
  } catch (thrown) {
    return { ...admitted, outcome: unknown(thrownBy(thrown).error), record: undefined };
  }
  if (probed.happened === true) {
    const { result } = probed;
    const compensable = actions.isCompensable(command.action);
    const record = { type: 'succeeded', compensable, ...(result !== undefined && { result }) } as const;
    return { ...admitted, outcome: outcomeOf(record), record };
  }
  if (probed.happened === false && then === 'run') return takeEffect(actions, { ...admitted, verdict: { do: 'run' }, before: undefined });
  const doubt = probed.happened === 'unknown';
  if (then === 'seal') return { ...admitted, outcome: { type: 'sealed', ...(doubt && { doubt }) }, record: { type: 'sealed', doubt } };
  if (!doubt) return { ...admitted, outcome: { type: 'refused', reason: 'expired' }, record: { type: 'sealed', doubt } };
  const error = {
    name: then === 'refuse' ? EXPIRED : 'Unprobed',
    message: 'an interrupted run may have had effect, and its probe cannot tell',
  };
  return { ...admitted, outcome: unknown(error), record: undefined };
}

function unknown(error: ErrorRecord): Outcome {
  return { type: 'failed', kind: 'technical', effect: 'unknown', error };
}

/** The outcome to reply, or when to ask again: somebody else is at work under this key. */
export type Settled = { readonly outcome: Outcome } | { readonly until: number };

/** Records effects; an outcome counts only while the lease that it ran under holds. */
export function settleAll(fence: Fence, effects: readonly Effect[], now: number): Promise<Settled[]> {
  return fence.session(async (session) => {
    const settled: Settled[] = [];
    for (const effect of effects) settled.push(await settle(session, effect, now));
    return settled;
  });
}

async function settle(session: FenceSession, effect: Effect, now: number): Promise<Settled> {
  const { command, outcome, record, token, before } = effect;
  const found = await session.get(command.key);
  if (found === undefined || (found.type === 'running' && (found.token === token || found.leaseUntil <= now))) {
    // A failed undo leaves the fence as it was; a failed run may have had effect, which an expired lease says.
    const given = effect.verdict.do === 'undo' ? before : { type: 'running' as const, leaseUntil: 0, token };
    const kept = record ?? given;
    if (kept) await session.put(command.key, kept);
    return { outcome };
  }
  if (found.type === 'running') return { until: found.leaseUntil };
  return { outcome: effect.verdict.do === 'probe' ? asRecorded(effect, found, now) : await overtaken(session, effect, found) };
}

/** What a probe found out is no news where an outcome is recorded: it tells of the same run. */
function asRecorded({ command, outcome }: Effect, found: FenceRecord, now: number): Outcome {
  const verdict = admit(found, command, now);
  return verdict.do === 'answer' ? verdict.outcome : outcome;
}

/** Somebody took over after the lease and has recorded an outcome, on which the orchestrator may have gone on. */
async function overtaken(session: FenceSession, effect: Effect, found: Exclude<FenceRecord, { type: 'running' }>): Promise<Outcome> {
  const { command, record } = effect;
  // Whoever is to end it later will find that nobody waits for that: what was begun is told at once, so that it is undone.
  const outcome: Outcome = effect.outcome.type === 'deferred' && found.type !== 'deferred' ? { type: 'succeeded' } : effect.outcome;
  if (outcome.type !== 'succeeded') return isOutcome(found) && effect.verdict.do === 'run' ? outcomeOf(found) : outcome;
  switch (found.type) {
    case 'succeeded':
    case 'deferred':
      return outcomeOf(found);
    case 'undone':
      return { ...outcome, afterUndo: found.round };
    case 'failed':
      // It did happen, and can be undone only when the fence knows it.
      if (record) await session.put(command.key, record);
      return outcome;
    case 'sealed':
      await session.put(command.key, { type: 'sealed', doubt: true });
      return outcome;
  }
}

function isOutcome(record: FenceRecord): record is Extract<FenceRecord, { type: 'succeeded' | 'deferred' | 'failed' }> {
  return record.type === 'succeeded' || record.type === 'deferred' || record.type === 'failed';
}
