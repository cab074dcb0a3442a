/**
 * A program as it would have decided then.
 *
 * Invariants
 * Q1  Times, retry policies, how many items of a map are asked for at once and how many may fail are those on record: a history goes on by what it has
 *     recorded, so that a definition which has others since is none that decides otherwise. Each that differs is noted. So are branches of a choice
 *     that were not taken, and only stand there to be told.
 * Q2  Where the record says that the program failed, it fails with that error: what an engine could not carry out, or a fault that is mended
 *     since, is a fact of the history.
 * Q3  Search attributes are those on record: they decide nothing, and a definition may have others under the same version.
 */
import type { Command, ComputedAttributes, Directive, Program, SagaEvent, SagaState, StepPolicy, StepState } from '@skald/kernel';
import type { CausedEvent } from './causes.js';

type Opened = Extract<SagaEvent, { readonly type: 'TimerSet' | 'SignalAwaited' | 'MapStarted' | 'ChoiceMade' }>;

type Of<Do extends Directive['do']> = Extract<Directive, { readonly do: Do }>;

export class ReplayedProgram implements Program {
  readonly name: string;
  readonly version: number;
  /** What differs and does not matter to what is under way, by step. */
  readonly notes = new Map<string, string>();
  /** Kind of the message that is decided on. */
  cause = '';
  /** First events of steps, and of each wait for a signal. */
  private readonly openings = new Map<string, Opened>();
  private readonly policies = new Map<string, StepPolicy>();

  constructor(
    private readonly program: Program,
    private readonly history: readonly CausedEvent[],
  ) {
    this.name = program.name;
    this.version = program.version;
    for (const { event } of history) this.remember(event);
  }

  private remember(event: CausedEvent['event']): void {
    if (event.type === 'TimerSet' || event.type === 'MapStarted' || event.type === 'ChoiceMade')
      this.openings.set(`${event.data.step}#1`, event);
    else if (event.type === 'SignalAwaited') this.openings.set(`${event.data.step}#${event.data.round}`, event);
    else if (event.type === 'StepRequested' && event.data.opens) {
      const { policy, policyOf = '' } = event.data.opens;
      const known = policy ?? this.policies.get(policyOf);
      if (known) this.policies.set(event.data.step, known);
    }
  }

  /** With the policy itself where the event names the step that had it first. */
  spelledOut(event: SagaEvent): SagaEvent {
    if (event.type !== 'StepRequested' || event.data.opens?.policyOf === undefined) return event;
    const { policyOf, ...opens } = event.data.opens;
    const policy = this.policies.get(policyOf);
    return policy ? { ...event, data: { ...event.data, opens: { ...opens, policy } } } : event;
  }

  next(state: SagaState): readonly Directive[] {
    this.failAsRecorded(state, 'program');
    return this.program.next(state).map((directive) => this.failing(this.asThen(directive, state), state));
  }

  compensation(state: SagaState, step: StepState): Command {
    this.failAsRecorded(state, `compensation:${step.id}`);
    return this.program.compensation(state, step);
  }

  /** Q3 */
  attributes(state: SagaState): ComputedAttributes {
    const next = this.history[state.revision + 1];
    const isNext = next?.event.type === 'AttributesSet' && next.event.at === state.at && next.cause === this.cause;
    if (isNext) return { attributes: next.event.data.attributes, errors: next.event.data.errors ?? {} };
    return { attributes: state.recordedAttributes ?? {}, errors: state.attributeErrors ?? {} };
  }

  /** Q2 */
  private failAsRecorded(state: SagaState, target: string): void {
    const next = this.history[state.revision + 1];
    if (next?.event.type !== 'SagaSuspended' || next.event.data.target !== target) return;
    if (next.event.at !== state.at || next.cause !== this.cause) return;
    const { error } = next.event.data;
    throw Object.assign(new Error(error.message), error);
  }

  /** Items of a map are asked for one after the other, and at each the program may have failed. */
  private failing(directive: Directive, state: SagaState): Directive {
    if (directive.do !== 'items') return directive;
    const command = (index: number): Command => {
      this.failAsRecorded(state, 'program');
      return directive.command(index);
    };
    return { ...directive, command };
  }

