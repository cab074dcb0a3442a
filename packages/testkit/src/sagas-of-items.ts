/** Sagas with a step of many items, for sentences about them. */
import { type Each, type MapData, type SagaData, type StepEntry, sagaDefinition } from '@skald/kernel';
import { outcomes, reply } from './made-up-messages.js';
import type { Said } from './specification.js';

const retry = { attempts: 1, delay: 10, jitter: 0 };
export const step = (id: string, after: readonly string[] = [], more: object = {}): StepEntry => ({
  ...{ id, after, timeout: 100, retry, compensationRetry: retry, run: () => ({ participant: 'shop', action: id, args: [] }) },
  ...more,
});
export const letters = (items: readonly string[]): Each<string> => ({
  items,
  run: (item, index) => ({ participant: 'shop', action: 'ship', args: [item, index] }),
});
export const map = (count: number, more: Partial<MapData> = {}): MapData => ({
  ...{ kind: 'map', id: 'ship', after: [], timeout: 100, retry, compensationRetry: retry, concurrency: 2 },
  each: () => letters('abcdefgh'.slice(0, count).split('')),
  ...more,
});
export const saga = (steps: readonly StepEntry[], more: Partial<SagaData> = {}) =>
  sagaDefinition({ name: 'order', version: 1, steps, ...more });
/** These items have succeeded. */
export const done = (...indices: readonly number[]): Said[] =>
  indices.map((index) => reply(`ship/${index}`, { ...outcomes.succeeded, result: `r${index}` }));
/** One of three items, two at a time. */
export const three = saga([map(3)]);
