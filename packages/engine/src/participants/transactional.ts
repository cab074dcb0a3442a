import type { Clock, CommandMessage, Fence, FenceRecord, FenceSession, Outcome } from '@skald/kernel';
import type { CrashPoints } from '../crash-points.js';
import { type Actions, thrownBy } from './actions.js';
import { admit, outcomeOf, recordOf } from './fence-rules.js';

/** What became of a command, or when it is to be asked again: somebody else is at it. */
export type Carried = { readonly outcome: Outcome } | { readonly until: number };

/**
 * A batch of commands in one transaction of the participant's database: fence record and business change together, each in a savepoint of
 * its own, one commit for all. When this resolves everything in it is durable; when it rejects nothing of it happened.
 */
export function runTransactional(
  fence: Fence,
  actions: Actions,
  commands: readonly CommandMessage[],
  clock: Pick<Clock, 'now'>,
  crashPoints: CrashPoints,
): Promise<Carried[]> {
  return fence.session(async (session) => {
    const carried: Carried[] = [];
    // By the clock of its own turn: those before it in the batch may have taken long.
    for (const command of commands) carried.push(await carryOut(session, actions, command, clock.now()));
    crashPoints.reach('participant:executed');
    return carried;
  });
}

async function carryOut(session: FenceSession, actions: Actions, command: CommandMessage, now: number): Promise<Carried> {
  const verdict = admit(await session.get(command.key), command, now);
  switch (verdict.do) {
    case 'answer':
      if (verdict.record) await session.put(command.key, verdict.record);
      return { outcome: verdict.outcome };
    case 'run':
      return { outcome: await run(session, actions, command) };
    case 'undo':
      return { outcome: await undo(session, actions, command, verdict.result) };
    case 'wait':
      return { until: verdict.until };
  }
}

async function run(session: FenceSession, actions: Actions, command: CommandMessage): Promise<Outcome> {
  const compensable = actions.isCompensable(command.action);
  try {
    // The record in the same savepoint: neither stands without the other.
    return await session.savepoint(async () => {
      const record = recordOf(await actions.run(command), compensable);
      await session.put(command.key, record);
      return outcomeOf(record);
    });
  } catch (thrown) {
    const { error, business } = thrownBy(thrown);
    if (!business) return { type: 'failed', kind: 'technical', effect: 'none', error };
    const record: FenceRecord = { type: 'failed', error };
    if (command.purpose === 'step') await session.put(command.key, record);
    return { type: 'failed', kind: 'business', effect: 'none', error };
  }
}

async function undo(session: FenceSession, actions: Actions, command: CommandMessage, result: string | undefined): Promise<Outcome> {
  try {
    const executed = await session.savepoint(async () => {
      const undone = await actions.undo(command, result);
      await session.put(command.key, { type: 'undone', round: command.undoRound, executed: undone });
      return undone;
    });
    return { type: 'undone', executed };
  } catch (thrown) {
    return { type: 'failed', kind: 'technical', effect: 'none', error: thrownBy(thrown).error };
  }
}
