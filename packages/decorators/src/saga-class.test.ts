import { describe, expect, test } from '@jest/globals';
import { describeDefinition, type SagaDefinition, type SagaView, SkaldError } from '@skald/kernel';
import { Saga, SagaStep } from './decorators.js';
import { participant } from './participant-proxy.js';
import { definitionOf } from './saga-class.js';
import type { Class, SagaContext } from './typing.js';

interface Shop {
  charge(id: string): Promise<{ paymentId: string }>;
  ship(id: string, paymentId?: string): Promise<void>;
}
const shop = participant<Shop>('shop');

const viewWith = (results: SagaView['results'] = {}): SagaView => ({
  results,
  saga: { id: '1', name: 'order', version: 1, startedAt: 0 },
  now: 7,
});
const stepOf = (definition: SagaDefinition, id: string) => {
  const step = definition.steps.find((one) => one.id === id);
  if (step?.kind !== 'command') throw new Error(`no step ${id} that asks for something`);
  return step;
};
const errorOf = (work: () => unknown): SkaldError => {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof SkaldError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
};
/** The findings about a class that the compiler would have refused. */
const findingsOf = (target: unknown): string[] => {
  const { code, details } = errorOf(() => definitionOf(target as Class<object>, () => ({})));
  expect(code).toBe('invalid-definition');
  return String(details['findings']).split('\n');
};

@Saga({ name: 'order', version: 2, deadline: '1h' })
class OrderSaga {
  prefix = 'order-';

  @SagaStep({ compensation: 'cancel' })
  charge(id: string) {
    return shop.charge(this.prefix + id);
  }

  @SagaStep({ after: [], timeout: '3s', pivot: true })
  ship(id: string, { results }: SagaContext<OrderSaga>) {
    return shop.ship(id, results.charge?.paymentId);
  }

  @SagaStep({ after: ['charge', 'ship'], when: (id: string) => id !== 'quiet' })
  tell(id: string) {
    return shop.ship(id);
  }

  cancel(id: string, { reason }: SagaContext<OrderSaga>) {
    return shop.ship(id, reason?.name);
  }
}

describe('A decorated saga class', () => {
  test('gives its steps in the order of their declaration, each after the one before unless it says otherwise', () => {
    const { name, version, deadline, steps, result } = definitionOf(OrderSaga, () => new OrderSaga());
    expect({ name, version, deadline, result }).toEqual({ name: 'order', version: 2, deadline: 3_600_000, result: undefined });
    expect(steps.map(({ id, after }) => [id, after])).toEqual([
      ['charge', []],
      ['ship', []],
      ['tell', ['charge', 'ship']],
    ]);
    expect(steps[1]).toMatchObject({ timeout: 3_000, pivot: true, kind: 'command' });
  });

  test('is instantiated once, when the first method is called', () => {
    let instances = 0;
    const definition = definitionOf(OrderSaga, () => {
      instances += 1;
      return new OrderSaga();
    });
    expect(instances).toBe(0);
    expect(stepOf(definition, 'charge').run('1', viewWith())).toEqual({ participant: 'shop', action: 'charge', args: ['order-1'] });
    stepOf(definition, 'ship').run('1', viewWith());
    expect(instances).toBe(1);
  });

  test('gives its methods the input and the context', () => {
    const definition = definitionOf(OrderSaga, () => new OrderSaga());
    const view = { ...viewWith({ charge: { paymentId: 'p' } }), reason: { name: 'Refused', message: '' } };
    expect(stepOf(definition, 'ship').run('1', view).args).toEqual(['1', 'p']);
    expect(stepOf(definition, 'charge').compensation?.run('1', view).args).toEqual(['1', 'Refused']);
    expect(stepOf(definition, 'charge').compensation?.name).toBe('cancel');
    expect(stepOf(definition, 'tell').when?.('quiet', view)).toBe(false);
  });

  test('inherits steps, and a step that is overridden keeps its place', () => {
    @Saga({ name: 'express', version: 1 })
    class ExpressSaga extends OrderSaga {
      @SagaStep({ timeout: '1s' })
      override charge(id: string) {
        return shop.charge(`express-${id}`);
      }
      override tell(id: string) {
        return shop.ship(`told-${id}`);
      }
      @SagaStep()
      last(id: string) {
        return shop.ship(id);
      }
    }
    const definition = definitionOf(ExpressSaga, () => new ExpressSaga());
    expect(definition.steps.map(({ id }) => id)).toEqual(['charge', 'ship', 'tell', 'last']);
    expect(stepOf(definition, 'charge')).toMatchObject({ timeout: 1_000 });
    expect(stepOf(definition, 'charge').compensation).toBeUndefined();
    expect(stepOf(definition, 'charge').run('1', viewWith()).args).toEqual(['express-1']);
    expect(stepOf(definition, 'tell').after).toEqual(['charge', 'ship']);
    expect(stepOf(definition, 'tell').run('1', viewWith()).args).toEqual(['told-1']);
    expect(definitionOf(OrderSaga, () => new OrderSaga()).steps).toHaveLength(3);
  });

  test('may keep the id of a step whose method was renamed, and still reads its result by the method', () => {
    @Saga({ name: 'renamed', version: 1 })
    class RenamedSaga {
      @SagaStep({ id: 'charge' })
      takeMoney(id: string) {
        return shop.charge(id);
      }
      @SagaStep({ after: 'takeMoney' })
      ship(id: string, { results }: SagaContext<RenamedSaga, 'takeMoney'>) {
        return shop.ship(id, results.takeMoney.paymentId);
      }
    }
    const definition = definitionOf(RenamedSaga, () => new RenamedSaga());
    const view = viewWith({ charge: { paymentId: 'p' } });
    expect(definition.steps.map(({ id, after }) => [id, after])).toEqual([
      ['charge', []],
      ['ship', ['charge']],
    ]);
    expect(stepOf(definition, 'ship').run('1', view).args).toEqual(['1', 'p']);
    expect(definition.result?.('1', view)).toEqual({ takeMoney: { paymentId: 'p' } });
  });

  test('describes itself without its functions', () => {
    expect(describeDefinition(definitionOf(OrderSaga, () => new OrderSaga()))).toMatchObject({ name: 'order', result: false });
  });
});

