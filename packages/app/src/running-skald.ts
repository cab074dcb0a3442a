import type { Sagas } from './sagas.js';
import type { Tasks } from './tasks.js';

/** Undoes one part of starting. */
export type Closing = () => Promise<void>;

/** A Skald at work. */
export class RunningSkald {
  private stopping: Promise<void> | undefined;

  constructor(
    readonly sagas: Sagas,
    readonly tasks: Tasks,
    /** Sagas that owed something from before and were taken up again at the start. */
    readonly recovered: number,
    private readonly closing: readonly Closing[],
  ) {}

  /** Takes nothing new, finishes the batches in hand, closes bus and store. What is under way goes on at the next start. */
  stop(): Promise<void> {
    this.stopping ??= takeBack(this.closing);
    return this.stopping;
  }
}

/** The last first, all of them: what fails must not leave the store open. Rejects with the first failure. */
export async function takeBack(closing: readonly Closing[]): Promise<void> {
  const failures: unknown[] = [];
  for (const step of closing.toReversed()) await step().catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw failures[0];
}
