import { createHash } from 'node:crypto';
import type { RecordedEvent } from '@skald/kernel';

export interface Ordered {
  /** Hex. */
  readonly digest: string;
  readonly last?: RecordedEvent;
}

/**
 * One hash for the order of all events: over position and hash of each, up to the positions that are asked for. Heads tell what is in each stream, and
 * not what came before what in two of them.
 */
export class OrderDigest {
  private readonly hash = createHash('sha256');
  private readonly marks: number[];
  private readonly digests = new Map<number, Ordered>();
  private last: RecordedEvent | undefined;

  /** `marks`: the positions up to which digests are wanted. */
  constructor(marks: Iterable<number> = []) {
    this.marks = [...new Set(marks)].sort((a, b) => a - b);
  }

  /** The next events in global order. */
  readonly add = (events: readonly RecordedEvent[]): void => {
    let text = '';
    for (const event of events) {
      const { position, hash } = event;
      for (let [mark] = this.marks; mark !== undefined && position > mark; [mark] = this.marks) {
        this.hash.update(text);
        text = '';
        this.settle();
      }
      text += `${position} ${hash}\n`;
      this.last = event;
    }
    this.hash.update(text);
  };

  /** Up to a mark; call it when all events have been added. */
  upTo(mark: number): Ordered | undefined {
    while (this.marks.length > 0) this.settle();
    return this.digests.get(mark);
  }

  /** All events that were added. */
  whole(): Ordered {
    return { digest: this.hash.copy().digest('hex'), ...(this.last && { last: this.last }) };
  }

  private settle(): void {
    const mark = this.marks.shift();
    if (mark !== undefined) this.digests.set(mark, this.whole());
  }
}
