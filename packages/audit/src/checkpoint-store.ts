/** Checkpoints of a store: made from it, and held against it. */
import type { Metadata } from '@skald/engine';
import type { EventStore, RecordedEvent, StreamHead } from '@skald/kernel';
import type { Finding } from './chain.js';
import { BadCheckpoint, type Checkpoint, CLOCK_TOLERANCE, digestOf, headsOf, signCheckpoint } from './checkpoint.js';
import { byBytes, MerkleTree } from './merkle.js';
import { OrderDigest } from './order-digest.js';
import { lastOf, PAGE, readable, streamHeads } from './reading.js';
import { MOST_FINDINGS, type Verification, verifyAll } from './verify.js';

export interface CheckpointOptions {
  /** PEM. */
  readonly privateKey: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The one before; its row is gone on with. */
  readonly previous?: Checkpoint;
  /** With every stream and its head. */
  readonly list?: boolean;
}

/** Why nothing is signed. */
export class StoreDoesNotHold extends Error {
  constructor(readonly findings: readonly Finding[]) {
    super('the store does not hold');
    this.name = 'StoreDoesNotHold';
  }
}

/**
 * The store as it is now. It is verified, and held against the checkpoint before, whose signature was checked. Throws `StoreDoesNotHold` where anything is
 * found, and `BadCheckpoint` where the clock is behind.
 */
export async function makeCheckpoint(store: EventStore, { privateKey, at, previous, list }: CheckpointOptions): Promise<Checkpoint> {
  if (previous && at < previous.at)
    throw new BadCheckpoint('the clock is behind the checkpoint before: nothing is signed with such a time');
  const { findings, position, order } = await verifyAgainst(store, previous ? [previous] : []);
  if (findings.length > 0) throw new StoreDoesNotHold(findings);
  const { digest, last } = order.whole();
  if (last && timeOf(last) > at + CLOCK_TOLERANCE)
    throw new BadCheckpoint('the clock is behind the last event: nothing is signed with such a time');
  const now = await summed(streamHeads(store), list);
  // Something may have been appended since, or the store lists no streams.
  const { tree, events, heads } = store.isDense && now.events === position ? now : await summed(headsAt(store, position), list);
  const row = { number: (previous?.number ?? 0) + 1, ...(previous && { previous: digestOf(previous) }) };
  const covered = { ...row, at, position, streams: tree.size, events, root: tree.root(), order: digest };
  return signCheckpoint(covered, privateKey, list ? heads : undefined);
}

async function summed(all: AsyncIterable<StreamHead>, list: boolean | undefined) {
  const tree = new MerkleTree();
  const heads: StreamHead[] = [];
  let events = 0;
  for await (const head of all) {
    tree.add(head);
    events += head.revision + 1;
    if (list) heads.push(head);
  }
  return { tree, events, heads };
}

/** Verifies all streams, and holds them against checkpoints whose signatures were checked; `isCopy` as for `compareWithCheckpoint`. */
export async function verifyAgainst(
  store: EventStore,
  checkpoints: readonly Checkpoint[],
  isCopy = false,
): Promise<Verification & { readonly order: OrderDigest }> {
  const order = new OrderDigest(checkpoints.map(({ position }) => position));
  const verification = await verifyAll(store, { onPage: order.add });
  const findings = [...verification.findings];
  for (const checkpoint of checkpoints) findings.push(...(await compareWithCheckpoint(store, checkpoint, order, isCopy)));
  return { ...verification, findings, order };
}

/**
 * What differs from a checkpoint whose signature was checked. With its list every stream that is gone, cut or another is named. Besides, the
 * heads as of its position must give its root, and all events up to there its order; not so in a copy, an import elsewhere (`isCopy`), where events have
 * other positions: there only a list can be compared, and a stream that was put in is not found.
 */
export async function compareWithCheckpoint(
  store: EventStore,
  checkpoint: Checkpoint,
  order: OrderDigest,
  isCopy = false,
): Promise<Finding[]> {
  if (isCopy && !checkpoint.heads) throw new BadCheckpoint('a copy can be compared only with a checkpoint that has the list of streams');
  // The order is over every event: where it is the same, all else is.
  if (!isCopy && checkpoint.order !== undefined && isInOrder(checkpoint, order)) return compareTimes(checkpoint, order);
  const byList = await compareWithList(store, checkpoint);
  if (isCopy || byList.length > 0) return byList;
  const byRoot = await compareWithRoot(store, checkpoint);
  if (byRoot.length > 0) return byRoot;
  return [...compareWithOrder(checkpoint, order), ...compareTimes(checkpoint, order)];
}

