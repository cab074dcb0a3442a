import { SkaldError } from '@skald/kernel';

/** The language and its tools look for these on any object, so an action of that name could not be told from their asking. */
const reserved: ReadonlySet<string> = new Set(['then', 'toJSON', 'asymmetricMatch']);
const ofEveryObject: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));

export const isReserved = (name: string): boolean => reserved.has(name);

/** Actions begin with a letter; what begins with `_` or `$`, and what every object has, is a participant's own business. */
export const isActionName = (name: string): boolean =>
  /^\p{L}[\p{L}\p{N}_$]*$/u.test(name) && !reserved.has(name) && !ofEveryObject.has(name);

/** The name of a participant, which is part of topics and addresses. */
export function checkedName(name: string): string {
  if (typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) return name;
  throw new SkaldError('invalid-participant', {
    participant: JSON.stringify(name),
    problem: 'this cannot be the name of a participant',
    remedy: 'Use up to 100 letters, digits and .-_ and begin with a letter or a digit.',
  });
}
