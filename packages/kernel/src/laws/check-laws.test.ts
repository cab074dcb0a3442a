import { describe, expect, it } from '@jest/globals';
import type { DataOf, SagaEvent } from '../history/events.js';
import { checkLaws, LAWS } from './check-laws.js';
import {
  again,
  askedAgain,
  attributes,
  awaited,
  byToken,
  callback,
  cancel,
  caught,
  chosen,
  compensated,
  completed,
  deferred,
  error,
  event,
  expressEnded,
  failed,
  failedSaga,
  final,
  fired,
  gathered,
  heartbeat,
  map,
  mapFailed,
  missed,
  opens,
  opensChild,
  operator,
  ownUndo,
  parked,
  received,
  retry,
  seal,
  sealed,
  skipped,
  start,
  startedByParent,
  succeeded,
  terminated,
  timedOut,
  timerSet,
  took,
  turned,
  undo,
  undone,
  undoneForParent,
  withdrawn,
} from './written-histories.contract.js';

/** Two steps done, the third declined, the first two undone in reverse order. */
const wayBack = [
  ...[
    start,
    opens('a'),
    succeeded('a'),
    opens('b', { after: ['a'] }),
    succeeded('b'),
    opens('c', { after: ['b'] }),
    failed('c'),
    turned('c'),
  ],
  ...[undo('b'), undone('b'), undo('a'), undone('a'), compensated],
];
const pivotPassed = [start, opens('p', { pivot: true }), succeeded('p')];

const limited = event('SagaStarted', { ...(start.data as DataOf<'SagaStarted'>), limited: true });
const granted = event('SlotGranted', {});

