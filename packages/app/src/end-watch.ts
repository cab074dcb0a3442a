import { endingOf as ending, type Observer } from '@skald/engine';
import { type Ending, isEnded, type SagaState, SkaldError, statusOf } from '@skald/kernel';

/** How a saga ended. */
export interface SagaEnding {
  readonly sagaId: string;
  readonly status: ReturnType<typeof statusOf>;
  /** Of a completed saga. */
  readonly output: unknown;
  /** Why it did not complete. */
  readonly reason: string | undefined;
}

interface Waiter {
  resolve(ending: SagaEnding): void;
  reject(error: Error): void;
}

/** Tells whoever waits for the end of a saga in this process. */
export class EndWatch implements Observer {
  private readonly waiting = new Map<string, Set<Waiter>>();
  private stopped = false;

  /** Sagas that somebody waits for. */
  get size(): number {
    return this.waiting.size;
  }

  moved(state: SagaState): void {
    const waiting = this.waiting.get(state.sagaId);
    if (!waiting || !isEnded(statusOf(state))) return;
    this.waiting.delete(state.sagaId);
    const ending = endingOf(state);
    for (const { resolve } of waiting) resolve(ending);
  }

  /** The next end of this saga that the engine tells; `leave` when it is not needed any more. Rejects with `app-stopped`. */
  wait(sagaId: string): { readonly ending: Promise<SagaEnding>; leave(): void } {
    if (this.stopped) throw new SkaldError('app-stopped');
    const waiting = this.waiting.get(sagaId) ?? new Set();
    this.waiting.set(sagaId, waiting);
    let leave = () => {};
    const ending = new Promise<SagaEnding>((resolve, reject) => {
      const waiter = { resolve, reject };
      waiting.add(waiter);
      leave = () => {
        waiting.delete(waiter);
        if (waiting.size === 0 && this.waiting.get(sagaId) === waiting) this.waiting.delete(sagaId);
      };
    });
    return { ending, leave };
  }

  stop(): void {
    this.stopped = true;
    for (const waiting of this.waiting.values()) for (const { reject } of waiting) reject(new SkaldError('app-stopped'));
    this.waiting.clear();
  }
}

export function endingOf(state: SagaState): SagaEnding {
  return sagaEnding(state.sagaId, ending(state));
}

/** Of a completed saga. Throws `saga-did-not-complete`. */
export function outputOf<O>({ sagaId, status, output, reason }: SagaEnding): O {
  if (status === 'completed') return output as O;
  throw new SkaldError('saga-did-not-complete', { sagaId, status, reason: reason ?? 'no reason recorded' });
}

export function sagaEnding(sagaId: string, { status, output, reason }: Ending): SagaEnding {
  return { sagaId, status, output, reason };
}
