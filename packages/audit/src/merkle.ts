import { hash } from 'node:crypto';
import type { StreamHead } from '@skald/kernel';

/**
 * The Merkle tree of heads, as RFC 6962 builds it (leaves and nodes hashed apart, so that none passes for the other): one hash that stands for all
 * of them. Heads are added in the order of their streams' names, as bytes; what is kept is a node for each level.
 */
export class MerkleTree {
  /** By level, the left node that waits for its right one. */
  private readonly waiting: (string | undefined)[] = [];
  size = 0;

  add({ stream, revision, hash: head }: StreamHead): void {
    let node = sha256(`\0${JSON.stringify([stream, revision, head])}`);
    let level = 0;
    for (let left = this.waiting[0]; left !== undefined; left = this.waiting[++level]) {
      this.waiting[level] = undefined;
      node = join(left, node);
    }
    this.waiting[level] = node;
    this.size += 1;
  }

  /** Hex. */
  root(): string {
    let root: string | undefined;
    for (const left of this.waiting) if (left !== undefined) root = root === undefined ? left : join(left, root);
    return root ?? sha256('');
  }
}

function join(left: string, right: string): string {
  return sha256(`\x01${left}${right}`);
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex');
}

/** As names are ordered in a tree. */
export function byBytes(a: StreamHead, b: StreamHead): number {
  return Buffer.compare(Buffer.from(a.stream), Buffer.from(b.stream));
}
