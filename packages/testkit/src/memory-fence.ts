import { type Fence, type FenceRecord, type FenceSession, forgettable } from '@skald/kernel';

interface Written {
  readonly record: FenceRecord;
  readonly at: number;
}

export interface MemoryFenceOptions {
  readonly kind?: 'transactional' | 'external';
  /** Epoch milliseconds; default the system's clock. */
  readonly now?: () => number;
}

/** A fence in memory, for tests and simulations. */
export class MemoryFence implements Fence {
  readonly kind: 'transactional' | 'external';
  /** A participant's business data: what is set within a session or savepoint that rejects was never set. */
  readonly data: MemoryData;
  readonly #now: () => number;
  readonly #records = new Map<string, Written>();
  readonly #undo: UndoLog = new UndoLog();
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ kind = 'transactional', now = Date.now }: MemoryFenceOptions = {}) {
    this.kind = kind;
    this.#now = now;
    this.data = new MemoryData(this.#undo);
  }

  session<T>(work: (session: FenceSession) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const session = new MemorySession(this.#records, this.#undo, this.#now);
      try {
        return await session.savepoint(() => work(session));
      } finally {
        this.#undo.clear();
      }
    });
  }

  prune(before: number): Promise<number> {
    return this.#inTurn(async () => {
      const until = forgettable(before, this.#now());
      const old = [...this.#records].filter(([, { at }]) => at < until);
      for (const [key] of old) this.#records.delete(key);
      return old.length;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** Values by key, rolled back with the fence's session. */
export class MemoryData {
  readonly #values = new Map<string, unknown>();

  constructor(private readonly undo: UndoLog) {}

  get(key: string): unknown {
    return this.#values.get(key);
  }

  set(key: string, value: unknown): void {
    this.undo.set(this.#values, key, value);
  }

  keys(): readonly string[] {
    return [...this.#values.keys()];
  }
}

/** What stood where something was written, newest last. */
class UndoLog {
  readonly #steps: (() => void)[] = [];

  get mark(): number {
    return this.#steps.length;
  }

  set<V>(map: Map<string, V>, key: string, value: V): void {
    const before = map.get(key);
    this.#steps.push(before === undefined ? () => map.delete(key) : () => map.set(key, before));
    map.set(key, value);
  }

  backTo(mark: number): void {
    for (const step of this.#steps.splice(mark).reverse()) step();
  }

  clear(): void {
    this.#steps.length = 0;
  }
}

class MemorySession implements FenceSession {
  constructor(
    private readonly records: Map<string, Written>,
    private readonly undo: UndoLog,
    private readonly now: () => number,
  ) {}

  get(key: string): FenceRecord | undefined {
    return this.records.get(key)?.record;
  }

  put(key: string, record: FenceRecord): void {
    this.undo.set(this.records, key, { record, at: this.now() });
  }

  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const mark = this.undo.mark;
    try {
      return await work();
    } catch (error) {
      this.undo.backTo(mark);
      throw error;
    }
  }
}
