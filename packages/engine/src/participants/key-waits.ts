import type { Clock } from '@skald/kernel';

interface Waiting {
  readonly go: (() => void)[];
  readonly cancel: () => void;
}

/** What waits for another run under the same key: until that is over, or its lease is. */
export class KeyWaits {
  private readonly byKey = new Map<string, Waiting>();
  private stopped = false;

  constructor(private readonly clock: Clock) {}

  /** `go` is called once, at `until` (epoch milliseconds) or when the key is released before. */
  add(key: string, until: number, go: () => void): void {
    if (this.stopped) return;
    const waiting = this.byKey.get(key);
    if (waiting) waiting.go.push(go);
    else this.byKey.set(key, { go: [go], cancel: this.clock.at(until, () => this.release(key)) });
  }

  release(key: string): void {
    const waiting = this.byKey.get(key);
    if (!waiting) return;
    this.byKey.delete(key);
    waiting.cancel();
    for (const go of waiting.go) go();
  }

  /** Whatever waits is called no more. */
  stop(): void {
    this.stopped = true;
    for (const { cancel } of this.byKey.values()) cancel();
    this.byKey.clear();
  }
}
