import type { Note, SagaState } from '@skald/kernel';

/** What the engine tells whoever watches: telemetry, logs, waiters. Called synchronously; must not throw. */
export interface Observer {
  /** A message told nothing new. */
  noted?(note: Note, sagaId: string): void;
  /** A saga has new events, stored; `state` is only to be read, now. */
  moved?(state: SagaState): void;
  /** Something failed that the engine goes on from by itself; `what` is a sentence for a log. */
  troubled?(what: string, error: unknown, sagaId?: string): void;
}

/** Several observers as one. */
export function observers(all: readonly Observer[]): Required<Observer> {
  return {
    noted: (note, sagaId) => all.forEach((one) => one.noted?.(note, sagaId)),
    moved: (state) => all.forEach((one) => one.moved?.(state)),
    troubled: (what, error, sagaId) => all.forEach((one) => one.troubled?.(what, error, sagaId)),
  };
}
