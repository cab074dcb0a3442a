import { describe, expect, it } from '@jest/globals';
import type { StandardSchema } from '@skald/kernel';
import { defineSaga } from './builder.js';
import { child } from './child.js';
import { Saga } from './decorators.js';

const numbers: StandardSchema<string, number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => (Number.isFinite(Number(value)) ? { value: Number(value) } : { issues: [{ message: 'must be a number' }] }),
  },
};

@Saga({ name: 'ship', version: 2, deadline: '1h' })
class ShipSaga {}

const built = defineSaga({ name: 'built', version: 3, input: numbers }).done();

describe('child', () => {
  it('makes what a step returns, out of a class or a definition, with what the child’s own definition says', () => {
    expect(child(ShipSaga, { id: '1' } as never)).toEqual({
      ...{ participant: 'ship', action: 'start', args: [{ id: '1' }] },
      child: { version: 2, deadline: 3_600_000 },
    });
    expect(child(built, '7', { id: 'x', detached: true })).toEqual({
      ...{ participant: 'built', action: 'start', args: [7] },
      child: { version: 3, id: 'x', detached: true },
    });
  });

  it('refuses an input that the child’s schema does, an id that cannot be one, and what is no saga', () => {
    expect(() => child(built, 'seven')).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    for (const id of ['', 'x'.repeat(201), 'a\nb', '\ud800']) {
      expect(() => child(built, '7', { id })).toThrow(expect.objectContaining({ code: 'invalid-saga-id' }));
    }
    expect(() => child(class NoSaga {}, {} as never)).toThrow(expect.objectContaining({ code: 'not-a-saga' }));
  });
});
