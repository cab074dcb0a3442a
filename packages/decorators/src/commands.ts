import { type Command, SkaldError } from '@skald/kernel';

/** What a saga's method returned, as a command; anything else is an error that says what it was. */
export function commandOf(returned: unknown, saga: string, method: string): Command {
  if (isCommand(returned)) return returned;
  if (isThenable(returned)) {
    // Nobody will look at this promise again: it must not end the process when it rejects.
    returned.then(undefined, () => undefined);
    throw notACommand(saga, method, 'a Promise', 'A saga method must not be async: it builds a command and does no work.');
  }
  const what = returned === undefined ? 'nothing' : returned === null ? 'null' : `a value of type ${typeof returned}`;
  throw notACommand(saga, method, what, 'Return what a participant’s proxy builds, as in: return inventory.reserve(order);');
}

/** What a saga's `result`, or a method that takes a signal, returned; a promise is an error. */
export function outputOf<O>(returned: O, saga: string, method = 'result'): O {
  if (isThenable(returned)) commandOf(returned, saga, method);
  return returned;
}

function notACommand(saga: string, method: string, returned: string, remedy: string): SkaldError {
  return new SkaldError('not-a-command', { saga, method, returned, remedy });
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null) return false;
  const { participant, action, args } = value as Partial<Command>;
  return typeof participant === 'string' && typeof action === 'string' && Array.isArray(args);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
