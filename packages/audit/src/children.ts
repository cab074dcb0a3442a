/** Child sagas that have completed and are not through: they are undone where the saga that started them turns back. */
import { type EventStore, evolve, fold, isSagaStream, plan, type RecordedEvent, type SagaEvent, type SagaState } from '@skald/kernel';
import { causedEvents } from './conform.js';
import { streamOf } from './reading.js';

/** Completed children that would be undone with this saga, should it turn back now. */
export function childrenToUndo(state: SagaState): string[] {
  return plan(state)
    .levels.flat()
    .flatMap(({ how, because }) => (how.by === 'child' && !how.detached && because === 'succeeded' ? [how.sagaId] : []));
}

/** A completed child as it is once its parent has turned back; `state` is consumed. Undefined for what is not undone with a parent. */
export function withdrawn(state: SagaState): SagaState | undefined {
  const { parent, end, pivotPassed, at } = state;
  if (!parent || parent.detached || end?.type !== 'SagaCompleted' || pivotPassed) return undefined;
  const events: readonly SagaEvent[] = [
    { type: 'WithdrawnByParent', at, data: { round: state.withdrawn + 1 } },
    { type: 'CompensationStarted', at, data: { reason: { type: 'withdrawn', by: parent.sagaId } } },
  ];
  return events.reduce(evolve, state);
}

/** The events of these streams, and of completed children that would be undone with them, and of theirs; each stream once. Throws `saga-not-found`. */
export async function* withChildren(store: EventStore, streams: Iterable<string>): AsyncGenerator<RecordedEvent> {
  const done = new Set<string>();
  const next = [...streams];
  for (let stream = next.shift(); stream !== undefined; stream = next.shift()) {
    if (done.has(stream)) continue;
    done.add(stream);
    const events = await streamOf(store, stream);
    yield* events;
    if (isSagaStream(stream)) next.push(...childrenOf(events));
  }
}

/** None of a history that cannot be read: whoever judges it will say so. */
function childrenOf(events: readonly RecordedEvent[]): string[] {
  try {
    const state = fold(causedEvents(events).map(({ event }) => event));
    const toUndo = state.end ? withdrawn(state) : state;
    return toUndo ? childrenToUndo(toUndo) : [];
  } catch {
    return [];
  }
}