  /** Q1 */
  private asThen(directive: Directive, state: SagaState): Directive {
    if ('policy' in directive) {
      // Items of a map share theirs, which the first of them has.
      const then = this.policies.get(directive.do === 'items' ? `${directive.step}/0` : directive.step);
      if (!then || !meansTheSame(then, directive.policy) || textOf(then) === textOf(directive.policy)) return directive;
      this.note(directive.step, 'retries or timeouts are others now; those on record go on to hold');
      return { ...directive, policy: then };
    }
    switch (directive.do) {
      case 'sleep':
        return this.slept(directive, state);
      case 'await':
        return this.awaited(directive, state);
      case 'map':
        return this.mapped(directive, state);
      case 'choose':
        return this.chosen(directive, state);
      default:
        return directive;
    }
  }

  /** What was recorded of a step's beginning, where that was just then: what is wanted at another time was not followed. */
  private openingOf(step: string, { at }: SagaState, round = 1): Opened | undefined {
    const then = this.openings.get(`${step}#${round}`);
    return then?.at === at ? then : undefined;
  }

  private slept(directive: Of<'sleep'>, state: SagaState): Directive {
    const then = this.openingOf(directive.step, state);
    if (then?.type !== 'TimerSet' || then.data.dueAt === directive.until) return directive;
    this.note(directive.step, 'it would wait until another time; the one on record goes on to hold');
    return { ...directive, until: then.data.dueAt };
  }

  private mapped(directive: Of<'map'>, state: SagaState): Directive {
    const then = this.openingOf(directive.step, state);
    if (then?.type !== 'MapStarted') return directive;
    const { concurrency, tolerated } = then.data;
    if (concurrency !== directive.concurrency || tolerated !== directive.tolerated)
      this.note(directive.step, 'as many items at once, and as many that may fail, as on record go on to hold');
    const { fingerprint, ...rest } = directive;
    // It began when it was not yet recorded by what its items can be known again.
    const isUnmarked = then.data.fingerprint === undefined || fingerprint === undefined;
    return { ...rest, concurrency, tolerated, ...(!isUnmarked && { fingerprint }) };
  }

  private chosen(directive: Of<'choose'>, state: SagaState): Directive {
    const then = this.openingOf(directive.step, state);
    if (then?.type !== 'ChoiceMade' || then.data.chosen !== directive.chosen) return directive;
    const { notTaken } = then.data;
    if (notTaken.join() === directive.notTaken.join()) return directive;
    this.note(directive.step, 'it has other branches now; the one that was taken is the same');
    return { ...directive, notTaken };
  }

  private note(step: string, what: string): void {
    this.notes.set(step, `step ${step}: ${what}`);
  }

  private awaited(directive: Of<'await'>, state: SagaState): Directive {
    const round = state.steps.get(directive.step)?.round ?? 1;
    const then = this.openingOf(directive.step, state, round);
    if (then?.type !== 'SignalAwaited') return directive;
    const { dueAt } = then.data;
    const timeout = dueAt === undefined ? undefined : dueAt - state.at;
    if (timeout === directive.timeout) return directive;
    this.note(directive.step, 'it would wait for its signal for another time; the one on record goes on to hold');
    const { timeout: _, ...rest } = directive;
    return timeout === undefined ? rest : { ...rest, timeout };
  }
}

/** Whoever undoes it and whether it is the point of no return are no matter of time. */
function meansTheSame(a: StepPolicy, b: StepPolicy): boolean {
  return a.pivot === b.pivot && a.compensation === b.compensation;
}

function textOf({ timeout, expires, callback, retry, compensationTimeout, compensationRetry }: StepPolicy): string {
  const { attempts, backoff, delay, maxDelay, jitter, on, never } = retry;
  const again = compensationRetry;
  return JSON.stringify([
    ...[
      timeout,
      expires,
      callback?.timeout,
      callback?.heartbeat,
      compensationTimeout,
      attempts,
      backoff,
      delay,
      maxDelay,
      jitter,
      on,
      never,
    ],
    ...[again.attempts, again.backoff, again.delay, again.maxDelay, again.jitter, again.on, again.never],
  ]);
}
