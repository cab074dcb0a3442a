/**
 * The saga that has started the simulated one, as its engine would speak for it: it asks again, wants its child undone, or to know what became
 * of it; and a stranger who takes the child for one of their own.
 *
 * Invariants, reported as violations
 * Y1  A stranger is told that there is another saga of that id, and moves nothing.
 * Y2  Once the parent was told that its child is undone, or never begins, it hears nothing else of it, and nothing of the child goes on.
 * Y3  A success that was told stays one for as long as the parent does not want it undone. Neither Y2 nor Y3 holds of a child that was reopened
 *     for a late success, and then terminated.
 * Y4  Whenever the child ends the parent is told, unless the child is nobody's any more.
 * Y5  In a fair world each question comes to a last word: what became of it, that it is undone, or why it cannot be.
 */
import { type Asked, type Decision, isEnded, type Outcome, report, type SagaState, statusOf } from '@skald/kernel';
import { count } from './coverage.js';
import type { World } from './world.js';

const END = /^Saga(Completed|Compensated|Failed|Cancelled|Terminated)$/;
const PARENT = { sagaId: 'parent-1', incarnation: 'p', step: 'start', round: 1 } as const;

export class ModelParent {
  /** Round of the compensation that was asked for last. */
  private undoRound = 0;
  private attempts = 1;
  /** It was told that the child is undone, or never begins. */
  private isOver = false;
  private wasTold: 'succeeded' | undefined;

  constructor(private readonly world: World) {}

  begin(): void {
    const { world } = this;
    // Once in a while what undoes it comes before what begins it, or instead of it.
    const first = world.choices.pick(16);
    if (first === 15) this.wantItUndone();
    else if (first === 14) this.ask('seal');
    this.ask('action');
  }

  /** One question more. */
  goOn(): void {
    const { choices } = this.world;
    const how = choices.weigh([3, 3, 1, 1]);
    if (how === 0) this.ask('action');
    else if (how === 1) this.wantItUndone();
    else if (how === 2) this.ask('seal');
    else this.beTakenForAnother();
  }

  private wantItUndone(): void {
    const isAgain = this.undoRound > 0 && this.world.choices.pick(3) > 0;
    if (!isAgain) this.undoRound += 1;
    this.ask('compensation', this.undoRound);
  }

  private ask(operation: Asked['operation'], undoRound = 0): Decision {
    const { world } = this;
    this.attempts += 1;
    const decision = world.request(this.question(operation, undoRound));
    const outcome = decision.reply?.outcome;
    if (outcome) this.hear(operation, outcome, decision.state);
    return decision;
  }

  private question(operation: Asked['operation'], undoRound: number): Asked {
    const { scenario, now } = this.world;
    const { name, version, deadline, limits } = scenario.definition;
    return {
      ...{ type: 'asked', at: now, operation, sagaId: 'model-1', saga: name, version, incarnation: 'i', input: {}, inputHash: 'h' },
      ...(deadline !== undefined && { deadline }),
      ...(limits && { limited: true }),
      by: { ...PARENT, attempt: this.attempts, undoRound, ...(scenario.parent === 'detached' && { detached: true }) },
    };
  }

  /** Y1 */
  private beTakenForAnother(): void {
    const { world } = this;
    const operation = (['action', 'compensation', 'seal'] as const)[world.choices.pick(3)] ?? 'action';
    const asked = this.question(operation, operation === 'compensation' ? 1 : 0);
    const { events, reply } = world.request({ ...asked, by: { ...asked.by, step: 'another' } });
    const expected = { action: 'failed', compensation: 'undone', seal: 'sealed' }[operation];
    const isRefused = reply?.outcome.type === expected && events.length === 0;
    if (!isRefused) world.violations.push(`Y1 a stranger's ${operation} was answered ${JSON.stringify(reply?.outcome)}`);
  }

  private hear(operation: Asked['operation'], outcome: Outcome, state: SagaState): void {
    const { world } = this;
    count(world.coverage, `asked for ${operation}: ${outcome.type === 'failed' ? outcome.error.name : outcome.type}`);
    const isDetached = world.scenario.parent === 'detached';
    // Reopened for a late success, it was ended as it stood by a person, whatever was told before.
    if (this.wasEndedOtherwise()) return;
    // What had failed by itself may say that as well.
    const saysSo = outcome.type === 'failed' && outcome.kind === 'business';
    if (this.isOver && !saysSo && !['undone', 'refused', 'sealed'].includes(outcome.type))
      world.violations.push(`Y2 undone, and then ${JSON.stringify(outcome)}`);
    const tellsOver = outcome.type === 'undone' || (outcome.type === 'sealed' && !outcome.doubt);
    if (tellsOver && !isDetached) {
      this.isOver = true;
      const status = statusOf(state);
      if (status === 'completed' || status === 'running' || status === 'throttled') world.violations.push(`Y2 undone, and it is ${status}`);
    }
    if (operation === 'compensation') return;
    if (outcome.type === 'succeeded') this.wasTold = 'succeeded';
    else if (this.wasTold && this.undoRound === 0) world.violations.push(`Y3 it had succeeded, and is ${JSON.stringify(outcome)}`);
  }

  private wasEndedOtherwise(): boolean {
    const ends = this.world.history.filter(({ type }) => END.test(type));
    return ends.length > 1 && ends.at(-1)?.type === 'SagaTerminated';
  }

  /** Y4. What comes of a decision is told unasked, where it is an end. */
  listen({ events, state }: Decision, before: number): void {
    const hasEnded = isEnded(statusOf(state)) && events.some(({ type }) => END.test(type));
    const told = report(state, before);
    if (hasEnded && !told && !state.parent?.detached) this.world.violations.push(`Y4 it is ${statusOf(state)}, and its parent is not told`);
    if (!told) return;
    count(this.world.coverage, `told its parent: ${told.operation} ${told.outcome.type}`);
    if (told.undoRound > this.undoRound) this.world.violations.push(`Y4 a round of undoing is told that was not asked for`);
    this.hear(told.operation, told.outcome, state);
  }

  /** Y5 */
  close(): void {
    const { world } = this;
    if (!isEnded(statusOf(world.state))) return;
    for (const [operation, round] of [
      ['action', 0],
      ['seal', 0],
      ['compensation', this.undoRound],
    ] as const) {
      // To want it undone now would be another story.
      if (operation === 'compensation' && this.undoRound === 0) continue;
      const { reply } = this.ask(operation, round);
      if (reply?.outcome.type === 'deferred') world.violations.push(`Y5 it has ended, and ${operation} is to be answered later`);
    }
  }
}
