/**
 * Verifies what a store holds against the chains of its streams.
 *
 * Invariants
 * W1  All streams are verified in one pass in global order, so that the store is read as it lies on disk. What is remembered is the head of
 *     so many streams; of one that was forgotten the event before is read again. So memory is bounded, whatever the store holds.
 * W2  The pass only tells that a stream does not hold; what is wrong with it is then told by reading that stream whole.
 * W3  Events that are appended meanwhile are not looked at.
 * W4  What a stream gives is what all streams give: an event that is seen in one view and not in the other is found. So where a store lists no heads
 *     each stream is asked for its ends, and where positions are dense the pass begins before the first.
 */
import { uuidOf } from '@skald/engine';
import { type EventStore, type RecordedEvent, SkaldError } from '@skald/kernel';
import { type Finding, hashAfter, StreamCheck } from './chain.js';
import { lastOf, PAGE, pagesOf, type Refused, readable, refusalOf, streamHeads } from './reading.js';
import { RecentHeads, type Seen } from './recent-heads.js';

export interface Verification {
  /** Events that were looked at. */
  readonly events: number;
  readonly streams: number;
  /** Position of the last event that was looked at; 0 where one stream was. */
  readonly position: number;
  /** The first so many (`MOST_FINDINGS`). */
  readonly findings: readonly Finding[];
  /** Streams that do not hold and were not looked into, since there are too many. */
  readonly unexplained: number;
}

export interface VerifyOptions {
  /** Heads remembered, about 250 bytes each. Default 100,000. */
  readonly heads?: number;
  /** Called with every page, after it was verified. */
  readonly onPage?: (events: readonly RecordedEvent[]) => void;
}

export const MOST_FINDINGS = 1_000;

/** Streams that are asked for their ends at once. */
const AT_ONCE = 100;

/** Verifies one stream. Throws `saga-not-found`. */
export async function verifyStream(store: EventStore, stream: string): Promise<Verification> {
  const { events, findings } = await checkPages(store, stream);
  if (events === 0 && findings.length === 0) throw new SkaldError('saga-not-found', { sagaId: stream });
  return { events, streams: 1, position: 0, findings, unexplained: 0 };
}

/** What is wrong with a stream, which is read twice, so that no more is kept of it than its hashes. */
async function checkPages(store: EventStore, stream: string): Promise<{ readonly events: number; readonly findings: readonly Finding[] }> {
  const known: Pick<RecordedEvent, 'hash' | 'revision'>[] = [];
  try {
    for await (const page of pagesOf(store, stream)) for (const { hash, revision } of page) known.push({ hash, revision });
    const check = new StreamCheck(stream, known);
    for await (const page of pagesOf(store, stream)) for (const event of page) check.add(event);
    return { events: known.length, findings: check.findings };
  } catch (error) {
    return { events: known.length, findings: [unreadable(stream, refusalOf(error))] };
  }
}

function unreadable(stream: string, { problem, revision }: Refused): Finding {
  return { stream, ...(revision !== undefined && { revision }), kind: 'changed', message: `it cannot be read: ${problem}` };
}

/** Verifies all streams, up to the position that was the last when it began. */
export async function verifyAll(store: EventStore, options: VerifyOptions = {}): Promise<Verification> {
  const pass = new Pass(store, options);
  return pass.run();
}

class Pass {
  private readonly heads: RecentHeads;
  private readonly suspects = new Set<string>();
  private readonly findings: Finding[] = [];
  private events = 0;
  private streams = 0;
  private position = 0;
  private unexplained = 0;

  /** Heads that are not remembered any more, of streams that are still to be asked for their ends. */
  private readonly forgotten: ReadonlyMap<string, Seen>[] = [];

  constructor(
    private readonly store: EventStore,
    private readonly options: VerifyOptions,
  ) {
    this.heads = new RecentHeads(options.heads ?? 100_000, (heads) => void (store.heads || this.forgotten.push(heads)));
  }

  async run(): Promise<Verification> {
    const until = await this.store.head();
    for (let cursor = this.store.isDense ? Number.MIN_SAFE_INTEGER : 0; cursor < until; cursor = this.position) {
      const page = upTo(await this.store.readAll(cursor, PAGE), until);
      if (page.length === 0) break;
      for (const event of page) {
        this.checkPosition(event);
        if (!this.follows(event)) await this.lookBack(event);
      }
      this.options.onPage?.(page);
      if (this.forgotten.length > 0) await this.checkEnds();
    }
    if (this.position < until && this.store.isDense)
      this.tell({ kind: 'dropped', message: `the events of positions ${this.position + 1} to ${until} are missing` });
    if (this.store.heads) await this.checkHeads(until);
    else {
      this.forgotten.push(...this.heads.generations());
      await this.checkEnds();
    }
    for (const stream of this.suspects) await this.explain(stream);
    const { events, streams, position, findings, unexplained } = this;
    return { events, streams, position, findings, unexplained };
  }

