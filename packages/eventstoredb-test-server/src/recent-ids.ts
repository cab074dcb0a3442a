/** Of an entry: id, number and pointer, as the server reckons, besides its stream's name. */
const ENTRY_BYTES = 28;
/** What .NET takes for a string, without its characters. */
const STRING_BYTES = 26;

interface Entry {
  readonly stream: string;
  readonly revision: number;
  readonly bytes: number;
}

/** The ids of the events that were written last, as many as fit. In memory only: a restart forgets them, as the server does. */
export class RecentIds {
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(private readonly capacity: number) {}

  find(id: string, stream: string): number | undefined {
    const entry = this.#entries.get(id);
    return entry?.stream === stream ? entry.revision : undefined;
  }

  add(id: string, stream: string, revision: number): void {
    this.#remove(id);
    const bytes = ENTRY_BYTES + STRING_BYTES + 2 * stream.length;
    this.#entries.set(id, { stream, revision, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.capacity) return;
      this.#remove(oldest);
    }
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    this.#bytes -= entry.bytes;
  }
}
