import type { Command } from '@skald/kernel';
import { checkedName, isActionName } from './action-names.js';
import type { ParticipantClient } from './typing.js';

/**
 * A participant as sagas see it. Its class is needed as a type only, so the two may live in different services:
 * `participant<InventoryService>('inventory').reserve(order)` builds the command and sends nothing.
 * `undefined` at the end of the arguments is left out, because JSON cannot say it.
 */
export function participant<P>(name: string): ParticipantClient<P> {
  checkedName(name);
  const actions = new Map<string, (...args: unknown[]) => Command>();
  const actionOf = (action: string) => {
    const known = actions.get(action) ?? ((...args: unknown[]) => ({ participant: name, action, args: withoutTail(args) }));
    actions.set(action, known);
    return known;
  };
  const proxy = new Proxy(Object.freeze({ toString: () => `participant(${name})` }), {
    get: (target, member) => (typeof member === 'string' && isActionName(member) ? actionOf(member) : Reflect.get(target, member)),
  });
  return proxy as unknown as ParticipantClient<P>;
}

function withoutTail(args: readonly unknown[]): readonly unknown[] {
  return args.slice(0, args.findLastIndex((arg) => arg !== undefined) + 1);
}
