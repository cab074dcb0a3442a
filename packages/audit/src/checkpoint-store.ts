/** Checkpoints of a store: made from it, and held against it. */
import type { EventStore, StreamHead } from '@skald/kernel';
import type { Finding } from './chain.js';
import { BadCheckpoint, type Checkpoint, digestOf, headsOf, signCheckpoint } from './checkpoint.js';
import { byBytes, MerkleTree } from './merkle.js';
import { eventsOf, PAGE, streamHeads } from './reading.js';
import { MOST_FINDINGS } from './verify.js';

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

/** The store as it is now. Verify it first: what is signed is what stands there. */
export async function makeCheckpoint(store: EventStore, { privateKey, at, previous, list }: CheckpointOptions): Promise<Checkpoint> {
  const position = await store.head();
  const tree = new MerkleTree();
  const heads: StreamHead[] = [];
  let events = 0;
  for await (const head of headsAt(store, position)) {
    tree.add(head);
    events += head.revision + 1;
    if (list) heads.push(head);
  }
  const row = { number: (previous?.number ?? 0) + 1, ...(previous && { previous: digestOf(previous) }) };
  const covered = { ...row, at, position, streams: tree.size, events, root: tree.root() };
  return signCheckpoint(covered, privateKey, list ? heads : undefined);
}

/**
 * What differs from a checkpoint whose signature was checked. With its list every stream that is gone, cut or another is named. Besides, the
 * heads as of its position must give its root; not so in a copy, an import elsewhere (`isCopy`), where events have other positions: there
 * only a list can be compared, and a stream that was put in is not found.
 */
export async function compareWithCheckpoint(store: EventStore, checkpoint: Checkpoint, isCopy = false): Promise<Finding[]> {
  if (isCopy && !checkpoint.heads) throw new BadCheckpoint('a copy can be compared only with a checkpoint that has the list of streams');
  const findings = await compareWithList(store, checkpoint);
  return isCopy || findings.length > 0 ? findings : compareWithRoot(store, checkpoint);
}

async function compareWithList(store: EventStore, checkpoint: Checkpoint): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { stream, revision, hash } of headsOf(checkpoint)) {
    if (findings.length >= MOST_FINDINGS) break;
    const [event] = await store.read(stream, { from: revision, limit: 1 });
    if (event?.revision === revision && event.hash === hash) continue;
    if (event) {
      const message = `since checkpoint ${checkpoint.number} its history up to here was written anew`;
      findings.push({ stream, revision, kind: 'changed', message });
      continue;
    }
    const last = (await eventsOf(store, stream)).at(-1);
    const message = `checkpoint ${checkpoint.number} has it up to revision ${revision}: ${last ? 'its tail is cut' : 'it is gone'}`;
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
