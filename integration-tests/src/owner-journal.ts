import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `at` in milliseconds since 1970, of this machine. */
export type JournalEntry =
  | { readonly did: 'assigned' | 'revoked'; readonly at: number; readonly partitions: readonly number[] }
  | {
      readonly did: 'append' | 'conflict';
      readonly at: number;
      readonly saga: string;
      /** Revision of the first event. */
      readonly first: number;
      readonly ids: readonly string[];
    };

export function journalFile(folder: string, name: string): string {
  return join(folder, `${name}.journal`);
}

export function readJournal(folder: string, name: string): JournalEntry[] {
  const file = journalFile(folder, name);
  if (!existsSync(file)) return [];
  // The last line may be half written.
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as JournalEntry);
}

/** As its owner last knew. */
export function ownedPartitions(journal: readonly JournalEntry[]): ReadonlySet<number> {
  const owned = new Set<number>();
  for (const entry of journal) {
    if (entry.did === 'assigned') for (const partition of entry.partitions) owned.add(partition);
    if (entry.did === 'revoked') for (const partition of entry.partitions) owned.delete(partition);
  }
  return owned;
}

export interface Term {
  readonly owner: string;
  readonly partition: number;
  readonly from: number;
  /** Infinite where nobody wrote an end. */
  readonly to: number;
}

export function termsOf(owner: string, journal: readonly JournalEntry[]): Term[] {
  const begun = new Map<number, number>();
  const terms: Term[] = [];
  for (const entry of journal) {
    if (entry.did === 'assigned') for (const partition of entry.partitions) begun.set(partition, entry.at);
    if (entry.did !== 'revoked') continue;
    for (const partition of entry.partitions) {
      const from = begun.get(partition);
      if (from !== undefined) terms.push({ owner, partition, from, to: entry.at });
      begun.delete(partition);
    }
  }
  for (const [partition, from] of begun) terms.push({ owner, partition, from, to: Number.POSITIVE_INFINITY });
  return terms;
}
