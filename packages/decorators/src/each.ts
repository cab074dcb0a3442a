import { type Command, type Each, SkaldError } from '@skald/kernel';
import { commandOf, outputOf } from './commands.js';

/**
 * The items of a step under `@SagaMap`, and what is asked for each: `return each(order.lines, (line) => shipping.dispatch(line));`. The list must
 * come from the input and from results of steps before it, since it is asked for again after a restart.
 */
export function each<T, R>(items: readonly T[], run: (item: T, index: number) => Command<R>): Each<T, R> {
  return { items, run };
}

/** What a saga's method returned, as the items of a map. */
export function eachOf(returned: unknown, saga: string, method: string): Each {
  outputOf(returned, saga, method);
  const { items, run } = (returned ?? {}) as Partial<Each>;
  // That it is a list is looked at when it is asked for.
  if (typeof run !== 'function' || items === undefined) {
    const remedy = 'Return each(list, (item) => command).';
    throw new SkaldError('not-a-command', {
      saga,
      method,
      returned: returned === undefined ? 'nothing' : `a value of type ${typeof returned}`,
      remedy,
    });
  }
  return { items, run: (item, index) => commandOf(run(item, index), saga, method) };
}