const OBEYING: Readonly<Record<string, readonly SagaEvent[]>> = {
  'everything succeeds': [start, opens('a'), succeeded('a'), opens('b', { after: ['a'] }), succeeded('b'), completed],
  'a failure turns it back in reverse order': wayBack,
  'an express saga leaves its summary': [expressEnded('SagaCompleted', 'succeeded')],
  'an express saga is taken up again': [expressEnded('SagaFailed', 'failed'), start, opens('a'), failed('a'), turned('a'), failedSaga],
  'it waits for a slot first': [limited, granted, opens('a'), succeeded('a'), completed],
  'nothing had to be undone': [start, opens('a'), failed('a'), turned('a'), failedSaga],
  'a late success is undone and it ends again': [
    ...[start, opens('a'), timedOut('a'), turned('a'), undo('a'), event('CompensationSucceeded', { step: 'a', round: 1, executed: false })],
    ...[compensated, succeeded('a', { late: true }), undo('a', 2), undone('a', 2), compensated],
  ],
  'an unknown outcome is sealed before the own compensation': [
    ...[start, opens('a', { own: true }), timedOut('a'), turned('a'), seal('a'), sealed('a', true)],
    ...[ownUndo('a'), undone('a'), compensated],
  ],
  'a cancel waits for the pivot and is refused': [
    ...[start, opens('p', { pivot: true }), cancel(), succeeded('p'), event('CancelRefused', { request: 'c' }), completed],
  ],
  'a declined step is tried again under a new key': [
    ...[start, opens('a'), failed('a'), retry('a', 1, 2), again('a', 1, 2), event('StepSucceeded', { step: 'a', round: 2 }), completed],
  ],
  'a failure is caught, and another step stands in': [
    ...[start, opens('a'), failed('a'), caught('a', 'b'), opens('b', { after: ['a'] }), succeeded('b'), completed],
  ],
  'what was caught in doubt is undone before another step stands in': [
    ...[start, opens('a'), timedOut('a'), seal('a'), sealed('a', true), caught('a', 'b'), undo('a'), undone('a')],
    ...[opens('b', { after: ['a'] }), succeeded('b'), completed],
  ],
  'what was caught succeeds after all, and is undone': [
    ...[start, opens('a'), timedOut('a'), seal('a'), sealed('a'), caught('a'), succeeded('a', { late: true }), undo('a'), undone('a')],
    completed,
  ],
  'a branch is chosen, and what follows comes after the choice': [
    ...[
      start,
      chosen('c', 'x', ['y']),
      event('StepSkipped', { step: 'b', after: ['c'], reason: 'c took x' }),
      opens('a', { after: ['c'] }),
    ],
    ...[succeeded('a'), completed],
  ],
  'the items of a map are asked for one after the other, and one may fail': [
    ...[start, map(2, 1, 1), opens('m/0'), failed('m/0'), caught('m/0'), opens('m/1'), succeeded('m/1'), gathered, completed],
  ],
  'too many items fail, and those that succeeded are undone': [
    ...[start, map(3, 2), opens('m/0'), opens('m/1'), succeeded('m/0'), failed('m/1'), mapFailed, turned('m'), undo('m/0'), undone('m/0')],
    compensated,
  ],
  'a map is done without, and nothing of it stands': [
    ...[start, map(2, 2), opens('m/0'), opens('m/1'), succeeded('m/0'), failed('m/1'), mapFailed, caught('m'), undo('m/0'), undone('m/0')],
    completed,
  ],
  'a timer is moved, stands still while the saga is held, and fires': [
    ...[
      start,
      timerSet('t'),
      operator('move', 'step:t'),
      operator('suspend', undefined, 'o2', 10),
      operator('resume', undefined, 'o3', 30),
    ],
    ...[fired('t', 100), completed],
  ],
  'signals come early and late, one is discarded, and each is taken in turn': [
    ...[start, received('1'), received('2'), awaited('a'), event('SignalDiscarded', { step: 'a', signal: '1', error }), took('a', '2')],
    ...[awaited('b'), received('3'), took('b', '3'), awaited('c'), skipped('c', 50), completed],
  ],
  'a signal says no, a person has it awaited anew': [
    ...[start, awaited('a'), received('1'), event('StepFailed', { ...{ step: 'a', round: 1, attempt: 1, error }, signal: '1', ...final })],
    ...[parked('step:a'), operator('retry', 'step:a'), awaited('a', 2), received('2')],
    ...[event('StepSucceeded', { step: 'a', round: 2, signal: '2' }), completed],
  ],
  'a task token ends a step that was deferred, past a heartbeat and a hold': [
    ...[start, opens('a', { callback }), deferred('a'), heartbeat('a', 40), operator('suspend', undefined, 'o', 30)],
    ...[operator('resume', undefined, 'o2', 50), operator('move', 'step:a', 'o3'), byToken('a'), completed],
  ],
  'a child is asked again, is under way, and ends': [
    ...[start, opensChild('a'), askedAgain('step:a', 100), deferred('a'), succeeded('a'), opens('b', { after: ['a'] }), failed('b')],
    ...[turned('b'), undo('a'), askedAgain('compensation:a', 300), undone('a'), compensated],
  ],
  'a completed child is undone for its parent': [
    ...[startedByParent, opens('a'), succeeded('a'), completed, withdrawn(), undoneForParent, undo('a'), undone('a'), compensated],
  ],
  'a child that nobody wants is never begun': [
    ...[startedByParent, withdrawn(), cancel(), event('CompensationStarted', { reason: { type: 'cancelled', reason: 'why', by: 'me' } })],
    event('SagaCancelled', {}),
  ],
  'a heartbeat is missed, and what was begun is undone': [
    ...[start, opens('a', { callback }), deferred('a'), missed('a', 30), turned('a'), undo('a'), undone('a'), compensated],
  ],
  'a step is deferred when the saga has turned back': [
    ...[
      start,
      opens('a', { callback }),
      cancel(),
      event('CompensationStarted', { reason: { type: 'cancelled', reason: 'why', by: 'me' } }),
    ],
    ...[deferred('a'), undo('a'), undone('a'), event('SagaCancelled', {})],
  ],
  'a timer ends when the saga turns back': [start, timerSet('t'), opens('a'), failed('a'), turned('a'), failedSaga],
  'an operator leaves something standing and the end says so': [
    ...[start, opens('a'), succeeded('a'), opens('b', { after: ['a'] }), failed('b'), turned('b'), undo('a')],
    event('CompensationFailed', { step: 'a', round: 1, attempt: 1, error }),
    event('SagaSuspended', { target: 'compensation:a', error }),
    ...[operator('skip', 'compensation:a'), event('SagaCompensated', { withSkips: true })],
  ],
};

