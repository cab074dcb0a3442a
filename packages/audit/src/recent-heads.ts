export interface Seen {
  revision: number;
  hash: string;
}

/** A bounded memory of streams, the latest used kept: two generations instead of a list in order of use, since a hit must cost one look-up. */
export class RecentHeads {
  private young = new Map<string, Seen>();
  private old = new Map<string, Seen>();

  /** Holds between `size` and twice as many. `forgotten` gets those that are not remembered any more; some of them may come again. */
  constructor(
    private readonly size: number,
    private readonly forgotten: (heads: ReadonlyMap<string, Seen>) => void = () => {},
  ) {}

  /** All that are remembered. */
  generations(): readonly ReadonlyMap<string, Seen>[] {
    return [this.old, this.young];
  }

  get(stream: string): Seen | undefined {
    const young = this.young.get(stream);
    if (young) return young;
    const old = this.old.get(stream);
    if (old) this.set(stream, old);
    return old;
  }

  /** Without taking it for used. */
  peek(stream: string): Seen | undefined {
    return this.young.get(stream) ?? this.old.get(stream);
  }

  set(stream: string, seen: Seen): void {
    if (this.young.size >= this.size) {
      if (this.old.size > 0) this.forgotten(this.old);
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(stream, seen);
  }
}
