import { describe, expect, it } from '@jest/globals';
import { encodeEvents } from '@skald/engine';
import {
  decide,
  initialState,
  isEnded,
  lint,
  type Message,
  type Program,
  type RecordedEvent,
  type SagaDefinition,
  type SagaEvent,
  statusOf,
  stepGraph,
} from '@skald/kernel';
import { describeWorld, itemModels, type ModelStep, SeededChoices, Simulation } from '@skald/testkit';
import { type Change, drawChange, TITLES } from '../fixtures/drawn-changes.js';
import { replayHistory } from './conform.js';
import { gate } from './gate.js';

const LIVES = Number(process.env['GATE_LIVES'] ?? 6_000);
const FIRST = Number(process.env['GATE_SEED'] ?? 1);

/** What came of one life over which one change was deployed. */
interface Trial {
  readonly change: Change;
  readonly reason: string | undefined;
  /** What contradicts the verdict. */
  readonly lies: readonly string[];
  readonly story: string;
}

/** A random saga lives for a while; then its definition is changed. Undefined where that tells nothing. */
async function trial(seed: number): Promise<Trial | undefined> {
  const choices = new SeededChoices(seed);
  const simulation = new Simulation(choices, {});
  const { world } = simulation;
  const heard: Message[] = [];
  const receive = world.receive.bind(world);
  world.receive = (message) => {
    const decision = receive(message);
    if (decision.events.length > 0) heard.push(message);
    return decision;
  };
  simulation.begin();
  simulation.goOn(choices.pick(24));
  const change = drawChange(world.scenario.definition, choices);
  const isSound = (one: SagaDefinition) => lint(one).every(({ severity }) => severity !== 'error');
  if (!change || isEnded(statusOf(world.state)) || !isSound(world.scenario.definition) || !isSound(change.definition)) return undefined;
  const { definition } = change;
  const verdict = await gate(new Map([['model-1', stored(world.history, world.causes)]]), [{ definition, program: stepGraph(definition) }]);
  const reason = verdict.held[0]?.reason;
  if (reason !== undefined) {
    const at = world.history.length;
    return {
      change,
      reason,
      lies: whyHeld(simulation, change, heard, reason),
      story: `deployed at revision ${at}\n${describeWorld(world)}`,
    };
  }
  // Nobody can see the code of steps whose turn has not come.
  if (change.title.endsWith('code fails')) return { change, reason, lies: [], story: '' };
  const past =
    !failed(world.history) && decidedOtherwise(change, heard, world.history) ? ['it would have decided otherwise on what it was told'] : [];
  const at = world.history.length;
  const lies = [...past, ...carriedOn(simulation, change)];
  return { change, reason, lies, story: `deployed at revision ${at}\n${describeWorld(world)}` };
}

function stored(history: readonly SagaEvent[], causes: readonly string[]): RecordedEvent[] {
  let before = 'model-1';
  return history.map((event, revision) => {
    const [encoded] = encodeEvents([event], causes[revision] ?? '', before);
    if (!encoded) throw new Error('it is one event');
    before = encoded.hash;
    return { ...encoded, stream: 'model-1', revision, position: revision + 1 };
  });
}

/** A saga that is held up would be another one with this definition, or really cannot be undone by it. */
function whyHeld(simulation: Simulation, change: Change, heard: readonly Message[], reason: string): string[] {
  if (reason.includes('could not be undone')) return undone(simulation, change, reason);
  if (change.tuning) return ['what is on record goes on to hold, and it is held up'];
  const { history } = simulation.world;
  return failed(history) || decidedOtherwise(change, heard, history) ? [] : ['it would have decided the same'];
}

/** Really deployed, and turned back: its code must fail. */
function undone(simulation: Simulation, { definition }: Change, reason: string): string[] {
  const { world } = simulation;
  const before = structuredClone(world.state);
  const thrown: string[] = [];
  // Nobody mends it.
  Object.defineProperty(world.scenario, 'repaired', { get: () => false, set: () => {} });
  world.deploy(definition, modelsOf(definition, world.scenario.steps), watched(stepGraph(definition), thrown));
  world.request({ type: 'cancel', at: world.now, request: 'turn back', reason: 'to see', by: 'test' });
  const operator = { type: 'operator', at: world.now, by: 'test', reason: 'to see' } as const;
  if (world.state.parked.has('program')) world.request({ ...operator, request: 'retry', action: 'retry', target: 'program' });
  if (world.state.heldSince !== undefined) world.request({ ...operator, request: 'resume', action: 'resume' });
  simulation.end();
  // What is not known yet may turn out not to have happened, and a pivot to have succeeded.
  const isOpen =
    before.pivotsOpen.size > 0 || [...before.steps.values()].some(({ id, status }) => reason.includes(` ${id} `) && status !== 'succeeded');
  // Or its turn has not come, since what was to be undone before it waits for a person.
  const isStuck = statusOf(world.state) === 'suspended';
  return thrown.length > 0 || isOpen || isStuck ? [] : ['it could be undone'];
}

