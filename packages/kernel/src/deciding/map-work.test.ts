import { describe, expect, it } from '@jest/globals';
import { decide, fold } from '../decide.js';
import { sagaDefinition } from '../definition/saga-definition.js';
import { initialState } from '../history/initial-state.js';
import type { Outcome } from '../messages.js';
import { outstanding } from '../state/outstanding.js';
import { statusOf } from '../state/saga-status.js';
import type { SagaState } from '../state/state.js';
import { stepGraph } from '../step-graph/step-graph.js';

const DECLINED: Outcome = { type: 'failed', kind: 'business', effect: 'none', error: { name: 'Declined', message: 'no' } };
const run = () => ({ participant: 'p', action: 'a', args: [] });

/** A map whose every access is counted: whoever goes through all of it is counted for each. */
class CountedMap<V> extends Map<string, V> {
  looks = 0;
  override get(key: string): V | undefined {
    this.looks += 1;
    return super.get(key);
  }
  override *values(): MapIterator<V> {
    for (const value of super.values()) {
      this.looks += 1;
      yield value;
    }
  }
}

interface Work {
  readonly events: number;
  readonly eachCalls: number;
  readonly itemCalls: number;
  /** Looks at steps. */
  readonly looks: number;
  /** Timers and commands that decisions found under way, at most. */
  readonly most: number;
}

/** The life of a saga of so many items, all of which succeed or the odd ones of which are let go, and which then goes on or turns back. */
function live(count: number, way: 'forward' | 'back' | 'lossy'): Work {
  let [eachCalls, itemCalls, most] = [0, 0, 0];
  const each = () => {
    eachCalls += 1;
    const items = Array.from({ length: count }, (_, index) => index);
    const ask = (_item: number, index: number) => {
      itemCalls += 1;
      return { ...run(), args: [index] };
    };
    return { items, run: ask };
  };
  const tolerate = { share: 0.5 };
  const definition = sagaDefinition({
    name: 'order',
    version: 1,
    steps: [
      { id: 'first', run },
      { kind: 'map', id: 'many', each, tolerate },
      { id: 'last', run },
    ],
    result: () => 'done',
  });
  const program = stepGraph(definition);
  const steps = new CountedMap<never>();
  let state: SagaState = Object.assign(initialState(), { steps });
  const history = [];
  const identity = { sagaId: 'order-1', incarnation: 'i' };
  const start = { request: 'r', saga: 'order', version: 1, input: {}, inputHash: 'h', ...identity };
  const commands = [];
  let decided = decide(program, state, { type: 'start', at: 0, ...start });
  for (let next = 0; ; next++) {
    state = decided.state;
    history.push(...decided.events);
    commands.push(...outstanding(state, state.revision - decided.events.length));
    most = Math.max(most, state.owed.size, state.timers.size);
    const command = commands[next];
    if (!command) break;
    const { step, round, attempt, operation, purpose, undoRound } = command;
    const fails = (way === 'back' && step === 'last') || (way === 'lossy' && /\/\d*[13579]$/.test(step));
    const outcome: Outcome =
      operation === 'compensation' ? { type: 'undone', executed: true } : fails ? DECLINED : { type: 'succeeded', result: step };
    decided = decide(program, state, {
      type: 'reply',
      at: next,
      ...identity,
      step,
      round,
      attempt,
      operation,
      purpose,
      undoRound,
      outcome,
    });
  }
  expect(statusOf(state)).toBe(way === 'back' ? 'compensated' : 'completed');
  expect(statusOf(fold(history))).toBe(statusOf(state));
  return { events: history.length, eachCalls, itemCalls, looks: steps.looks, most };
}

describe.each(['forward', 'back', 'lossy'] as const)('a saga of many items, %s', (way) => {
  const [few, many] = [live(1_000, way), live(10_000, way)];

  it('asks the definition for its items once, and for each of them once', () => {
    expect(many).toMatchObject({ eachCalls: 1, itemCalls: 10_000 });
  });

  it('looks at its steps a number of times that grows as the items do, and no faster', () => {
    expect(many.looks / many.events).toBeLessThan(40);
    expect(many.looks / many.events).toBeLessThan((few.looks / few.events) * 1.01 + 0.1);
  });

  it('has no more under way than may be at once, so that what is owed and due is found without a search', () => {
    expect(many.most).toBe(20);
  });
});
