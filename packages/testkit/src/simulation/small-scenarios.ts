import { SagaAborted, type StepData, sagaDefinition } from '@skald/kernel';
import type { DrawnCatch } from './drawn-catches.js';
import type { ModelStep, Scenario } from './scenario.js';

type Kind = Exclude<ModelStep['kind'], 'timer' | 'signal' | 'choice' | 'map'>;

interface SmallStep extends Omit<ModelStep, 'compensable'>, DrawnCatch {
  readonly attempts: number;
  readonly callback?: true;
  readonly child?: true;
}

function scenario(...steps: readonly SmallStep[]): Scenario {
  const data = steps.map(({ id, pivot, own, kind, attempts, instead, optional, callback, child }): StepData => {
    const retry = { attempts, delay: 10, jitter: 0 };
    const command = (participant: string) => () => ({ participant, action: id, args: [], ...(child && { child: { version: 1 } }) });
    const caught = { ...(instead !== undefined && { instead }), ...(optional && { optional }) };
    const later = callback && { callback: { timeout: 150, heartbeat: 60 } };
    const options = { pivot, timeout: 100, retry, compensationRetry: retry, ...caught, ...later };
    return { id, ...options, run: command(kind), ...(own && { compensation: { name: `undo ${id}`, run: command('undoer') } }) };
  });
  const definition = sagaDefinition({ name: 'model', version: 1, steps: data });
  return {
    definition,
    repaired: true,
    orderly: true,
    skew: 0,
    steps: new Map(steps.map((step) => [step.id, { ...step, compensable: true }])),
  };
}

const step = (id: string, kind: Kind, attempts: number) => ({ id, kind, attempts, own: false, pivot: false });

/** A signal with a time, between two steps, the second of which comes after a timer too. */
function waiting(): Scenario {
  const retry = { attempts: 1, delay: 10, jitter: 0 };
  const command = (id: string, after: readonly string[]): StepData => ({
    ...{ id, after, timeout: 100, retry, compensationRetry: retry, run: () => ({ participant: 'transactional', action: id, args: [] }) },
  });
  const receive = (payload: unknown): unknown => {
    if (payload === 'no') throw new SagaAborted('no');
    return payload;
  };
  const model = (id: string, kind: ModelStep['kind']) => ({ id, kind, pivot: false, own: false, compensable: kind === 'transactional' });
  const definition = sagaDefinition({
    name: 'model',
    version: 1,
    steps: [
      command('s0', []),
      { kind: 'signal', id: 'told', after: ['s0'], timeout: 150, receive },
      { kind: 'timer', id: 'later', after: [], time: 120 },
      command('s1', ['told', 'later']),
    ],
  });
  const steps = [model('s0', 'transactional'), model('told', 'signal'), model('later', 'timer'), model('s1', 'transactional')];
  return { definition, repaired: true, orderly: true, skew: 0, steps: new Map(steps.map((one) => [one.id, one])) };
}

/** Two items, one at a time, of which one may fail, and a step after them. */
function twoItems(kind: 'transactional' | 'external'): Scenario {
  const retry = { attempts: 1, delay: 10, jitter: 0 };
  const options = { timeout: 100, retry, compensationRetry: retry };
  const run = (_item: number, index: number) => ({ participant: kind, action: `s0/${index}`, args: [] });
  const last: StepData = { id: 's1', ...options, run: () => ({ participant: 'transactional', action: 's1', args: [] }) };
  const steps = [
    { kind: 'map' as const, id: 's0', ...options, each: () => ({ items: [0, 1], run }), concurrency: 1, tolerate: { failures: 1 } },
    last,
  ];
  const model = (id: string, of: ModelStep['kind']): ModelStep => ({ id, kind: of, pivot: false, own: false, compensable: true });
  const models = [model('s0', 'map'), model('s0/0', kind), model('s0/1', kind), model('s1', 'transactional')];
  const definition = sagaDefinition({ name: 'model', version: 1, steps });
  return { definition, repaired: true, orderly: true, skew: 0, steps: new Map(models.map((one) => [one.id, one])) };
}

/** Sagas small enough to take every path through them, by what they are. */
export const SMALL_SCENARIOS: Readonly<Record<string, () => Scenario>> = {
  'one step that its participant undoes': () => scenario(step('s0', 'transactional', 2)),
  'one step at an external participant': () => scenario(step('s0', 'external', 2)),
  'one step that the saga undoes elsewhere': () => scenario({ ...step('s0', 'transactional', 1), own: true }),
  'one step at an external participant that the saga undoes elsewhere': () => scenario({ ...step('s0', 'external', 1), own: true }),
  'one step that somebody outside ends': () => scenario({ ...step('s0', 'transactional', 2), callback: true }),
  'a pivot that somebody outside ends': () => scenario({ ...step('s0', 'transactional', 1), pivot: true, callback: true }),
  'a step that starts a saga': () => scenario({ ...step('s0', 'transactional', 1), child: true }),
  'a step that starts a saga, and a pivot': () =>
    scenario({ ...step('s0', 'transactional', 1), child: true }, { ...step('s1', 'transactional', 1), pivot: true }),
  'a step and a pivot': () => scenario(step('s0', 'transactional', 1), { ...step('s1', 'transactional', 2), pivot: true }),
  'a signal and a timer between two steps': waiting,
  'an external step and its alternative': () => scenario(step('s0', 'external', 1), { ...step('s1', 'transactional', 1), instead: 's0' }),
  'an optional external step before another': () =>
    scenario({ ...step('s0', 'external', 1), optional: true }, step('s1', 'transactional', 1)),
  'a pivot and its alternative': () =>
    scenario({ ...step('s0', 'external', 1), pivot: true }, { ...step('s1', 'transactional', 1), pivot: true, instead: 's0' }),
  'a map of two items, one of which may fail': () => twoItems('transactional'),
  'a map of two items at an external participant': () => twoItems('external'),
  'a step and a pivot of a saga that another has started': () => ({
    ...scenario(step('s0', 'transactional', 1), { ...step('s1', 'transactional', 1), pivot: true }),
    parent: 'waits',
  }),
  'a pivot at an external participant': () => scenario({ ...step('s0', 'external', 1), pivot: true }),
};
