import type { SqliteStore } from '@skald/event-store-sqlite';
import type { JobOwners } from './job-owners.js';

export interface Authorship {
  /** Events that a manager says it stored, and are not there. */
  readonly missing: string[];
  /** Events that two managers say they stored. An event's id is made from what it says and what stood before it: both decided the same. */
  readonly agreed: string[];
  /** Events of appends that met a conflict, and are there. */
  readonly intruding: string[];
  /** Events that no journal has: their manager was killed in between. */
  readonly unclaimed: number;
  readonly conflicts: number;
  /** Sagas that more than one manager wrote to. */
  readonly handedOver: number;
  /** By saga, the managers that wrote to it and said so. */
  readonly writers: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Who stored what, by the journals of all managers. */
export async function authorship(owners: JobOwners, { events }: SqliteStore): Promise<Authorship> {
  const authors = new Map<string, string>();
  const refused = new Set<string>();
  const agreed: string[] = [];
  let conflicts = 0;
  for (const [owner, journal] of owners.journals()) {
    for (const entry of journal) {
      if (entry.did === 'conflict') conflicts += 1;
      if (entry.did !== 'append' && entry.did !== 'conflict') continue;
      for (const id of entry.ids) {
        if (entry.did === 'conflict') refused.add(id);
        else if ((authors.get(id) ?? owner) !== owner) agreed.push(id);
        else authors.set(id, owner);
      }
    }
  }
  const writers = new Map<string, Set<string>>();
  const intruding: string[] = [];
  let unclaimed = 0;
  for (let position = 0; ; ) {
    const page = await events.readAll(position, 5_000);
    for (const { id, stream } of page) {
      const author = authors.get(id);
      if (author !== undefined) writers.set(stream, (writers.get(stream) ?? new Set()).add(author));
      else if (refused.has(id)) intruding.push(id);
      else unclaimed += 1;
      authors.delete(id);
    }
    position = page.at(-1)?.position ?? position;
    if (page.length === 0) break;
  }
  const missing = [...authors.keys()];
  const handedOver = [...writers.values()].filter(({ size }) => size > 1).length;
  return { missing, agreed, intruding, unclaimed, conflicts, handedOver, writers };
}
