import type { Note, SagaState } from '@skald/kernel';

/** What the engine tells whoever watches: telemetry, logs, waiters. Called synchronously. */
export interface Observer {
  /** A message told nothing new. */
  noted?(note: Note, sagaId: string): void;
  /** A saga has new events, stored; `state` is only to be read, now. After a failure or a restart it may be told again. */
  moved?(state: SagaState): void;
  /** Something failed that the engine goes on from by itself; `what` is a sentence for a log. */
  troubled?(what: string, error: unknown, sagaId?: string): void;
}

/** Several observers as one. What an observer throws is a trouble like others: it must not stop a saga. */
export function observers(all: readonly Observer[]): Required<Observer> {
  const tell = (call: (one: Observer) => void, onError: (error: unknown) => void) => {
    for (const one of all) {
      try {
        call(one);
      } catch (error) {
        onError(error);
      }
    }
  };
  const troubled: Required<Observer>['troubled'] = (what, error, sagaId) =>
    tell(
      (one) => one.troubled?.(what, error, sagaId),
      // Whoever cannot even be told of a trouble cannot be told of this one.
      () => undefined,
    );
  const failed = (error: unknown) => troubled('an observer threw', error);
  return {
    noted: (note, sagaId) => tell((one) => one.noted?.(note, sagaId), failed),
    moved: (state) => tell((one) => one.moved?.(state), failed),
    troubled,
  };
}
