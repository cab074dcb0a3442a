import { describe, expect, test } from '@jest/globals';
import type { HistoryEvent } from '@skald/engine';
import type { SagaEvent } from '@skald/kernel';
import { timeline } from './timeline.js';

const START = Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const retry = { attempts: 3, backoff: 'fixed', delay: 10, maxDelay: 10, jitter: 0 } as const;
const policy = {
  timeout: 100,
  retry,
  pivot: false,
  compensation: 'participant',
  compensationTimeout: 100,
  compensationRetry: retry,
} as const;

/** A history of what is given as [milliseconds after the start, type, data]. */
function history(...entries: readonly (readonly [number, SagaEvent['type'], object])[]): HistoryEvent[] {
  return entries.map(([after, type, data], revision) => ({ type, at: START + after, data, revision, hash: '' }) as HistoryEvent);
}

const input = { orderId: '1' };
const started = [
  0,
  'SagaStarted',
  { sagaId: 'order-1', saga: 'order', version: 1, incarnation: 'i', input, inputHash: '', request: 'r' },
] as const;
const requested = (at: number, step: string, after: readonly string[] = []) => {
  const command = { participant: 'stock', action: step, args: [input] };
  return [at, 'StepRequested', { step, round: 1, attempt: 1, dueAt: START + at + 100, opens: { after, command, policy } }] as const;
};
const again = (at: number, step: string, attempt: number) =>
  [at, 'StepRequested', { step, round: 1, attempt, dueAt: START + at + 100 }] as const;
const error = { name: 'OutOfStock', message: 'none left' };

const story = history(
  started,
  requested(0, 'reserve'),
  requested(0, 'authorize'),
  [
    5,
    'StepFailed',
    { step: 'reserve', round: 1, attempt: 1, error: { name: 'Reset', message: 'gone' }, kind: 'technical', effect: 'unknown' },
  ],
  [5, 'StepRetryScheduled', { step: 'reserve', round: 1, attempt: 2, dueAt: START + 15 }],
  [9, 'StepSucceeded', { step: 'authorize', round: 1, result: { id: 'p' } }],
  again(15, 'reserve', 2),
  [115, 'StepTimedOut', { step: 'reserve', round: 1, attempt: 2 }],
  [115, 'StepRetryScheduled', { step: 'reserve', round: 1, attempt: 3, dueAt: START + 125 }],
  again(125, 'reserve', 3),
  [1_250, 'StepFailed', { step: 'reserve', round: 1, attempt: 3, error, kind: 'business', effect: 'none' }],
  [1_250, 'CompensationStarted', { reason: { type: 'failed', step: 'reserve', error } }],
  [1_250, 'CompensationRequested', { step: 'authorize', round: 1, attempt: 1, dueAt: START + 2_000 }],
  [1_300, 'CompensationFailed', { step: 'authorize', round: 1, attempt: 1, error: { name: 'Reset', message: 'gone' } }],
  [1_300, 'SagaSuspended', { target: 'compensation:authorize', error: { name: 'Reset', message: 'gone' } }],
  [125_000, 'OperatorIntervened', { request: 'q', action: 'retry', target: 'compensation:authorize', by: 'ann', reason: 'it is up again' }],
  [125_000, 'CompensationRequested', { step: 'authorize', round: 1, attempt: 2, dueAt: START + 126_000 }],
  [125_004, 'CompensationSucceeded', { step: 'authorize', round: 1, executed: true }],
  [125_004, 'SagaCompensated', {}],
);

