/**
 * Commands of a participant whose effects have no transaction in common with its fence (somebody else's API, say): `running` is recorded
 * before, the outcome after. What was interrupted in between may have happened.
 */
import type { CommandMessage, Fence, FenceRecord, FenceSession, Outcome } from '@skald/kernel';
import { type Actions, thrownBy } from './actions.js';
import { admit, outcomeOf, type Verdict } from './fence-rules.js';

/** What is to be done about a command once its admission is stored. */
export interface Admitted {
  readonly command: CommandMessage;
  readonly verdict: Verdict;
  readonly token: string;
  /** What the fence said before. */
  readonly before: FenceRecord | undefined;
}

/** Admits a batch: verdicts are stored (runs as `running`) when this resolves. */
export function admitAll(
  fence: Fence,
  commands: readonly CommandMessage[],
  now: number,
  lease: number,
  newToken: () => string,
): Promise<Admitted[]> {
  return fence.session(async (session) => {
    const admitted: Admitted[] = [];
    for (const command of commands) {
      const before = await session.get(command.key);
      const verdict = admit(before, command, now);
      const token = newToken();
      const record = admission(verdict, now + lease, token);
      if (record) await session.put(command.key, record);
      admitted.push({ command, verdict, token, before });
    }
    return admitted;
  });
}

function admission(verdict: Verdict, leaseUntil: number, token: string): FenceRecord | undefined {
  if (verdict.do === 'run') return { type: 'running', leaseUntil, token };
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
  const { command, verdict } = admitted;
  try {
    if (verdict.do === 'undo') {
      const executed = await actions.undo(command, verdict.result);
      return { ...admitted, outcome: { type: 'undone', executed }, record: { type: 'undone', round: command.undoRound, executed } };
    }
    const compensable = actions.isCompensable(command.action);
    const result = await actions.run(command);
    const record = { type: 'succeeded', compensable, ...(result !== undefined && { result }) } as const;
    return { ...admitted, outcome: outcomeOf(record), record };
  } catch (thrown) {
    const { error, business } = thrownBy(thrown);
    const final = business && verdict.do === 'run';
    const outcome: Outcome = final
      ? { type: 'failed', kind: 'business', effect: 'none', error }
      : { type: 'failed', kind: 'technical', effect: 'unknown', error };
    return { ...admitted, outcome, record: final && command.purpose === 'step' ? { type: 'failed', error } : undefined };
  }
}

/** Records effects; an outcome counts only while the lease that it ran under holds. */
export function settleAll(fence: Fence, effects: readonly Effect[]): Promise<Outcome[]> {
  return fence.session(async (session) => {
    const outcomes: Outcome[] = [];
    for (const effect of effects) outcomes.push(await settle(session, effect));
    return outcomes;
  });
}

async function settle(session: FenceSession, effect: Effect): Promise<Outcome> {
  const { key } = effect.command;
  const now = await session.get(key);
  if (now?.type === 'running' && now.token === effect.token) {
    // A failed undo leaves the fence as it was; a failed run may have had effect, which an expired lease says.
    await session.put(key, effect.record ?? (now.undoing ? effect.before : undefined) ?? { ...now, leaseUntil: 0 });
    return effect.outcome;
  }
  if (effect.outcome.type !== 'succeeded') return effect.outcome;
  // Somebody took over after the lease, and undid what was not yet done.
  if (now?.type === 'undone') return { ...effect.outcome, afterUndo: now.round };
  if (now?.type === 'succeeded') return outcomeOf(now);
  return effect.outcome;
}