/** Decided from the beginning on the very messages that the saga had got. */
function decidedOtherwise({ definition, tuning }: Change, heard: readonly Message[], history: readonly SagaEvent[]): boolean {
  // Where times are others, what was due then would not be now.
  if (tuning) return false;
  const program = stepGraph(definition);
  let state = initialState();
  let at = 0;
  for (const message of heard) {
    const decision = decide(program, state, message);
    state = decision.state;
    const then = history.slice(at, at + decision.events.length);
    at += decision.events.length;
    if (JSON.stringify(decision.events.map(essence)) !== JSON.stringify(then.map(essence))) return true;
  }
  return at !== history.length;
}

/** What failed then and is mended now is no difference; whoever decides again knows nothing of what failed. */
function failed(history: readonly SagaEvent[]): boolean {
  return history.some(({ type, data }) => type === 'SagaSuspended' && !data.target.startsWith('step:'));
}

/** Without what tells only. */
function essence({ type, at, data }: SagaEvent): unknown {
  if (type === 'ChoiceMade') return { type, at, data: { ...data, notTaken: undefined } };
  return { type, at, data };
}

/** Really deployed, in a world that goes on misbehaving: it must come to its end, obey all laws, and be a life that this definition leads. */
function carriedOn(simulation: Simulation, { definition, tuning }: Change): string[] {
  const { world } = simulation;
  const thrown: string[] = [];
  const program = watched(stepGraph(definition), thrown);
  world.scenario.repaired = true;
  world.deploy(definition, modelsOf(definition, world.scenario.steps), program);
  world.wake();
  simulation.goOn(world.choices.pick(16));
  simulation.end();
  const caused = world.history.map((event, nth) => ({ event, cause: world.causes[nth] ?? '', replay: 0 }));
  const { difference } = replayHistory(caused, stepGraph(definition));
  const whole = difference && !tuning ? [`its life is none of this definition: ${JSON.stringify(difference)}`] : [];
  return [...thrown, ...world.violations, ...whole];
}

function watched(program: Program, thrown: string[]): Program {
  const told = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      thrown.push(`its code threw: ${String(error)}`);
      throw error;
    }
  };
  return {
    ...program,
    next: (state) => told(() => program.next(state)),
    compensation: (state, step) => told(() => program.compensation(state, step)),
  };
}

/** What the steps are to the participants of the model. */
function modelsOf(definition: SagaDefinition, known: ReadonlyMap<string, ModelStep>): Map<string, ModelStep> {
  const models = new Map<string, ModelStep>();
  for (const step of definition.steps) {
    const { id, kind } = step;
    const isCommand = kind === 'command';
    const asks = isCommand || kind === 'map';
    const old = known.get(id);
    const own = asks && step.compensation !== undefined;
    const model: ModelStep = {
      ...{ id, probe: false, ...old, pivot: isCommand && step.pivot, own },
      kind: isCommand ? (old?.kind === 'external' ? 'external' : 'transactional') : kind,
      compensable: asks && (own || (old?.compensable ?? true)),
    };
    models.set(id, model);
    const item = known.get(`${id}/0`)?.kind === 'external' ? 'external' : 'transactional';
    if (kind === 'map') for (const one of itemModels(model, item)) models.set(one.id, one);
  }
  return models;
}

describe('The verdict of the gate', () => {
  // More of them: GATE_LIVES=100000 GATE_SEED=1000000 npm test -- gate-truth
  it(`is true of random sagas at random places, whose definitions are changed at random and really deployed (${LIVES} lives)`, async () => {
    const seen = new Map(TITLES.map((title) => [title, { may: 0, held: 0 }]));
    for (let seed = FIRST; seed < FIRST + LIVES; seed++) {
      const made = await trial(seed);
      if (!made) continue;
      const { change, reason, lies, story } = made;
      if (lies.length > 0) throw new Error(`seed ${seed}: ${change.title}\n${reason ?? 'it may go on'}\n${lies.join('\n')}\n${story}`);
      const count = seen.get(change.title);
      if (count) count[reason === undefined ? 'may' : 'held'] += 1;
    }
    expect([...seen].filter(([, { may }]) => may === 0).map(([title]) => title)).toEqual([]);
    expect([...seen.values()].reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(LIVES / 20);
  });
});
