/** A store filled as a manager of sagas fills it: micro-batches, a write for each saga, so many sagas open at a time. */
import { chainHash, encodeEvents } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import {
  decide,
  initialState,
  type Message,
  type NewEvent,
  outstanding,
  type Program,
  type SagaState,
  type StepEntry,
  sagaDefinition,
  stepGraph,
} from '@skald/kernel';

export interface Filling {
  readonly sagas: number;
  readonly eventsPerSecond: number;
  /** For one event. */
  readonly hashMicroseconds: number;
  /** Of all that it took to decide, encode and store. */
  readonly hashShare: number;
}

/** usual: sagas of four steps · short: of five events · long: of 100,000 events, each a step of 50,000 items. */
export type Shape = 'usual' | 'short' | 'long';

const BATCH = 500;
const ITEMS = 50_000;
const ask = (action: string) => (order: unknown) => ({ participant: 'shop', action, args: [order] });

const STEPS: Readonly<Record<Shape, readonly StepEntry[]>> = {
  usual: ['reserve', 'charge', 'pack', 'ship'].map((id) => ({ id, run: ask(id) })),
  short: [
    { id: 'reserve', run: ask('reserve') },
    { id: 'wrap', run: ask('wrap'), when: () => false },
  ],
  long: [
    {
      ...{ kind: 'map', id: 'ship', concurrency: 100 },
      each: () => ({
        items: Array.from({ length: ITEMS }, (_, nth) => nth),
        run: (nth: number) => ({ participant: 'shop', action: 'ship', args: [{ nth, to: { street: 'Long Street 1', city: 'Riga' } }] }),
      }),
    },
  ],
};

class Life {
  private state: SagaState = initialState();
  private head: string;
  readonly sagaId: string;

  constructor(
    private readonly nth: number,
    private readonly program: Program,
  ) {
    this.sagaId = `order-${nth}`;
    this.head = this.sagaId;
  }

  get hasEnded(): boolean {
    return this.state.phase === 'ended';
  }

  get revision(): number {
    return this.state.revision;
  }

  /** The next message, decided. */
  next(at: number): NewEvent[] {
    const message = this.message(at);
    const { events, state } = decide(this.program, this.state, message);
    this.state = state;
    const encoded = encodeEvents(events, message.type, this.head);
    this.head = encoded.at(-1)?.hash ?? this.head;
    return encoded;
  }

  private message(at: number): Message {
    const { nth, sagaId } = this;
    const [command] = outstanding(this.state);
    if (command) return { ...command, type: 'reply', at, outcome: { type: 'succeeded', result: { ref: `${command.step}-${nth}` } } };
    const input = {
      id: String(nth),
      item: 'lamp',
      quantity: 1 + (nth % 5),
      total: 30 + (nth % 100),
      to: { street: 'Long Street 1', city: 'Riga' },
    };
    const start = { saga: 'order', version: 1, incarnation: `i${nth}`, input, inputHash: 'a'.repeat(64), request: `r${nth}` };
    return { ...start, type: 'start', at, sagaId };
  }
}

export async function fill(file: string, wanted: number, open: number, shape: Shape): Promise<Filling> {
  const program = stepGraph(sagaDefinition({ name: 'order', version: 1, steps: STEPS[shape] }));
  const store = await openSqliteStore({ file });
  let sagas = 0;
  let stored = 0;
  let hashed = 0;
  let lives = Array.from({ length: open }, () => new Life(sagas++, program));
  const started = performance.now();
  while (stored < wanted) {
    for (let first = 0; first < lives.length; first += BATCH) {
      const writes = lives.slice(first, first + BATCH).map((life) => {
        const expectedRevision = life.revision;
        return { stream: life.sagaId, expectedRevision, events: life.next(1_700_000_000_000 + stored) };
      });
      await store.events.append(writes);
      for (const { events } of writes) stored += events.length;
      hashed += hashingTime(writes.flatMap(({ events }) => events));
    }
    lives = lives.map((life) => (life.hasEnded && stored < wanted ? new Life(sagas++, program) : life)).filter((life) => !life.hasEnded);
  }
  // What was hashed a second time, for the figure, is taken off.
  const seconds = (performance.now() - started - hashed) / 1_000;
  await store.close();
  return {
    sagas,
    eventsPerSecond: Math.round(stored / seconds),
    hashMicroseconds: Number(((hashed * 1_000) / stored).toFixed(2)),
    hashShare: Number((hashed / 1_000 / seconds).toFixed(3)),
  };
}

/** Milliseconds that the hashes of these events take. */
function hashingTime(events: readonly NewEvent[]): number {
  const started = performance.now();
  for (const { type, data, metadata, hash } of events) chainHash(hash, type, data, metadata);
  return performance.now() - started;
}
