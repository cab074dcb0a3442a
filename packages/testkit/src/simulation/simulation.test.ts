import { describe, expect, it } from '@jest/globals';
import { lint } from '@skald/kernel';
import * as fc from 'fast-check';
import { EnumeratedChoices, SeededChoices, TapeChoices } from './choices.js';
import type { Coverage } from './coverage.js';
import { explore } from './explore.js';
import { drawScenario } from './scenario.js';
import { simulate } from './simulate.js';
import { SMALL_SCENARIOS } from './small-scenarios.js';
import { describeWorld } from './story.js';

const RUNS = 20_000;

/** Where a bug would hide. A generator that stops reaching one of these proves nothing about it. */
const HARD_CASES = [
  ...['attributes set', 'attributes set, one in error'],
  ...['end: completed', 'end: compensated', 'end: failed', 'end: cancelled', 'end: terminated', 'end: suspended'],
  ...['ended again: SagaCompleted', 'ended again: SagaCompensated', 'ended again: SagaFailed', 'ended again: SagaCancelled'],
  ...['late success', 'late success, after the end', 'success after undo', 'success after undo, after the end', 'undone once more'],
  ...[
    'sealed',
    'sealed in doubt',
    'seal failed',
    'seal gave up',
    'own compensation',
    'undo executed',
    'undo found nothing',
    'undo gave up',
  ],
  ...['step failed: business, effect none', 'step failed: technical, effect none', 'step failed: technical, effect unknown'],
  ...['step timed out', 'step retried', 'new round of a step', 'step skipped by its guard'],
  ...['suspended: step', 'suspended: compensation', 'suspended: program', 'suspended: compensation, after the end'],
  ...['operator: retry step', 'operator: skip step', 'operator: succeed step', 'operator: fail step', 'operator: retry compensation'],
  ...['operator: skip compensation', 'operator: succeed compensation', 'operator: retry program', 'operator: suspend', 'operator: resume'],
  ...['operator: patch step', 'operator: patch compensation', 'patched, its key to be closed first', 'patched, and had happened'],
  ...['patched and asked anew', 'operator: deadline', 'refused for good: resume', 'refused for good: retry'],
  ...['slot granted', 'ended without a slot: cancelled', 'ended without a slot: failed', 'ended without a slot: terminated'],
  ...['timer set', 'timer fired', 'timer whose time has come', 'timer stopped', 'operator: move step'],
  ...['signal received', 'signal early', 'signal repeated', 'signal taken', 'signal said no', 'signal discarded', 'signal stopped'],
  ...['signal step timed out', 'signal step skipped at its timeout', 'signal awaited anew'],
  ...['signal refused: saga-ended', 'signal refused: already-compensating'],
  ...['expired, effect none', 'expired, effect unknown', 'expired and tried again'],
  ...['caught, and done without', 'caught, with a step in its place', 'alternative not needed', 'resolved before the verdict'],
  ...['caught in doubt', 'pivot caught', 'caught past the pivot', 'fallback began', 'turned back after a failure was caught'],
  ...['success of a step that was caught'],
  ...['probe: happened', 'probe: did not', 'probe: cannot tell', 'probe: fails', 'probed, and went on'],
  ...['choice took x', 'choice took y', 'choice took z', 'branch not taken', 'choice-ambiguous', 'choice-undecided'],
  ...['map begun', 'map without items', 'map completed', 'map completed without some', 'map failed', 'map caught'],
  ...['map stopped: cancelled', 'map stopped: deadline', 'map stopped: failed', 'item let go', 'success of an item that was let go'],
  ...['item waits for a person', 'item waits for a person on its way back', 'item undone, and the saga goes on'],
  ...['operator: retry item', 'operator: skip item', 'operator: succeed item'],
  ...['step deferred', 'task completed', 'task failed', 'task completed before the word later', 'task repeated', 'deferred too long'],
  ...['heartbeat recorded', 'heartbeat not recorded', 'heartbeat missed', 'turned back while a step was deferred'],
  ...['deferred when the saga had turned back', 'task over: it has been used already', 'task over: the saga has turned back'],
  ...['task over: the saga knows of no such task', 'task over: the saga has ended', 'operator: succeed step', 'operator: fail step'],
  ...['child: StepDeferred', 'child: StepSucceeded', 'child: StepFailed', 'child: StepFailed ChildTerminated', 'child: StepSealed'],
  ...['child: CompensationSucceeded', 'child: CompensationFailed ChildPastPivot', 'child: CompensationFailed ChildTerminated'],
  ...['child asked again: step', 'child asked again: compensation'],
  ...['asked for action: deferred', 'asked for action: succeeded', 'asked for action: refused', 'asked for action: ChildTerminated'],
  ...['asked for action: ChildCancelled', 'asked for action: DeadlinePassed', 'asked for seal: sealed', 'asked for seal: succeeded'],
  ...['asked for compensation: undone', 'asked for compensation: deferred', 'asked for compensation: ChildPastPivot'],
  ...['asked for compensation: ChildTerminated', 'told its parent: compensation undone', 'told its parent: compensation failed'],
  ...['told its parent: action succeeded', 'told its parent: action failed', 'turned back: withdrawn'],
  ...['CancelRequested', 'CancelRefused', 'deadline', 'deadline past the pivot', 'crash', 'fault'],
  ...['note: duplicate', 'note: stray', 'note: conflict'],
];

