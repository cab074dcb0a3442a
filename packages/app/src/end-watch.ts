import type { Observer } from '@skald/engine';
import { isEnded, type SagaState, SkaldError, statusOf } from '@skald/kernel';

type Resolve = (end: SagaEnding) => void;

/** How a saga ended. */
export interface SagaEnding {
  readonly sagaId: string;
  readonly status: ReturnType<typeof statusOf>;
  /** Of a completed saga. */
  readonly output: unknown;
  /** Why it did not complete. */
  readonly reason: string | undefined;
}

/** Tells whoever waits for the end of a saga in this process. */
export class EndWatch implements Observer {
  private readonly waiting = new Map<string, { readonly resolve: Resolve; readonly reject: (error: Error) => void }[]>();

  moved(state: SagaState): void {
    const waiting = this.waiting.get(state.sagaId);
    if (!waiting || !isEnded(statusOf(state))) return;
    this.waiting.delete(state.sagaId);
    const ending = endingOf(state);
    for (const { resolve } of waiting) resolve(ending);
  }

  wait(sagaId: string): Promise<SagaEnding> {
    return new Promise((resolve, reject) => {
      const waiting = this.waiting.get(sagaId) ?? [];
      waiting.push({ resolve, reject });
      this.waiting.set(sagaId, waiting);
    });
  }

  /** Nobody waits for what ended before: `ending` is what the store says. */
  tell(ending: SagaEnding): void {
    for (const { resolve } of this.waiting.get(ending.sagaId) ?? []) resolve(ending);
    this.waiting.delete(ending.sagaId);
  }

  fail(sagaId: string, error: unknown): void {
    for (const { reject } of this.waiting.get(sagaId) ?? []) reject(error instanceof Error ? error : new Error(String(error)));
    this.waiting.delete(sagaId);
  }

  stop(): void {
    for (const waiting of this.waiting.values()) for (const { reject } of waiting) reject(new SkaldError('app-stopped'));
    this.waiting.clear();
  }
}

export function endingOf(state: SagaState): SagaEnding {
  const { sagaId, end, compensation } = state;
  const output = end?.type === 'SagaCompleted' ? end.data.output : undefined;
  return { sagaId, status: statusOf(state), output, reason: reasonOf(end, compensation) };
}

function reasonOf(end: SagaState['end'], compensation: SagaState['compensation']): string | undefined {
  if (end?.type === 'SagaTerminated') return end.data.reason;
  if (compensation?.type === 'failed') return `${compensation.error.name}: ${compensation.error.message}`;
  if (compensation?.type === 'cancelled') return `cancelled: ${compensation.reason}`;
  return compensation ? 'the deadline passed' : undefined;
}
