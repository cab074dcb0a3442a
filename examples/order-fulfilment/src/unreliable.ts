import { setTimeout } from 'node:timers/promises';
import { type CommandContext, currentCommand } from '@skald/engine';
import type { Container, Newable } from 'inversify';
import type { Crash, Faults } from './faults.js';

class ServiceCrash extends Error {
  override name = 'ServiceCrash';
}

/** Milliseconds; longer than the saga waits for a screening. */
const LATE_BY = 120;

type Action = (...args: unknown[]) => Promise<unknown>;

/**
 * A service that crashes as `crashOf` says: before its effect, or after it and before the commit, whereupon the effect is rolled back; or
 * that answers too late. The service knows nothing of it.
 */
export function unreliable<S extends object>(service: S, crashOf: (command: CommandContext, action: string) => Crash | undefined): S {
  return new Proxy(service, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function' || typeof name !== 'string') return member;
      const action = member.bind(target) as Action;
      return async (...args: unknown[]) => {
        const command = currentCommand();
        const crash = command && crashOf(command, name);
        if (!crash || command.attempt > crash.attempts) return action(...args);
        if (crash.how === 'late') await setTimeout(LATE_BY);
        const result = crash.how === 'before' ? undefined : await action(...args);
        if (crash.how === 'late') return result;
        throw new ServiceCrash(`${name} crashed ${crash.how} its effect (attempt ${command.attempt}, on purpose)`);
      };
    },
  });
}

/** The container then gives the service as `faults` has it. */
export function bindUnreliable(container: Container, service: Newable<object>, faults: Faults): void {
  container
    .bind<object>(service)
    .to(service)
    .inSingletonScope()
    .onActivation((_, made) => unreliable(made, ({ sagaId }, action) => faults.crash(sagaId, action)));
}
