import { describe, expect, test } from '@jest/globals';
import { decide } from '../decide.js';
import { sagaDefinition } from '../definition/saga-definition.js';
import { initialState } from '../history/initial-state.js';
import { stepGraph } from './step-graph.js';

const start = {
  type: 'start',
  at: 1,
  request: 'r',
  sagaId: 'order-1',
  saga: 'order',
  version: 1,
  incarnation: 'i',
  input: {},
  inputHash: 'h',
} as const;

describe('a step graph', () => {
  test.each([undefined, null, {}, { participant: 'a', action: 'b' }])(
    'suspends a saga whose step gives %j instead of a command',
    (given) => {
      const program = stepGraph(sagaDefinition({ name: 'order', version: 1, steps: [{ id: 'one', run: () => given as never }] }));
      const { events } = decide(program, initialState(), start);
      expect(events.map(({ type }) => type)).toEqual(['SagaStarted', 'SagaSuspended']);
      expect(events[1]?.data).toMatchObject({ target: 'program', error: { name: 'not-a-command' } });
    },
  );
});
