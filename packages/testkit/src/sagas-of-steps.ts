import { type SagaDefinition, type StepData, sagaDefinition } from '@skald/kernel';

/** Policies of retries after ten milliseconds. */
export const once = { attempts: 1, delay: 10, jitter: 0 };
export const twice = { attempts: 2, delay: 10, jitter: 0 };

/** A step that asks the shop once, and twice to undo it; each attempt takes a hundred milliseconds at most. */
export const step = (id: string, more: Partial<StepData> = {}): StepData => ({
  ...{ id, timeout: 100, retry: once, compensationRetry: twice, run: () => ({ participant: 'shop', action: id, args: [id] }) },
  ...more,
});

/** Its steps follow one another. */
export const saga = (...steps: readonly StepData[]): SagaDefinition => sagaDefinition({ name: 'order', version: 1, steps });