  private checkPosition({ position }: RecordedEvent): void {
    const expected = Math.max(0, this.position) + 1;
    if (position < 1 && this.store.isDense)
      this.tell({ kind: 'inserted', message: `an event stands before all others, at position ${position}` });
    else if (position < expected)
      this.tell({ kind: 'inserted', message: `two events stand at position ${position} in the order of all events` });
    else if (this.store.isDense && position > expected) {
      const which = position - expected === 1 ? `position ${expected} is` : `positions ${expected} to ${position - 1} are`;
      this.tell({ kind: 'dropped', message: `what stood in the order of all events at ${which} missing` });
    }
    this.events += 1;
    this.position = position;
  }

  /** Does it follow the event of its stream that passed last? False also where that is not known any more. */
  private follows(event: RecordedEvent): boolean {
    const { stream, revision, hash } = event;
    const last = this.heads.get(stream);
    if (!last && revision !== 0) return false;
    if (!last) {
      this.streams += 1;
      this.heads.set(stream, { revision, hash });
    }
    const fits = holds(event, last?.hash ?? stream, last?.revision ?? -1);
    if (last) {
      last.revision = revision;
      last.hash = hash;
    }
    if (!fits) this.suspect(stream);
    return true;
  }

  private async lookBack(event: RecordedEvent): Promise<void> {
    const { stream, revision, hash, position } = event;
    const [before] = await readable(this.store, stream, { from: revision - 1, limit: 1 });
    const isBefore = before !== undefined && (before.position === 0 || before.position < position);
    if (!isBefore || !holds(event, before.hash, before.revision)) this.suspect(stream);
    this.heads.set(stream, { revision, hash });
  }

  /** What the store itself says of the ends of its streams. */
  private async checkHeads(until: number): Promise<void> {
    for await (const { stream, revision, hash } of streamHeads(this.store)) {
      const seen = this.heads.peek(stream);
      if (seen ? seen.revision === revision && seen.hash === hash : await this.endsWith(stream, revision, hash)) continue;
      // W3
      const [news] = await this.store.read(stream, { from: (seen?.revision ?? -1) + 1, limit: 1 });
      if (news && news.position > until) continue;
      const { last } = await lastOf(this.store, stream);
      if (last && last.revision < revision) {
        const message = `the store's list of streams says that it goes on to revision ${revision}`;
        this.tell({ stream, revision: last.revision + 1, kind: 'dropped', message });
      } else if (!last) this.tell({ stream, revision: 0, kind: 'dropped', message: 'all its events are missing' });
      else if (last.revision > revision) {
        this.tell({ stream, revision: revision + 1, kind: 'inserted', message: `the store's list of streams says that it ends before` });
      } else if (!this.suspects.has(stream)) {
        this.tell({ stream, revision, kind: 'changed', message: `the store's list of streams has another hash of it` });
      }
    }
  }

  private async endsWith(stream: string, revision: number, hash: string): Promise<boolean> {
    const events = await this.store.read(stream, { from: revision, limit: 2 });
    return events.length === 1 && events[0]?.hash === hash;
  }

  /** W4, where the store lists no heads. */
  private async checkEnds(): Promise<void> {
    for (let heads = this.forgotten.pop(); heads; heads = this.forgotten.pop()) {
      const all = [...heads];
      for (let first = 0; first < all.length; first += AT_ONCE) {
        await Promise.all(all.slice(first, first + AT_ONCE).map(([stream, seen]) => this.checkEnd(stream, seen)));
      }
    }
  }

  private async checkEnd(stream: string, { revision, hash }: Seen): Promise<void> {
    // With the next one, should somebody else have put one there.
    const events = await readable(this.store, stream, { from: revision, limit: 2 });
    const first = revision === 0 ? events : await readable(this.store, stream, { limit: 1 });
    if (events[0]?.hash !== hash || first[0]?.revision !== 0) this.suspect(stream);
  }

  private suspect(stream: string): void {
    if (this.suspects.size < MOST_FINDINGS || this.suspects.has(stream)) this.suspects.add(stream);
    else this.unexplained += 1;
  }

  /** W2 */
  private async explain(stream: string): Promise<void> {
    const { events, findings } = await checkPages(this.store, stream);
    for (const finding of findings) this.tell(finding);
    if (findings.length > 0) return;
    if (events === 0) {
      const message = 'its events stand in the order of all events, and the stream gives none of them';
      return this.tell({ stream, revision: 0, kind: 'dropped', message });
    }
    this.tell({ stream, kind: 'reordered', message: 'its events stand in another order than their revisions' });
  }

  private tell(finding: Finding): void {
    if (this.findings.length < MOST_FINDINGS) this.findings.push(finding);
    else this.unexplained += 1;
  }
}

function holds(event: RecordedEvent, before: string, revision: number): boolean {
  return event.revision === revision + 1 && hashAfter(before, event) === event.hash && event.id === uuidOf(event.hash);
}

function upTo(events: readonly RecordedEvent[], position: number): readonly RecordedEvent[] {
  const last = events.at(-1);
  return last && last.position > position ? events.filter((event) => event.position <= position) : events;
}
