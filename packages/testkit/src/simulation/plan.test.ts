import { describe, expect, it } from '@jest/globals';
import {
  type CommandMessage,
  decide,
  fold,
  type Message,
  type Outcome,
  outstanding,
  plan,
  type SagaState,
  type Target,
} from '@skald/kernel';
import { disturb } from './adversary.js';
import { SeededChoices } from './choices.js';
import { drawScenario } from './scenario.js';
import { describeWorld } from './story.js';
import { World } from './world.js';

const LIVES = 8_000;
const REFUSED = { name: 'Refused by the plan', message: 'no' };

/** The way back as it really goes, when everybody answers at the same time and nobody fails. */
class RealWayBack {
  state: SagaState;
  #requests = 0;

  constructor(private readonly world: World) {
    this.state = fold(world.history);
  }

  say(message: Message): void {
    this.state = decide(this.world.program, this.state, message).state;
  }

  cancel(): void {
    this.say({ type: 'cancel', at: this.world.now, request: 'plan', reason: 'because', by: 'caller' });
  }

  operate(action: 'retry' | 'resume', target?: Target): void {
    const request = `plan ${++this.#requests}`;
    this.say({ type: 'operator', at: this.world.now, request, action, by: 'o', reason: 'r', ...(target && { target }) });
  }

  answer(command: CommandMessage, outcome: Outcome): void {
    this.say({ type: 'reply', at: this.world.now, ...command, outcome });
  }

  /** In flight, and not for being undone: pivots do not happen, everything else does. */
  answerWhatIsInFlight(): void {
    for (let round = 0; round < 10; round++) {
      const awaited = outstanding(this.state).filter((command) => command.purpose === 'step' && !this.undoes(command));
      const deferred = [...this.state.steps.values()].filter(({ status, policy }) => status === 'deferred' && policy?.pivot);
      if (awaited.length + deferred.length === 0) return;
      for (const { id, round: of } of deferred) this.failByToken(id, of);
      for (const command of awaited) this.answer(command, this.outcomeOf(command));
    }
  }

  failByToken(step: string, round: number): void {
    const { incarnation } = this.state;
    const request = `plan ${++this.#requests}`;
    this.say({ type: 'task', at: this.world.now, request, incarnation, step, round, action: 'fail', error: REFUSED });
  }

  levels(): string[][] {
    const levels: string[][] = [];
    for (;;) {
      const level = new Set(outstanding(this.state).map(({ step }) => step));
      if (level.size === 0) return levels;
      levels.push([...level].sort());
      // A seal comes before its undo, and a crossed success has it undone twice: one level all the same.
      for (let again = 0; again < 6; again++) {
        for (const command of outstanding(this.state)) if (level.has(command.step)) this.answer(command, this.outcomeOf(command));
      }
    }
  }

  /** A seal that its undo waits for. */
  private undoes({ operation, step }: CommandMessage): boolean {
    const { phase, pivotsOpen } = this.state;
    return operation === 'seal' && !pivotsOpen.has(step) && phase !== 'running';
  }

  private outcomeOf({ operation, purpose, step }: CommandMessage): Outcome {
    if (operation === 'compensation') return { type: 'undone', executed: true };
    if (purpose === 'step' && this.state.steps.get(step)?.policy?.pivot) {
      return operation === 'seal' ? { type: 'sealed' } : { type: 'failed', kind: 'business', error: REFUSED, effect: 'none' };
    }
    return { type: 'succeeded', result: step };
  }
}

/** All goes well, so that much has been done. */
function goOn(world: World): void {
  world.participants.fair = true;
  if (world.state.slot === 'asked') world.receive({ type: 'slot', at: world.now });
  if (world.commands.length > 0 && world.choices.pick(2) === 0) world.deliverCommand(0);
  else if (world.replies.length > 0) world.deliverReply(0);
  else if (world.participants.runs.length > 0) world.answered(world.participants.finish(0, world.now));
}

describe('the plan of a cancel', () => {
  it(`says in which order the kernel really undoes, in ${LIVES} random lives at random moments`, () => {
    const met = {
      cancelled: 0,
      refused: 0,
      turnedBack: 0,
      deep: 0,
      sealedFirst: 0,
      stopped: 0,
      awaited: 0,
      pending: 0,
      child: 0,
      begun: 0,
    };
    for (let seed = 1; seed <= LIVES; seed++) {
      const choices = new SeededChoices(seed);
      const world = new World(drawScenario(choices), choices, {});
      world.start();
      for (let moves = choices.pick(40); moves > 0; moves--) seed % 3 === 0 ? disturb(world) : goOn(world);
      world.scenario.repaired = true;
      const before = JSON.stringify([...world.state.steps.values()]);
      const planned = plan(world.state, world.scenario.definition);
      expect(JSON.stringify([...world.state.steps.values()])).toBe(before);
      const real = new RealWayBack(world);
      const turnedBack = world.state.phase === 'compensating' || world.state.reopened || world.state.cancel !== undefined;
      if (planned.cancel.accepted) real.cancel();
      else if (!turnedBack) {
        met.refused += 1;
        expect(planned.levels).toEqual([]);
        real.cancel();
        expect(real.state.cancel).toBe(world.state.cancel);
        continue;
      }
      if (real.state.heldSince !== undefined) real.operate('resume');
      for (const target of [...real.state.parked.keys()]) real.operate('retry', target);
      // What pauses between two attempts is of the level that is asked now, and would be asked later here.
      if ([...real.state.steps.values()].some(({ undo, status }) => undo?.status === 'backoff' || status === 'seal-backoff')) continue;
      real.answerWhatIsInFlight();
      const levels = real.levels();
      const expected = planned.levels.map((level) => level.map(({ step }) => step).sort());
      // Which items of a map come first depends on when those in flight are answered.
      const isOpen = [...world.state.maps.values()].some(({ atWork }) => atWork > 0);
      const told = (all: readonly (readonly string[])[]): string => JSON.stringify(isOpen ? all.flat().sort() : all);
      if (told(levels) !== told(expected))
        throw new Error(
          `seed ${seed}: planned ${JSON.stringify(planned)}, and was undone ${JSON.stringify(levels)}\n${describeWorld(world)}`,
        );
      met[turnedBack ? 'turnedBack' : 'cancelled'] += 1;
      if (levels.length > 2) met.deep += 1;
      if (planned.levels.flat().some(({ sealedFirst }) => sealedFirst)) met.sealedFirst += 1;
      if (planned.levels.flat().some(({ how }) => how.by === 'child')) met.child += 1;
      if (planned.levels.flat().some(({ because }) => because === 'begun')) met.begun += 1;
      for (const what of ['stopped', 'awaited'] as const) if (planned[what].length > 0) met[what] += 1;
      if (planned.cancel.accepted && planned.cancel.pending.length > 0) met.pending += 1;
    }
    for (const [what, times] of Object.entries(met)) expect(`${what} ${times > 10 ? 'often' : times}`).toBe(`${what} often`);
  }, 240_000);
});
