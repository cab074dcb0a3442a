/**
 * The chain of one stream: each event's hash covers the hash before it, its type, and data and metadata as they are stored. So nothing is
 * needed to check it but the stored characters: no key, no code of the saga's.
 *
 * Invariants
 * V1  An event is intact where its hash is that of its own content after the hash that it says it follows.
 * V2  A stream holds where each event is intact, follows the one before it, and has the next revision and the id made from its hash.
 * V3  Each finding is told once: an event that stands rightly after a wrong one is none.
 * V4  What the chain cannot tell, since nothing of it is left, are the last events: a cut tail needs a checkpoint.
 */
import { chainHash, uuidOf } from '@skald/engine';
import type { RecordedEvent } from '@skald/kernel';

/**
 * changed: its content is not what its hash was made of · dropped: an event that stood here is gone · inserted: it was not there when what
 * follows was written · reordered: it stands where another stood.
 */
export type FindingKind = 'changed' | 'dropped' | 'inserted' | 'reordered';

export interface Finding {
  /** Absent where it is seen in the order of all events only. */
  readonly stream?: string;
  /** Where it is seen: of something dropped, the revision where it is missing. */
  readonly revision?: number;
  readonly kind: FindingKind;
  /** A sentence for people. */
  readonly message: string;
}

/** What is wrong with the events of one stream, all of them, in the order of their revisions. */
export function checkStream(stream: string, events: readonly RecordedEvent[]): Finding[] {
  const check = new StreamCheck(stream, events);
  for (const event of events) check.add(event);
  return check.findings;
}

/** The same of events that come one after the other and are not kept; of all of them hash and revision are known before. */
export class StreamCheck {
  findings: Finding[] = [];
  /** Where each hash stands. */
  private readonly places = new Map<string, number>();
  private place = 0;
  private last: RecordedEvent | undefined;
  /** Hashes that the next event may follow without another finding: what is stored, and what should be. */
  private before: readonly string[];
  private expected = 0;
  /** Places of events that do not stand where they stood. */
  private readonly moved = new Set<number>();

  constructor(
    private readonly stream: string,
    private readonly all: readonly Pick<RecordedEvent, 'hash' | 'revision'>[],
  ) {
    this.before = [stream];
    for (const [place, { hash }] of all.entries()) this.places.set(hash, place);
  }

  add(event: RecordedEvent): void {
    const place = this.place++;
    const gap = this.checkRevision(event, this.last);
    this.checkEvent(event, place, gap);
    this.last = event;
  }

  /** Answers whether events are missing before it. */
  private checkRevision(event: RecordedEvent, last: RecordedEvent | undefined): boolean {
    const { revision } = event;
    const { expected } = this;
    this.expected = revision + 1;
    if (event.stream !== this.stream) this.tell(revision, 'inserted', `it belongs to the stream ${event.stream}`);
    if (revision > expected) {
      const missing = revision - expected;
      this.tell(expected, 'dropped', missing === 1 ? 'it is missing' : `${missing} events are missing, up to revision ${revision - 1}`);
      return true;
    }
    if (revision < expected) this.tell(revision, 'reordered', `it comes after revision ${expected - 1}`);
    else if (last && event.position > 0 && event.position <= last.position) {
      this.tell(revision, 'reordered', `it stands before revision ${last.revision} in the order of all events`);
    }
    return false;
  }

  private checkEvent(event: RecordedEvent, place: number, gap: boolean): void {
    const { hash, revision } = event;
    const follows = this.before.find((before) => hashAfter(before, event) === hash);
    if (follows === undefined) this.explain(event, place, gap);
    else if (event.id !== uuidOf(hash)) this.tell(revision, 'changed', `its id is ${event.id}, not the one made from its hash`);
    // The next one may follow what is stored here or what was: the second where only the hash was changed.
    this.before = follows === undefined ? [hash, ...this.before.map((before) => hashAfter(before, event))] : [hash];
  }

  /** Its hash is not that of its content after the event before it. */
  private explain(event: RecordedEvent, place: number, gap: boolean): void {
    const { revision, hash } = event;
    const previous = previousOf(event);
    const isIntact = hashAfter(previous ?? this.stream, event) === hash;
    if (!isIntact) {
      if (gap && previous === undefined) return;
      const foreign = previous === undefined ? foreignStream(event) : undefined;
      if (foreign !== undefined) this.tell(revision, 'reordered', `it was written to the stream ${foreign}`);
      else this.tell(revision, 'changed', 'its type, data, metadata or hash is not what it was when it was written');
      return;
    }
    const stood = previous === undefined ? -1 : this.places.get(previous);
    if (stood === undefined) {
      if (!gap) this.tell(revision, 'dropped', `the event that it followed is not there any more: taken out before it, or written anew`);
    } else if (stood < place) this.tellInserted(stood + 1, place);
    else {
      this.moved.add(place);
      this.tell(revision, 'reordered', `it was written after what is now revision ${this.all[stood]?.revision}`);
    }
  }

  /** The events from place `first` on were not there when the one at `next` was written, or not there but elsewhere. */
  private tellInserted(first: number, next: number): void {
    const revisions = this.all.slice(first, next).map(({ revision }) => revision);
    if (revisions.some((_, nth) => this.moved.has(first + nth))) {
      this.moved.add(next);
      return;
    }
    const from = revisions[0] ?? 0;
    const which = revisions.length === 1 ? `revision ${from} was` : `revisions ${from} to ${revisions.at(-1)} were`;
    const between = new Set(revisions);
    this.findings = this.findings.filter(({ kind, revision }) => kind !== 'changed' || !between.has(revision ?? -1));
    this.tell(from, 'inserted', `${which} not there when revision ${this.all[next]?.revision} was written`);
  }

  private tell(revision: number, kind: FindingKind, message: string): void {
    this.findings.push({ stream: this.stream, revision, kind, message });
  }
}

export function hashAfter(before: string, { type, data, metadata }: RecordedEvent): string {
  return chainHash(before, type, data, metadata);
}

/** The hash that an event says it follows; undefined where it says none. */
function previousOf({ metadata }: RecordedEvent): string | undefined {
  const previous = memberOf(metadata, 'previous');
  return typeof previous === 'string' ? previous : undefined;
}

/** The stream that a first event was written to, if that is another than this one. */
function foreignStream(event: RecordedEvent): string | undefined {
  const written = memberOf(event.data, 'sagaId');
  return typeof written === 'string' && hashAfter(written, event) === event.hash ? written : undefined;
}

function memberOf(text: string, name: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  } catch {
    return undefined;
  }
}
