import { createHash, randomUUID } from 'node:crypto';
import type { NewEvent, SagaSummary } from '@skald/kernel';

let counter = 0;

/** An event with an id of its own. */
export function madeUpEvent(data: string = JSON.stringify({ n: ++counter })): NewEvent {
  const id = randomUUID();
  return { id, type: 'StepSucceeded', data, metadata: '{"v":1}', hash: createHash('sha256').update(id).update(data).digest('hex') };
}

export function madeUpEvents(count: number): NewEvent[] {
  return Array.from({ length: count }, () => madeUpEvent());
}

/** Never used before, also on a server that other tests use. */
export function madeUpStream(): string {
  return `contract-${randomUUID()}`;
}

export function madeUpSummary(sagaId: string, changes: Partial<SagaSummary> = {}): SagaSummary {
  return {
    sagaId,
    saga: 'order',
    version: 1,
    status: 'running',
    startedAt: 1_000,
    since: 1_000,
    dueAt: undefined,
    owes: false,
    error: undefined,
    ...changes,
  };
}
