import { describe, expect, test } from '@jest/globals';
import { fold, type SagaEvent } from '@skald/kernel';
import { stateView } from './state-view.js';

const history = [
  { type: 'SagaStarted', at: 0, data: { ...{ sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'i' }, input: {}, request: 'r' } },
  { type: 'TimerSet', at: 0, data: { step: 'coolOff', after: [], dueAt: 60_000 } },
  { type: 'SignalAwaited', at: 0, data: { step: 'approval', round: 1, after: [], signal: 'approval' } },
  { type: 'SignalReceived', at: 0, data: { id: '1', name: 'paper', payload: { signed: true } } },
] as unknown as readonly SagaEvent[];

describe('The state of a saga that waits', () => {
  test('says for what, until when, and what has come that no step has taken', () => {
    expect(stateView(fold(history), { last: 3 }).slice(3)).toEqual([
      'steps',
      '  coolOff: waiting',
      '  approval: waiting for signal approval',
      'due',
      '  step:coolOff: in 1 min',
      'signals kept',
      '  paper {"signed":true}',
    ]);
  });
});
