import type { Note, SagaEvent, SagaState } from '@skald/kernel';

/** What the engine tells whoever watches: telemetry, logs, waiters. Called synchronously. */
export interface Observer {
  /** A message told nothing new. */
  noted?(note: Note, sagaId: string): void;
  /** A saga has new events, stored; `state` is only to be read, now. After a failure or a restart it may be told again. */
  moved?(state: SagaState): void;
  /** What has just been recorded of a saga, an express saga's decisions as they are taken; `state` is that after the last of them. Told once, or, after a failure, not at all. */
  recorded?(state: SagaState, events: readonly SagaEvent[]): void;
  /** An express saga goes on as a standard one, for the reason given; its history is stored. */
  promoted?(state: SagaState, why: string): void;
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
    recorded: (state, events) => tell((one) => one.recorded?.(state, events), failed),
    promoted: (state, why) => tell((one) => one.promoted?.(state, why), failed),
    troubled,
  };
}