/** For each law a history that breaks it, at its last event. */
const notified = [...pivotPassed, opens('n', { after: ['p'] }), failed('n'), parked('step:n')];

const BREAKING: Readonly<Record<string, readonly SagaEvent[]>> = {
  'starts-once': [start, start],
  'attributes-change': [start, attributes({ a: 1 }), attributes({ a: 1 })],
  'attributes-keep': [start, attributes({ a: 1 }), attributes({ a: 2 }, { a: 'broken' })],
  'attributes-are-few': [start, attributes({ a: 'x'.repeat(257) })],
  'summary-says-why': [expressEnded('SagaCompleted', 'failed')],
  'ends-once': [...wayBack, compensated],
  'reopens-for-a-success': [...wayBack, undo('a', 2)],
  'terminated-is-final': [start, terminated, opens('a')],
  'completed-is-complete': [start, opens('a'), completed],
  'turned-back-is-clean': [start, opens('a'), succeeded('a'), opens('b', { after: ['a'] }), failed('b'), turned('b'), failedSaga],
  'end-says-why': [start, opens('a'), failed('a'), turned('a'), event('SagaCancelled', {})],
  'skips-are-flagged': [...(OBEYING['an operator leaves something standing and the end says so']?.slice(0, -1) ?? []), compensated],
  'outcomes-were-asked-for': [start, succeeded('a')],
  'one-end-for-an-attempt': [start, opens('a'), timedOut('a'), timedOut('a')],
  'attempts-count-up': [start, opens('a'), timedOut('a'), retry('a', 2), again('a', 3)],
  'one-attempt-at-a-time': [start, opens('a'), again('a', 2)],
  'rounds-open-for-cause': [start, opens('a'), timedOut('a'), retry('a', 1, 2), again('a', 1, 2)],
  'dependencies-first': [start, opens('a'), opens('b', { after: ['a'] })],
  'success-once': [start, opens('a'), succeeded('a'), succeeded('a')],
  'not-before': [start, opens('a'), timedOut('a', 1, 99)],
  'timers-fire-once': [start, timerSet('t'), operator('move', 'step:t'), fired('t', 79)],
  'signals-once': [start, received('1'), received('1')],
  'signals-in-order': [start, awaited('a'), received('1'), received('2'), took('a', '2')],
  'waits-begin-for-cause': [start, awaited('a'), skipped('a', 49)],
  'waits-ask-nobody': [start, timerSet('t'), fired('t'), undo('t')],
  'caught-for-cause': [start, opens('a'), timedOut('a'), caught('a')],
  'fallback-after-failure': [
    ...[start, opens('a'), timedOut('a'), seal('a'), sealed('a', true), caught('a', 'b'), opens('b', { after: ['a'] })],
  ],
  'choices-once': [start, chosen('c', 'x', ['y']), chosen('c', 'y', ['x'])],
  'items-in-order': [start, map(2), opens('m/1')],
  'items-in-turn': [start, map(2), opens('m/0'), opens('m/1')],
  'no-item-after-the-map': [start, map(2, 2), opens('m/0'), failed('m/0'), mapFailed, retry('m/0', 1, 2)],
  'maps-end-for-cause': [start, map(2), opens('m/0'), succeeded('m/0'), gathered],
  'lost-items-are-few': [start, map(2, 2, 1), opens('m/0'), opens('m/1'), failed('m/0'), caught('m/0'), failed('m/1'), caught('m/1')],
  'withdrawn-for-cause': [start, withdrawn()],
  'children-are-asked-in-time': [start, opensChild('a'), askedAgain('step:a', 99)],
  'deferred-was-asked': [start, opens('a'), deferred('a')],
  'tokens-end-once': [start, opens('a', { callback }), succeeded('a'), byToken('a')],
  'heartbeats-count': [start, opens('a', { callback }), deferred('a'), heartbeat('a', 39)],
  'deferred-waits-its-time': [start, opens('a', { callback }), deferred('a'), missed('a', 30), retry('a', 2)],
  'undo-what-stands': [start, opens('a'), failed('a'), turned('a'), undo('a')],
  'reverse-order': [...wayBack.slice(0, 8), undo('a')],
  'undo-attempts-count-up': [...wayBack.slice(0, 9), undo('b', 1, 2)],
  'pivot-is-kept': [...pivotPassed, opens('a', { after: ['p'] }), failed('a'), undo('p')],
  'undo-needs-turning': [start, opens('a'), succeeded('a'), undo('a')],
  'seal-first': [start, opens('a', { own: true }), timedOut('a'), turned('a'), ownUndo('a')],
  'one-way-back': [start, opens('a'), failed('a'), turned('a'), opens('b')],
  'pivot-decides': [start, opens('p', { pivot: true }), opens('a'), failed('a'), turned('a')],
  'pivot-missed': [start, event('DeadlinePassed', { pastPivot: false }, 500), opens('p', { pivot: true })],
  'turns-back-for-cause': [start, opens('a'), succeeded('a'), turned('a')],
  'parked-stands-still': [start, opens('a'), parked('program'), opens('b')],
  'held-stands-still': [start, operator('suspend'), opens('a')],
  'parked-is-not-over': [start, parked('program'), completed],
  'requests-once': [start, operator('suspend'), operator('resume')],
  'steering-fits': [...pivotPassed, cancel()],
  'throttled-waits': [limited, opens('a')],
  'slots-are-asked-for': [limited, granted, granted],
  'patched-under-a-new-key': [...notified, operator('patch', 'step:n'), again('n', 2)],
  'deadline-is-to-come': [start, event('DeadlinePassed', { pastPivot: false }, 500), operator('deadline')],
  'operators-decide-the-undecided': [start, opens('a'), parked('step:a'), operator('succeed', 'step:a')],
};

