import type { StepPolicy } from './events.js';

const texts = new WeakMap<StepPolicy, string>();

/** Equal texts mean equal policies. A program hands out the same few objects again and again: their texts are made once. */
export function policyText(policy: StepPolicy): string {
  let text = texts.get(policy);
  if (text === undefined) {
    const { timeout, expires, callback, retry, pivot, compensation, compensationTimeout, compensationRetry } = policy;
    text = JSON.stringify([timeout, retry, pivot, compensation, compensationTimeout, compensationRetry, expires, callback]);
    texts.set(policy, text);
  }
  return text;
}
