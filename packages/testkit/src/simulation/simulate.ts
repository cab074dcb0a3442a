import { disturb } from './adversary.js';
import { catchViolations } from './catch-violations.js';
import { choiceViolations } from './choice-violations.js';
import type { Choices } from './choices.js';
import { closeFairly } from './closing.js';
import { type Coverage, countHistory } from './coverage.js';
import { countMaps } from './map-coverage.js';
import { mapViolations } from './map-violations.js';
import { realWorldViolations } from './real-world-laws.js';
import { drawScenario, type Scenario } from './scenario.js';
import { World, type WorldOptions } from './world.js';

export interface SimulationOptions extends WorldOptions {
  /** Instead of a random one. */
  readonly scenario?: Scenario;
  /** For how long the world misbehaves, in moves. Default: drawn, up to 48. */
  readonly moves?: number;
  readonly repertoire?: 'many' | 'few';
}

/** One saga from its start to its end in a hostile world. Answers everything that went wrong, with the world to look at. */
export function simulate(choices: Choices, coverage: Coverage, options: SimulationOptions = {}): World {
  const simulation = new Simulation(choices, coverage, options);
  simulation.begin();
  simulation.goOn(options.moves ?? 8 + choices.pick(40));
  return simulation.end();
}

/** The same in parts, for whoever has something to do in between. */
export class Simulation {
  readonly world: World;

  constructor(
    choices: Choices,
    private readonly coverage: Coverage,
    private readonly options: SimulationOptions = {},
  ) {
    this.world = new World(options.scenario ?? drawScenario(choices), choices, coverage, options);
  }

  begin(): void {
    this.world.start();
  }

  /** For so many moves the world misbehaves. */
  goOn(moves: number): void {
    for (let move = 0; move < moves; move++) disturb(this.world, this.options.repertoire);
  }

  /** The world becomes fair, and the saga comes to its end. */
  end(): World {
    const { world, coverage } = this;
    closeFairly(world);
    world.violations.push(...world.participants.violations, ...realWorldViolations(world));
    world.violations.push(...catchViolations(world.scenario.definition.steps, world.history));
    world.violations.push(...choiceViolations(world.scenario.definition.steps, world.history));
    for (const [name, times] of Object.entries(world.participants.probes)) coverage[name] = (coverage[name] ?? 0) + times;
    world.violations.push(...mapViolations(world.scenario.definition.steps, world.history));
    countHistory(coverage, world.history, world.state);
    countMaps(coverage, world.history);
    return world;
  }
}
