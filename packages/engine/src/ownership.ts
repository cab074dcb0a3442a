/**
 * Which part of the inbox is this owner's, now.
 *
 * Invariants
 * O1  What was decided in one term of ownership is published and acknowledged in that term or not at all: whoever owns the partition next
 *     reads the stream, and sends what is owed.
 * O2  At the beginning of a term everything that the partition's sagas owe is sent again: nobody knows what the owner before still sent.
 * O3  A saga is woken only by the owner of its partition.
 * O4  What is owed and due is read from the index only when that has seen what was stored at the beginning of the term.
 * O5  Where inputs were lost before anybody read them, everything that the partition's sagas owe is sent again, once more.
 */
import type { OwnershipListener, Partitioning } from '@skald/kernel';

export interface Term {
  readonly partition: number;
  /** O4 */
  isIndexed: boolean;
}

export class Ownership implements OwnershipListener {
  private readonly terms = new Map<number, Term>();

  constructor(
    private readonly partitioning: Partitioning | undefined,
    private readonly onAssigned: (partitions: readonly number[]) => void,
    private readonly onRevoked: (owns: (sagaId: string) => boolean) => void,
    private readonly onMissed: (partitions: readonly number[]) => void = () => {},
  ) {}

  assigned(partitions: readonly number[]): void {
    const added = partitions.filter((partition) => !this.terms.has(partition));
    for (const partition of added) this.terms.set(partition, { partition, isIndexed: false });
    if (added.length > 0) this.onAssigned(added);
  }

  revoked(partitions: readonly number[]): void {
    for (const partition of partitions) this.terms.delete(partition);
    if (partitions.length > 0) this.onRevoked((sagaId) => this.owns(sagaId));
  }

  /** O5 */
  missed(partitions: readonly number[]): void {
    const own = partitions.filter((partition) => this.terms.has(partition));
    if (own.length > 0) this.onMissed(own);
  }

  owns(sagaId: string): boolean {
    return this.terms.has(this.partitionOf(sagaId));
  }

  /** The term in which the saga is owned now; another object for every term. */
  termOf(sagaId: string): Term | undefined {
    return this.terms.get(this.partitionOf(sagaId));
  }

  /** The terms of these partitions that run now. */
  termsOf(partitions: readonly number[]): Term[] {
    return partitions.flatMap((partition) => this.terms.get(partition) ?? []);
  }

  /** O4: owned, and the index may be believed. */
  isIndexed(sagaId: string): boolean {
    return this.termOf(sagaId)?.isIndexed ?? false;
  }

  partitionOf(sagaId: string): number {
    return this.partitioning?.of(sagaId) ?? 0;
  }
}