async function compareWithList(store: EventStore, checkpoint: Checkpoint): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { stream, revision, hash } of headsOf(checkpoint)) {
    if (findings.length >= MOST_FINDINGS) break;
    const [event] = await readable(store, stream, { from: revision, limit: 1 });
    if (event?.revision === revision && event.hash === hash) continue;
    if (event) {
      const message = `since checkpoint ${checkpoint.number} its history up to here was written anew`;
      findings.push({ stream, revision, kind: 'changed', message });
      continue;
    }
    const { last, refused } = await lastOf(store, stream);
    const what = refused ? `it cannot be read: ${refused.problem}` : last ? 'its tail is cut' : 'it is gone';
    const message = `checkpoint ${checkpoint.number} has it up to revision ${revision}: ${what}`;
    findings.push({ stream, revision: (last?.revision ?? -1) + 1, kind: 'dropped', message });
  }
  return findings;
}

async function compareWithRoot(store: EventStore, { number, position, root, streams, events }: Checkpoint): Promise<Finding[]> {
  const head = await store.head();
  if (head < position) {
    const message = `the store ends at position ${head}; checkpoint ${number} was made at ${position}`;
    return [{ kind: 'dropped', message }];
  }
  const tree = new MerkleTree();
  let found = 0;
  for await (const one of headsAt(store, position)) {
    tree.add(one);
    found += one.revision + 1;
  }
  if (tree.root() === root) return [];
  const counts = `${tree.size} streams and ${found} events, where there were ${streams} and ${events}`;
  const message = `up to position ${position} the store is not what it was at checkpoint ${number}: it has ${counts}`;
  return [{ kind: found < events ? 'dropped' : found > events ? 'inserted' : 'changed', message }];
}

/** K4 */
function compareWithOrder(checkpoint: Checkpoint, digest: OrderDigest): Finding[] {
  const { number, position, order } = checkpoint;
  if (order === undefined || isInOrder(checkpoint, digest)) return [];
  const message = `up to position ${position} the events of different streams stand in another order than at checkpoint ${number}`;
  return [{ kind: 'reordered', message }];
}

function isInOrder({ position, order }: Checkpoint, digest: OrderDigest): boolean {
  return digest.upTo(position)?.digest === order;
}

/** What it covers had happened when it was made. */
function compareTimes({ number, position, at }: Checkpoint, order: OrderDigest): Finding[] {
  const { last } = order.upTo(position) ?? {};
  if (!last || timeOf(last) <= at + CLOCK_TOLERANCE) return [];
  const [then, made] = [timeOf(last), at].map((time) => new Date(time).toISOString());
  const message = `checkpoint ${number} says that it was made on ${made}, and covers this event of ${then}: a clock was wrong, or set`;
  return [{ stream: last.stream, revision: last.revision, kind: 'changed', message }];
}

/** Epoch milliseconds, or 0 where it has none. */
function timeOf({ metadata }: RecordedEvent): number {
  try {
    const { at } = JSON.parse(metadata) as Partial<Metadata>;
    return typeof at === 'number' ? at : 0;
  } catch {
    return 0;
  }
}

/** The heads as of a position, in the order of a tree. */
async function* headsAt(store: EventStore, position: number): AsyncGenerator<StreamHead> {
  if (store.heads) {
    for await (const { stream, revision } of streamHeads(store)) {
      const head = await headAt(store, stream, revision, position);
      if (head) yield head;
    }
    return;
  }
  // A store that lists no streams is read through, and the heads are kept: about 300 bytes each.
  const heads = new Map<string, StreamHead>();
  for (let at = 0; at < position; ) {
    const page = await store.readAll(at, PAGE);
    if (page.length === 0) break;
    for (const event of page) {
      const { stream, revision, hash } = event;
      if (event.position <= position) heads.set(stream, { stream, revision, hash });
    }
    at = page.at(-1)?.position ?? position;
  }
  yield* [...heads.values()].sort(byBytes);
}

/** Goes back from the end over what came after the position, which is little. */
async function headAt(store: EventStore, stream: string, last: number, position: number): Promise<StreamHead | undefined> {
  for (let portion = 1, to = last; to >= 0; portion = Math.min(portion * 4, PAGE)) {
    const from = Math.max(0, to - portion + 1);
    const page = await store.read(stream, { from, limit: to - from + 1 });
    const event = page.findLast((one) => one.position <= position);
    if (event) return { stream, revision: event.revision, hash: event.hash };
    to = from - 1;
  }
  return undefined;
}
