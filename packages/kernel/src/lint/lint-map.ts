/** The part of the linter that looks at steps that ask for many items. */
import type { MapStep } from '../definition/definition.js';
import type { Remark } from './lint.js';

/** So many at once that what they ask fits one write, and their answers do not come faster than they can be decided. */
const MOST_AT_ONCE = 100;

export function lintMap({ concurrency, tolerate, pivot }: MapStep): Remark[] {
  const remarks: Remark[] = [];
  if (!Number.isSafeInteger(concurrency) || concurrency < 1 || concurrency > MOST_AT_ONCE) {
    const message = `concurrency is ${concurrency}`;
    remarks.push({ rule: 'concurrency', message, fix: `Ask for 1 to ${MOST_AT_ONCE} items at once; the default is 20.` });
  }
  const [of, value] = 'failures' in tolerate ? (['failures', tolerate.failures] as const) : (['share', tolerate.share] as const);
  const fits = value >= 0 && (of === 'failures' ? Number.isSafeInteger(value) : value <= 1);
  if (!fits) {
    const fix = 'Give a number of items, { failures: 2 }, or a share of them from 0 to 1, { share: 0.1 }.';
    remarks.push({ rule: 'tolerate', message: `tolerate.${of} is ${value}`, fix });
  }
  if (pivot) {
    const fix = 'Let the step after it be the pivot: its items do not succeed all at once.';
    remarks.push({ rule: 'map-pivot', message: 'a step of many items is no point of no return', fix });
  }
  return remarks;
}
