import { decodeEvent, readHistory, stateOf } from '@skald/engine';
import {
  checkLaws,
  type EventStore,
  evolve,
  initialState,
  isEnded,
  isSagaStream,
  type RecordedEvent,
  type SagaEvent,
  type SagaState,
  type SagaStatus,
  statusOf,
} from '@skald/kernel';
import type { Order } from './order.js';

/** What the event store says of one order. */
export interface OrderEnd {
  readonly status: SagaStatus;
  readonly order: Order;
  readonly screened: boolean;
}

export interface Histories {
  /** By order id. */
  readonly ends: ReadonlyMap<string, OrderEnd>;
  /** One sentence each. */
  readonly brokenLaws: readonly string[];
  /** The compensated saga with the most to tell. */
  readonly eventful: string | undefined;
}

const PAGE = 5_000;

interface Open {
  readonly events: SagaEvent[];
  state: SagaState;
}

/** Reads every saga's stream of the store, in the order in which everything happened, and judges each by the laws. */
export async function readHistories(store: EventStore): Promise<Histories> {
  const reading = new Reading();
  for (let position = 0; ; ) {
    const page = await store.readAll(position, PAGE);
    for (const recorded of page) if (isSagaStream(recorded.stream)) reading.take(recorded);
    position = page.at(-1)?.position ?? position;
    if (page.length < PAGE) break;
  }
  await reading.finish(store);
  return reading;
}

/** Keeps the histories of sagas that go on, and of an ended one what came of it: memory for those in flight, not for all. */
class Reading implements Histories {
  readonly ends = new Map<string, OrderEnd>();
  readonly brokenLaws: string[] = [];
  eventful: string | undefined;
  private readonly open = new Map<string, Open>();
  private readonly reopened = new Set<string>();
  private most = 0;

  take(recorded: RecordedEvent): void {
    const { stream } = recorded;
    const open = this.open.get(stream) ?? this.begin(recorded);
    if (!open) return;
    const event = decodeEvent(recorded);
    open.events.push(event);
    open.state = evolve(open.state, event);
    if (isEnded(statusOf(open.state))) this.close(stream, open);
  }

  /** Sagas that have not ended, and those of which more came after their end. */
  async finish(store: EventStore): Promise<void> {
    for (const [stream, open] of this.open) this.close(stream, open);
    for (const stream of this.reopened) {
      const events = await readHistory(store, stream);
      this.close(stream, { events, state: stateOf(events) });
    }
  }

  private begin({ stream, revision }: RecordedEvent): Open | undefined {
    if (revision > 0) {
      this.reopened.add(stream);
      return undefined;
    }
    const open = { events: [], state: initialState() };
    this.open.set(stream, open);
    return open;
  }

  private close(stream: string, { events, state }: Open): void {
    this.open.delete(stream);
    const order = state.input as Order;
    const status = statusOf(state);
    this.ends.set(order.orderId, { status, order, screened: state.steps.get('screen')?.status === 'succeeded' });
    for (const { law, revision, message } of checkLaws(events)) this.brokenLaws.push(`${stream}, event ${revision}: ${law}: ${message}`);
    if (status !== 'compensated' || events.length <= this.most) return;
    this.most = events.length;
    this.eventful = stream;
  }
}
