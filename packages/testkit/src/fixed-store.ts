import type { EventStore, ReadOptions, RecordedEvent, StreamHead } from '@skald/kernel';

/** A store that holds these events just as they are, whatever is wrong with them: for tests of what finds that. Nothing can be appended. */
export class FixedStore implements EventStore {
  readonly isDense = true;
  readonly heads?: (after: string, limit: number) => Promise<readonly StreamHead[]>;
  readonly #byStream = new Map<string, RecordedEvent[]>();
  readonly #all: readonly RecordedEvent[];
  /** How often a stream was read. */
  reads = 0;

  /** `heads`: what the store says of the ends of its streams; absent where it does not. */
  constructor(events: readonly RecordedEvent[], heads?: readonly StreamHead[]) {
    this.#all = events.toSorted((a, b) => a.position - b.position);
    for (const event of this.#all) {
      const stream = this.#byStream.get(event.stream);
      if (stream) stream.push(event);
      else this.#byStream.set(event.stream, [event]);
    }
    for (const stream of this.#byStream.values()) stream.sort((a, b) => a.revision - b.revision);
    if (heads) this.heads = async (after, limit) => heads.filter(({ stream }) => stream > after).slice(0, limit);
  }

  append(): Promise<never> {
    return Promise.reject(new Error('a fixed store is not written to'));
  }

  async read(stream: string, { from = 0, limit = 1_000 }: ReadOptions = {}): Promise<readonly RecordedEvent[]> {
    this.reads += 1;
    return (this.#byStream.get(stream) ?? []).filter(({ revision }) => revision >= from).slice(0, limit);
  }

  async readAll(position: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.#all.filter((event) => event.position > position).slice(0, limit);
  }

  async head(): Promise<number> {
    return this.#all.at(-1)?.position ?? 0;
  }

  subscribe(): never {
    throw new Error('a fixed store tells no news');
  }

  async close(): Promise<void> {}
}