describe('the laws of a history', () => {
  it.each(Object.entries(OBEYING))('are all obeyed where %s', (_title, history) => {
    expect(checkLaws(history)).toEqual([]);
  });

  it.each(LAWS.map(({ name, sentence }) => [name, sentence]))('are told apart: %s. %s', (name) => {
    const history = BREAKING[name] ?? [];
    const law = LAWS.find((one) => one.name === name);
    expect(law?.check(history)).toEqual([{ law: name, revision: history.length - 1, message: expect.any(String) }]);
    expect(law?.check(history.slice(0, -1))).toEqual([]);
    for (const obeying of Object.values(OBEYING)) expect(law?.check(obeying)).toEqual([]);
  });

  it('are each broken by one history of this test', () => {
    expect(Object.keys(BREAKING).sort()).toEqual(LAWS.map(({ name }) => name).sort());
  });

  it('cost one pass, however long the history', () => {
    const history: SagaEvent[] = [start];
    for (let at = 0; at < 20_000; at++) history.push(opens(`s${at}`, { after: at === 0 ? [] : [`s${at - 1}`] }), succeeded(`s${at}`));
    const begun = performance.now();
    expect(checkLaws(history)).toEqual([]);
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  it('are broken by a beginning of a history when the whole of it is, since what was wrong stays wrong', () => {
    const history = [...wayBack, compensated, ...wayBack.slice(1)];
    const broken = checkLaws(history);
    for (let length = 1; length <= history.length; length++) {
      expect(checkLaws(history.slice(0, length))).toEqual(broken.filter(({ revision }) => revision < length));
    }
  });
});
