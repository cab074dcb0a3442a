import { EnumeratedChoices } from './choices.js';
import type { Coverage } from './coverage.js';
import type { Scenario } from './scenario.js';
import { simulate } from './simulate.js';
import { describeWorld } from './story.js';

export interface Exploration {
  readonly tapes: number;
  /** The first run that broke a law, as a person reads it. */
  readonly broken: string | undefined;
}

/** Every way a small saga can go: all tapes of up to `depth` choices, the rest tame. */
export function explore(scenario: () => Scenario, depth: number, coverage: Coverage = {}): Exploration {
  const choices = new EnumeratedChoices(depth);
  let tapes = 0;
  do {
    const world = simulate(choices, coverage, { scenario: scenario(), moves: depth, repertoire: 'few' });
    tapes += 1;
    if (world.violations.length > 0) return { tapes, broken: `tape ${choices.tape.join(' ')}\n${describeWorld(world)}` };
  } while (choices.next());
  return { tapes, broken: undefined };
}