describe('What is not a saga', () => {
  class Plain {}
  class Undecorated extends OrderSaga {}
  test.each([
    { what: 'a class without @Saga', value: Plain, says: 'Class Plain is not a saga' },
    { what: 'a subclass without @Saga', value: Undecorated, says: 'Class Undecorated is not a saga' },
    { what: 'an instance', value: new OrderSaga(), says: 'A value of type object is not a saga' },
    { what: 'a function', value: () => undefined, says: 'A value of type function is not a saga' },
    { what: 'nothing', value: undefined, says: 'A value of type undefined is not a saga' },
  ])('is refused: $what', ({ value, says }) => {
    const error = errorOf(() => definitionOf(value as Class<object>, () => ({})));
    expect(error.code).toBe('not-a-saga');
    expect(error.message).toContain(says);
  });
});

describe('A saga class that cannot run', () => {
  /** Decorates as a program would that nobody compiled. */
  const step = (target: object, method: string, options?: object) => (SagaStep(options) as (...args: unknown[]) => void)(target, method);
  const saga = (target: object) => (Saga({ name: 'wrong', version: 1 }) as (target: object) => void)(target);

  test('is told all that is wrong with it at once', () => {
    class Wrong {
      async slow() {}
      async undoSlow() {}
      *many() {}
      first() {}
      second() {}
      async result() {}
      static settle() {}
    }
    saga(Wrong);
    step(Wrong.prototype, 'slow', { compensation: 'undoSlow' });
    step(Wrong.prototype, 'many', { compensation: 'missing' });
    step(Wrong.prototype, 'first', { compensation: 'second', after: 'undoSlow' });
    step(Wrong.prototype, 'second', { id: 'first', input: {} });
    step(Wrong.prototype, 'field');
    step(Wrong, 'settle');
    expect(findingsOf(Wrong)).toEqual([
      '- step settle is static; a step is a method of the instance',
      '- step slow is async; a saga method must not be async',
      '- compensation undoSlow is async; a saga method must not be async',
      '- step many is async; a saga method must not be async',
      '- step many is undone by missing, which is not a method of the saga',
      '- step first comes after undoSlow, which is not a step (steps: slow, many, first, second, field)',
      '- step first is undone by second, which is a step itself',
      '- step first is defined twice',
      '- step second has a schema; input and output of @SagaStep are for the actions of participants',
      '- step field is not a method',
      '- result is async; a saga method must not be async',
    ]);
  });

  test('cannot have a step of the name result', () => {
    class Wrong {
      result() {}
    }
    saga(Wrong);
    step(Wrong.prototype, 'result');
    expect(findingsOf(Wrong)).toEqual(['- result gives the output of the saga, so it cannot be a step']);
  });
});

describe('A saga method that does not return a command', () => {
  @Saga({ name: 'careless', version: 1 })
  class CarelessSaga {
    answer: unknown;
    @SagaStep({ compensation: 'undo' })
    charge() {
      return this.answer as ReturnType<Shop['ship']> & ReturnType<typeof shop.ship>;
    }
    undo() {
      return this.answer as ReturnType<typeof shop.ship>;
    }
    result() {
      return this.answer;
    }
  }
  const answering = (answer: unknown) => definitionOf(CarelessSaga as Class<object>, () => Object.assign(new CarelessSaga(), { answer }));

  test.each([
    {
      what: 'a promise',
      answer: Promise.resolve(),
      says: 'charge returned a Promise instead of a command. A saga method must not be async',
    },
    { what: 'a promise that rejects', answer: Promise.reject(new Error('lost')), says: 'charge returned a Promise' },
    { what: 'nothing', answer: undefined, says: 'In saga careless, charge returned nothing instead of a command. Return what' },
    { what: 'null', answer: null, says: 'charge returned null' },
    { what: 'a string', answer: 'done', says: 'charge returned a value of type string' },
    { what: 'half a command', answer: { participant: 'shop' }, says: 'charge returned a value of type object' },
  ])('is told so: $what', ({ answer, says }) => {
    const error = errorOf(() => stepOf(answering(answer), 'charge').run('1', viewWith()));
    expect(error.code).toBe('not-a-command');
    expect(error.message).toContain(says);
  });

  test('is named, also where it is the compensation or the result', () => {
    const definition = answering(Promise.resolve());
    expect(errorOf(() => stepOf(definition, 'charge').compensation?.run('1', viewWith())).message).toContain('undo returned a Promise');
    expect(errorOf(() => definition.result?.('1' as never, viewWith())).message).toContain('result returned a Promise');
    expect(answering(undefined).result?.('1' as never, viewWith())).toBeUndefined();
  });
});
