import { describe, expect, test } from '@jest/globals';
import { SkaldError, type StandardSchema } from '@skald/kernel';
import { Participant, SagaStep } from './decorators.js';
import { participantDefinitionOf } from './participant-definition.js';
import type { Class } from './typing.js';

const text: StandardSchema<unknown, string> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (typeof value === 'string' ? { value } : { issues: [{ message: 'must be text' }] }),
  },
};

@Participant('inventory')
class InventoryService {
  @SagaStep({ compensation: 'release', input: text, output: text })
  async reserve(order: string): Promise<string> {
    return order;
  }
  async release(_order: string, _reservation?: string): Promise<void> {}
  async count(): Promise<number> {
    return 0;
  }
  async _connect(): Promise<void> {}
  async $flush(): Promise<void> {}
  async #hidden(): Promise<void> {}
  toString(): string {
    return typeof this.#hidden;
  }
  static of(): InventoryService {
    return new InventoryService();
  }
}

const problemOf = (target: unknown): string => {
  try {
    participantDefinitionOf(target as Class<object>);
  } catch (thrown) {
    if (thrown instanceof SkaldError && thrown.code === 'invalid-participant') return thrown.message;
    throw thrown;
  }
  throw new Error('nothing was thrown');
};
const decorated = (target: object, name = 'wrong') => (Participant(name) as (target: object) => void)(target);
const step = (target: object, method: string, options?: object) => (SagaStep(options) as (...args: unknown[]) => void)(target, method);

describe('A participant class', () => {
  test('offers every method whose name begins with a letter, with what its @SagaStep says', () => {
    const { name, actions } = participantDefinitionOf(InventoryService);
    expect(name).toBe('inventory');
    expect([...actions]).toEqual([
      ['reserve', { compensation: 'release', input: text, output: text }],
      ['release', {}],
      ['count', {}],
    ]);
  });

  test('hands its name, actions and pairings on to a subclass, which may add to them', () => {
    class Double extends InventoryService {
      override async reserve(order: string): Promise<string> {
        return `double of ${order}`;
      }
      @SagaStep({ compensation: 'release' })
      async hold(order: string): Promise<string> {
        return order;
      }
    }
    const { name, actions } = participantDefinitionOf(Double);
    expect(name).toBe('inventory');
    expect([...actions.keys()]).toEqual(['reserve', 'release', 'count', 'hold']);
    expect(actions.get('reserve')?.compensation).toBe('release');
    expect(actions.get('hold')).toEqual({ compensation: 'release' });
  });

  test('does not run its accessors when it is looked at', () => {
    class WithAccessor {
      get stock(): number {
        throw new Error('looked at');
      }
      async count(): Promise<void> {}
    }
    decorated(WithAccessor);
    expect([...participantDefinitionOf(WithAccessor).actions.keys()]).toEqual(['count']);
  });
});

describe('A class that cannot be a participant', () => {
  test('is refused when it has no name', () => {
    class Plain {}
    expect(problemOf(Plain)).toContain('Participant Plain: it is not a class under @Participant.');
    expect(problemOf('inventory')).toContain('Participant inventory: it is not a class');
  });

  test.each(['', ' ', 'in ventory', 'in/ventory', '-x', 'x'.repeat(101)])('is refused by a name that no topic can have: "%s"', (name) => {
    class Named {
      async act(): Promise<void> {}
    }
    decorated(Named, name);
    expect(problemOf(Named)).toContain('this cannot be the name of a participant');
  });

  test('is refused when there is nothing to ask of it', () => {
    class Empty {}
    decorated(Empty);
    expect(problemOf(Empty)).toContain('it has no actions');
  });

  test.each(['then', 'toJSON', 'asymmetricMatch'])('is refused when an action is called %s', (reserved) => {
    class Reserved {}
    Object.defineProperty(Reserved.prototype, reserved, { value: async () => undefined });
    decorated(Reserved);
    expect(problemOf(Reserved)).toContain(`the name "${reserved}" is reserved`);
  });

  test('is refused when an action is undone by what is not there, or by itself', () => {
    class Missing {
      async act(): Promise<void> {}
    }
    decorated(Missing);
    step(Missing.prototype, 'act', { compensation: 'undo' });
    expect(problemOf(Missing)).toContain('"undo", which undoes "act", is not an action. Add a public async method "undo".');
    step(Missing.prototype, 'act', { compensation: 'act' });
    expect(problemOf(Missing)).toContain('"act" would undo itself');
  });

  test('is refused when @SagaStep stands where no action is, or says what only a saga can say', () => {
    class Misplaced {
      async act(): Promise<void> {}
      async _act(): Promise<void> {}
    }
    decorated(Misplaced);
    step(Misplaced.prototype, 'act', { timeout: '5s', pivot: true });
    expect(problemOf(Misplaced)).toContain('"act" has options of a saga\'s step: pivot, timeout');
    step(Misplaced.prototype, 'act', {});
    step(Misplaced.prototype, '_act', {});
    expect(problemOf(Misplaced)).toContain('@SagaStep stands on "_act", which is not an action');
  });
});