describe('a saga in a hostile world', () => {
  it(`obeys every law in ${RUNS} random lives, and meets every hard case in them`, () => {
    const coverage: Coverage = {};
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = simulate(new SeededChoices(seed), coverage);
      if (world.violations.length > 0) throw new Error(`seed ${seed}\n${describeWorld(world)}`);
    }
    expect(HARD_CASES.filter((name) => !coverage[name])).toEqual([]);
  }, 60_000);

  it('obeys every law after every decision, and folds to the state that decided (shrinks to the shortest tape that does not)', async () => {
    const tape = fc.array(fc.nat({ max: 1_000 }), { maxLength: 400, size: 'max' });
    await fc.assert(
      fc.property(tape, (numbers) => {
        const world = simulate(new TapeChoices(numbers), {}, { thorough: true });
        if (world.violations.length > 0) throw new Error(describeWorld(world));
      }),
      { numRuns: 1_000, seed: 42 },
    );
  }, 60_000);

  it.each(Object.entries(SMALL_SCENARIOS))(
    'obeys every law on every path of up to five choices: %s',
    (_title, scenario) => {
      const { tapes, broken } = explore(scenario, 5);
      expect(broken).toBeUndefined();
      expect(tapes).toBeGreaterThan(5_000);
    },
    60_000,
  );
});

describe('the scenarios of a simulation', () => {
  it('have nothing that the linter refuses, but where they are disorderly on purpose', () => {
    const drawn = Array.from({ length: 2_000 }, (_, seed) => drawScenario(new SeededChoices(seed + 1)));
    const orderly = drawn.filter((scenario) => scenario.orderly);
    expect(orderly.flatMap(({ definition }) => lint(definition)).filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(orderly.length).toBeGreaterThan(1_500);
    expect(orderly.length).toBeLessThan(drawn.length);
  });
});

describe('the choices of a simulation', () => {
  it('are the same for the same seed', () => {
    const draw = (): number[] => {
      const choices = new SeededChoices(7);
      return Array.from({ length: 20 }, () => choices.pick(100));
    };
    expect(draw()).toEqual(draw());
  });

  it('are tame once the tape is at its end', () => {
    const choices = new TapeChoices([5, 12]);
    expect([choices.pick(10), choices.pick(10), choices.pick(10), choices.weigh([1, 9])]).toEqual([5, 2, 0, 0]);
  });

  it('are enumerated without a repeat and without an omission', () => {
    const choices = new EnumeratedChoices(3);
    const seen: string[] = [];
    do seen.push([choices.pick(2), choices.pick(3), choices.pick(2), choices.pick(5)].join(''));
    while (choices.next());
    expect(new Set(seen).size).toBe(12);
    expect(seen).toHaveLength(12);
  });
});
