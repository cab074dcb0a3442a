import type { CommandMessage, Delivery, ParticipantMessage } from '@skald/kernel';

/** A command in hand. */
export type Job = Delivery<ParticipantMessage>;

export function commandOf({ message }: Job): CommandMessage {
  return message.command;
}

/** One command per key now; repeats of a key are for the next batch. */
export function distinct(jobs: readonly Job[]): { readonly now: Job[]; readonly later: Job[] } {
  const keys = new Set<string>();
  const now: Job[] = [];
  const later: Job[] = [];
  for (const job of jobs) {
    const { key } = commandOf(job);
    (keys.has(key) ? later : now).push(job);
    keys.add(key);
  }
  return { now, later };
}
