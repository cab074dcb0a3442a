import { UsageError } from '../usage.js';

/** A parser of an option's value. */
export function wholeNumber(option: string, least: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,15}$/.test(text) && Number(text) >= least) return Number(text);
    throw new UsageError(`${option} ${text}: a whole number from ${least} on is wanted`);
  };
}
