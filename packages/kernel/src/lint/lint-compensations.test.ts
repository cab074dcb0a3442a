import { describe, expect, it } from '@jest/globals';
import type { ItemCompensation, SagaCompensation } from '../definition/definition.js';
import { type SagaData, sagaDefinition } from '../definition/saga-definition.js';
import { lint } from './lint.js';

const run = () => ({ participant: 'bank', action: 'charge', args: [] });
const refund = (...args: readonly unknown[]) => ({ participant: 'bank', action: 'refund', args });

function found(steps: SagaData['steps']): string[] {
  return lint(sagaDefinition({ name: 'order', version: 1, steps })).map(({ step, rule, message }) => `${rule} ${step}: ${message}`);
}
const charge = (undo: SagaCompensation['run']) => found([{ id: 'charge', run, compensation: { name: 'refund', run: undo } }]);
const each = () => ({ items: [1], run });
const chargeAll = (undo: ItemCompensation['run']) =>
  found([{ id: 'charge', kind: 'map', each, compensation: { name: 'refund', run: undo } }]);

describe('A6: the linter calls every compensation of the saga’s own once without a result', () => {
  it('and finds one that cannot do without', () => {
    expect(charge((_order, { results }) => refund(results['charge'].id))).toEqual([
      expect.stringMatching(
        /^compensation-needs-result charge: its compensation refund cannot do without .*Cannot read properties of undefined/,
      ),
    ]);
    expect(
      charge(
        (
          _order,
          {
            results: {
              charge: { id },
            },
          },
        ) => refund(id),
      ),
    ).toHaveLength(1);
    expect(chargeAll((_item, result) => refund(result.id))).toEqual([expect.stringContaining('compensation-needs-result charge')]);
  });

  it('and has nothing against one that does, or that means to refuse', () => {
    expect(charge((order, { results }) => refund(order.id, results['charge']?.id))).toEqual([]);
    expect(chargeAll((item, result) => refund(item.id, result?.id))).toEqual([]);
    const refuses: SagaCompensation['run'] = (_order, { results }) => {
      if (results['charge'] === undefined) throw new Error('somebody has to look');
      return refund(results['charge'].id);
    };
    expect(charge(refuses)).toEqual([]);
  });

  it('with the results of all other steps, and with an input that answers to everything', () => {
    const undo: SagaCompensation['run'] = (order, { results, saga }) => {
      return refund(order.lines[0].price * 2, `${results['reserve'].shelf}`, saga.id, 'charge' in results);
    };
    expect(
      found([
        { id: 'reserve', run },
        { id: 'charge', run, compensation: { name: 'refund', run: undo } },
      ]),
    ).toEqual([]);
  });

  it('and takes nothing for a finding that throws in any case', () => {
    const odd: SagaCompensation['run'] = (order, { results }) => {
      if (order.kind !== 'card') throw new TypeError('cards only');
      return refund(results['charge'].id);
    };
    expect(charge(odd)).toEqual([]);
  });
});