describe('the timeline of a saga', () => {
  test('tells everything that happened, side by side where it ran so', () => {
    expect(timeline(story, { colours: false })).toEqual([
      'order-1  compensated, 2 min 5 s  (saga order, version 1)',
      'revision, time since 2026-01-02T03:04:05.006Z, what happened',
      ' 0       +0 ms  ◆    started with {"orderId":"1"}',
      ' 1       +0 ms  ●    reserve asks stock.reserve {"orderId":"1"}',
      ' 2       +0 ms  │ ●  authorize asks stock.authorize {"orderId":"1"}',
      ' 3       +5 ms  ✘ │  reserve failed: Reset: gone (it may have happened)',
      ' 4       +5 ms  ↻ │  reserve is tried again in 10 ms',
      ' 5       +9 ms  │ ✔  authorize succeeded {"id":"p"}',
      ' 6      +15 ms  ●    reserve asks stock.reserve, attempt 2',
      ' 7     +115 ms  ✘    reserve timed out (it may have happened)',
      ' 8     +115 ms  ↻    reserve is tried again in 10 ms',
      ' 9     +125 ms  ●    reserve asks stock.reserve, attempt 3',
      '10     +1.25 s  ✘    reserve failed: OutOfStock: none left',
      '11     +1.25 s  ↩    the saga turns back: reserve failed, OutOfStock: none left',
      '12     +1.25 s  ○    undo authorize asks that stock.authorize be undone',
      '13      +1.3 s  ✘    undo authorize failed: Reset: gone; a person is asked',
      '14      +1.3 s  !    suspended, compensation:authorize waits for a person: Reset: gone',
      '15  +2 min 5 s  »    ann: retry compensation:authorize, because it is up again',
      '16  +2 min 5 s  ○    undo authorize asks that stock.authorize be undone, attempt 2',
      '17  +2 min 5 s  ✔    undo authorize succeeded',
      '18  +2 min 5 s  ◆    compensated: all that was done is undone',
    ]);
  });

  test('tells what waits, until when, and who moved it', () => {
    const waits = history(
      started,
      [0, 'TimerSet', { step: 'coolOff', after: [], dueAt: START + 86_400_000 }],
      [0, 'TimerSet', { step: 'opening', after: [], dueAt: START - 1 }],
      [0, 'TimerFired', { step: 'opening' }],
      [
        9,
        'OperatorIntervened',
        { request: 'q', action: 'move', target: 'step:coolOff', by: 'ann', reason: 'agreed', dueAt: START + 60_000 },
      ],
      [60_000, 'TimerFired', { step: 'coolOff' }],
    );
    expect(timeline(waits, { colours: false }).slice(3)).toEqual([
      '1   +0 ms  ◷    coolOff waits 1 d, until 2026-01-03T03:04:05.006Z',
      '2   +0 ms  │ ◷  opening waits for a time that has come',
      '3   +0 ms  │ ✔  opening has waited long enough',
      '4   +9 ms  │ »  ann: move step:coolOff to 2026-01-02T03:05:05.006Z, because agreed',
      '5  +1 min  ✔    coolOff has waited long enough',
    ]);
  });

  test('tells what a saga is found by, and what could not be said', () => {
    const found = history(
      started,
      [0, 'AttributesSet', { attributes: { customer: 'ada\u001b', total: 5, on: { date: '2026-01-01T00:00:00.000Z' } } }],
      [1, 'AttributesSet', { attributes: {}, errors: { total: 'TypeError: null cannot be an attribute' } }],
    );
    expect(timeline(found, { colours: false }).slice(3)).toEqual([
      '1  +0 ms  ⌕  is found by customer "ada\\u001b", total 5, on 2026-01-01T00:00:00.000Z',
      '2  +1 ms  ⌕  is found by no attribute; total cannot be computed, TypeError: null cannot be an attribute',
    ]);
  });

  test('tells what is waited for, who said what, and what became of it', () => {
    const signals = history(
      started,
      [0, 'SignalReceived', { id: '1', name: 'approval', payload: 7 }],
      [0, 'SignalAwaited', { step: 'approval', round: 1, after: [], signal: 'approval', dueAt: START + 86_400_000, onTimeout: 'skip' }],
      [0, 'SignalDiscarded', { step: 'approval', signal: '1', error: { name: 'InvalidSignal', message: 'expected an object' } }],
      [9, 'SignalReceived', { id: '2', name: 'approval', payload: { approved: true }, by: 'ann' }],
      [9, 'StepSucceeded', { step: 'approval', round: 1, signal: '2', result: { approved: true } }],
      [9, 'StepSkipped', { step: 'note', after: [], reason: 'timeout' }],
    );
    expect(timeline(signals, { colours: false }).slice(3)).toEqual([
      '1  +0 ms  ✉    signal approval 7',
      '2  +0 ms  ◷    approval waits for signal approval for 1 d, and is skipped then',
      '3  +0 ms  ✘    approval cannot take the signal: InvalidSignal: expected an object',
      '4  +9 ms  │ ✉  ann sends signal approval {"approved":true}',
      '5  +9 ms  ✔    approval succeeded {"approved":true}',
      '6  +9 ms  –    note is skipped: no signal came in time',
    ]);
  });

  test('tells which failure was caught, and what stands in', () => {
    const catches = history(
      started,
      requested(0, 'charge'),
      [9, 'StepFailed', { step: 'charge', round: 1, attempt: 1, error, kind: 'business', effect: 'none' }],
      [9, 'StepFailureCaught', { step: 'charge', error, by: 'invoice' }],
      requested(9, 'invoice', ['charge']),
      [10, 'StepFailed', { step: 'invoice', round: 1, attempt: 1, error, kind: 'business', effect: 'none' }],
      [10, 'StepFailureCaught', { step: 'invoice', error }],
      [10, 'ChoiceMade', { step: 'route', after: [], chosen: 'air', notTaken: ['sea', 'rail'] }],
      [10, 'StepSkipped', { step: 'cash', after: [], reason: 'the saga goes on without invoice' }],
    );
    expect(timeline(catches, { colours: false }).slice(3)).toEqual([
      '1   +0 ms  ●  charge asks stock.charge {"orderId":"1"}',
      '2   +9 ms  ✘  charge failed: OutOfStock: none left',
      '3   +9 ms  ⤷  invoice stands in for charge',
      '4   +9 ms  ●  invoice asks stock.invoice {"orderId":"1"}',
      '5  +10 ms  ✘  invoice failed: OutOfStock: none left',
      '6  +10 ms  ⤷  the saga goes on without invoice',
      '7  +10 ms  ⤷  route takes air, not sea, rail',
      '8  +10 ms  –  cash is skipped: the saga goes on without invoice',
    ]);
  });

  test('tells of a step of many items, and of each of them in a lane of its own', () => {
    const items = history(
      started,
      [0, 'MapStarted', { step: 'ship', after: [], count: 3, concurrency: 2, tolerated: 1 }],
      requested(0, 'ship/0'),
      requested(0, 'ship/1'),
      [5, 'StepFailed', { step: 'ship/1', round: 1, attempt: 1, error, kind: 'business', effect: 'none' }],
      [5, 'StepFailureCaught', { step: 'ship/1', error }],
      [6, 'StepSucceeded', { step: 'ship/0', round: 1 }],
      [7, 'MapCompleted', { step: 'ship' }],
    );
    expect(timeline(items, { colours: false }).slice(3)).toEqual([
      '1  +0 ms  ●  ship has 3 items, 2 at once; 1 may fail',
      '2  +0 ms  ●  ship/0 asks stock.ship/0 {"orderId":"1"}',
      '3  +0 ms  ●  ship/1 asks stock.ship/1 {"orderId":"1"}',
      '4  +5 ms  ✘  ship/1 failed: OutOfStock: none left',
      '5  +5 ms  ⤷  the saga goes on without ship/1',
      '6  +6 ms  ✔  ship/0 succeeded',
      '7  +7 ms  ✔  ship is through with all items',
    ]);
  });

  test('lets nothing through that steers a terminal', () => {
    const lines = timeline(history([0, 'SagaStarted', { ...started[2], input: '\u001b[2J\u009b\u202e' }]), { colours: false });
    expect(lines.at(-1)).toBe('0  +0 ms  ◆  started with "\\u001b[2J\\u009b\\u202e"');
  });

  test('is cut to the width it is given', () => {
    for (const line of timeline(story, { colours: false, width: 40 }).slice(2)) expect(line.length).toBeLessThanOrEqual(40);
  });

  test('has colours only when asked for', () => {
    expect(timeline(story, { colours: true }).join('\n')).toContain('\u001b[');
    expect(timeline(story, { colours: false }).join('\n')).not.toContain('\u001b[');
  });

  test('of nothing is nothing', () => {
    expect(timeline([], { colours: false })).toEqual([]);
  });
});
