/**
 * A participant at work: commands in, replies out.
 *
 * Invariants
 * P1  A reply is sent only after the fence says durably what it says.
 * P2  A command is acknowledged only after its reply is with the bus; the next commands do not wait for that.
 * P3  Commands of one key are carried out one after the other; of different keys together.
 * P4  A command that breaks the transaction it shares with others, or that waits, holds up no other.
 */
import { type Clock, type CommandMessage, type Fence, type Ids, type MessageBus, type Outcome, SkaldError } from '@skald/kernel';
import type { CrashPoints } from '../crash-points.js';
import type { Observer } from '../observer.js';
import { Pauses } from '../pauses.js';
import { publishOr, untold } from '../refused-messages.js';
import { WorkLoop } from '../work-loop.js';
import { Actions, type ParticipantDefinition } from './actions.js';
import { type Admitted, admitAll, type Effect, prepare, settleAll, takeEffect } from './external.js';
import { commandOf, distinct, type Job } from './jobs.js';
import { KeyWaits } from './key-waits.js';
import { EXPRESS_NEEDS_FENCE, failed, replyTo } from './replies.js';
import { Room } from './room.js';
import { type Carried, runTransactional } from './transactional.js';

export interface RunnerPorts {
  readonly bus: MessageBus;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly observer: Required<Observer>;
  readonly crashPoints: CrashPoints;
}

export interface RunnerOptions {
  /** Commands in one transaction. */
  readonly batch: number;
  /** How long an action of an external participant may run before it counts as interrupted, in milliseconds. */
  readonly lease: number;
  /** Commands carried out at the same time; default: as many as there are. */
  readonly inFlight?: number | undefined;
}

type Answer = { readonly job: Job; readonly outcome: Outcome };

interface Ended {
  readonly job: Job;
  readonly effect: Effect;
}

/** Before what failed is tried again, in milliseconds. */
const PAUSE = 1_000;

export class ParticipantRunner {
  private readonly actions: Actions;
  private readonly commands: WorkLoop<Job>;
  private readonly effects: WorkLoop<Ended>;
  private readonly answers: WorkLoop<Answer>;
  private readonly busy = new Set<Promise<void>>();
  /** P3: keys whose command has a session of its own now. */
  private readonly underWay = new Set<string>();
  private readonly waits: KeyWaits;
  private readonly room: Room<Job>;
  private readonly pauses: Pauses;

  constructor(
    definition: ParticipantDefinition,
    instance: object,
    private readonly fence: Fence,
    private readonly ports: RunnerPorts,
    private readonly options: RunnerOptions,
  ) {
    this.actions = new Actions(definition, instance);
    this.commands = new WorkLoop(options.batch, (jobs) => this.work(jobs));
    this.effects = new WorkLoop(options.batch, (over) => this.settle(over));
    this.answers = new WorkLoop(options.batch, (all) => this.answer(all));
    this.waits = new KeyWaits(ports.clock);
    this.pauses = new Pauses(ports.clock);
    this.room = new Room(options.inFlight ?? Number.POSITIVE_INFINITY, (next) => this.commands.pushFirst(next));
  }

  deliver(batch: readonly Job[]): void {
    this.commands.push(batch);
  }

  /** Resolves when nothing runs any more and what ran is recorded; what was not carried out stays with the bus. */
  async stop(): Promise<void> {
    this.pauses.end();
    await this.commands.stop();
    await Promise.all(this.busy);
    await this.effects.idle();
    await this.answers.idle();
    this.waits.stop();
  }

  private async work(jobs: Job[]): Promise<void> {
    this.ports.crashPoints.reach('participant:taken');
    if (this.fence.kind === 'external') return this.workExternally(await this.refuseExpress(jobs));
    if ((this.fence.concurrency ?? 1) > 1) return this.workApart(jobs);
    this.answers.push(this.settled(jobs, await this.transact(jobs.map(commandOf))));
  }

  /** P3: where the fence runs several sessions at the same time each command has its own, and none waits for the slowest of its batch. */
  private workApart(jobs: readonly Job[]): void {
    for (const job of this.room.enter(jobs)) {
      if (!this.underWay.has(commandOf(job).key)) this.inBackground(this.workAlone(job).finally(() => this.room.leave(1)));
      else {
        this.later(job, this.ports.clock.now() + this.options.lease);
        this.room.leave(1);
      }
    }
  }

  private async workAlone(job: Job): Promise<void> {
    const { key } = commandOf(job);
    this.underWay.add(key);
    const carried = await this.transact([commandOf(job)]);
    this.underWay.delete(key);
    this.waits.release(key);
    this.answers.push(this.settled([job], carried));
  }

  /** What is to be answered; what somebody else is at is asked again. */
  private settled(jobs: readonly Job[], carried: readonly Carried[]): Answer[] {
    return jobs.flatMap((job, at) => {
      const one = carried[at];
      if (one && 'until' in one) this.later(job, one.until);
      return one && 'outcome' in one ? [{ job, outcome: one.outcome }] : [];
    });
  }

  private later(job: Job, until: number): void {
    this.waits.add(commandOf(job).key, until, () => this.commands.push([job]));
  }

  private inBackground(run: Promise<void>): void {
    this.busy.add(run);
    void run.finally(() => this.busy.delete(run));
  }

  private async transact(commands: readonly CommandMessage[]): Promise<Carried[]> {
    const tried = await this.attempt(commands);
    return 'carried' in tried ? tried.carried : this.halve(commands, tried.error);
  }

  private async attempt(commands: readonly CommandMessage[]): Promise<{ carried: Carried[] } | { error: unknown }> {
    try {
      return { carried: await runTransactional(this.fence, this.actions, commands, this.ports.clock, this.ports.crashPoints) };
    } catch (error) {
      return { error };
    }
  }

  /**
   * P4: one command may have broken the transaction of all; each half alone shows in which it is. Where both fail, it is the fence, and the
   * orchestrator's policies say when to try again.
   */
  private async halve(commands: readonly CommandMessage[], error: unknown): Promise<Carried[]> {
    const middle = Math.ceil(commands.length / 2);
    const halves = commands.length > 1 ? [commands.slice(0, middle), commands.slice(middle)] : [];
    const tries = [];
    for (const half of halves) tries.push({ half, tried: await this.attempt(half) });
    const errors = tries.flatMap(({ tried }) => ('error' in tried ? [tried.error] : []));
    if (errors.length === tries.length) return this.fenceFailed(commands, error, ...errors).map((outcome) => ({ outcome }));
    const carried: Carried[] = [];
    for (const { half, tried } of tries) carried.push(...('carried' in tried ? tried.carried : await this.halve(half, tried.error)));
    return carried;
  }

  private async refuseExpress(jobs: Job[]): Promise<Job[]> {
    const express = jobs.filter((job) => commandOf(job).replyTo !== undefined);
    if (express.length === 0) return jobs;
    await this.reply(
      express,
      express.map(() => EXPRESS_NEEDS_FENCE),
    );
    return jobs.filter((job) => !express.includes(job));
  }

  private async workExternally(jobs: Job[]): Promise<void> {
    const placed = this.room.enter(jobs);
    const { now, later } = distinct(placed);
    // What is not begun leaves its place at the end; what is begun, when it is over.
    let begun = 0;
    try {
      begun = await this.admit(now);
    } finally {
      this.room.leave(placed.length - begun);
    }
    this.commands.push(later);
  }

  /** Answers how many are begun. */
  private async admit(now: readonly Job[]): Promise<number> {
    const { clock, ids, crashPoints } = this.ports;
    const prepared = await Promise.all(now.map((job) => prepare(this.actions, commandOf(job))));
    const lease = { now: clock.now(), until: clock.now() + this.options.lease, newToken: () => ids.unique() };
    let admitted: Admitted[];
    try {
      admitted = await admitAll(this.fence, this.actions, prepared, lease);
    } catch (error) {
      await this.reply(now, this.fenceFailed(now.map(commandOf), error));
      return 0;
    }
    let begun = 0;
    crashPoints.reach('participant:executed');
    const answered: Job[] = [];
    const outcomes: Outcome[] = [];
    for (const [at, one] of admitted.entries()) {
      const job = now[at];
      if (!job) continue;
      if (one.verdict.do === 'answer') {
        answered.push(job);
        outcomes.push(one.verdict.outcome);
      } else if (one.verdict.do === 'wait') this.waits.add(one.command.key, one.verdict.until, () => this.commands.push([job]));
      else {
        this.inBackground(this.carryOut(job, one));
        begun += 1;
      }
    }
    if (answered.length > 0) await this.reply(answered, outcomes);
    return begun;
  }

  private async carryOut(job: Job, admitted: Admitted): Promise<void> {
    const effect = await takeEffect(this.actions, admitted);
    this.room.leave(1);
    this.effects.push([{ job, effect }]);
  }

  private async settle(over: Ended[]): Promise<void> {
    const { clock, observer } = this.ports;
    const jobs: Job[] = [];
    const outcomes: Outcome[] = [];
    try {
      const settled = await settleAll(
        this.fence,
        over.map(({ effect }) => effect),
        clock.now(),
      );
      for (const [at, one] of settled.entries()) {
        const ended = over[at];
        if (!ended) continue;
        if ('until' in one) this.waits.add(ended.effect.command.key, one.until, () => this.effects.push([ended]));
        else {
          jobs.push(ended.job);
          outcomes.push(one.outcome);
        }
      }
    } catch (error) {
      observer.troubled(`participant ${this.actions.definition.name} cannot record what it did; it is tried again`, error);
      await this.pauses.wait(PAUSE);
      if (!this.pauses.isOver) this.effects.pushFirst(over);
      return;
    }
    if (jobs.length > 0) await this.reply(jobs, outcomes);
    for (const job of jobs) this.waits.release(commandOf(job).key);
  }

  private async answer(all: readonly Answer[]): Promise<void> {
    const [jobs, outcomes] = [all.map(({ job }) => job), all.map(({ outcome }) => outcome)];
    if (jobs.length > 0) await this.reply(jobs, outcomes);
  }

  /** Until the bus has them: what they say is in the fence, and nobody else would say it before the step's timeout. */
  private async reply(jobs: readonly Job[], outcomes: readonly Outcome[]): Promise<void> {
    const { bus, crashPoints, observer } = this.ports;
    crashPoints.reach('participant:committed');
    const replies = jobs.map((job, at) => replyTo(commandOf(job), outcomes[at] ?? failed('no outcome', 'unknown')));
    for (;;) {
      try {
        await publishOr(bus, replies, (one, reason) => {
          observer.troubled(`participant ${this.actions.definition.name} cannot tell an outcome`, reason, one.message.sagaId);
          return untold(one, reason);
        });
        break;
      } catch (error) {
        observer.troubled(`participant ${this.actions.definition.name} cannot send its replies; it is tried again`, error);
        await this.pauses.wait(PAUSE);
        if (this.pauses.isOver) return;
      }
    }
    crashPoints.reach('participant:replied');
    for (const job of jobs) job.done();
  }

  /** Rolled back, nothing happened; unless the fence does not know whether it was. */
  private fenceFailed(commands: readonly CommandMessage[], ...errors: readonly [unknown, ...unknown[]]): Outcome[] {
    const unknown = errors.find((error) => error instanceof SkaldError && error.code === 'fence-unknown');
    const shown = unknown ?? errors[0];
    this.ports.observer.troubled(
      `participant ${this.actions.definition.name}: its fence failed; the commands are answered as failed`,
      shown,
    );
    return commands.map(() => failed(shown, unknown ? 'unknown' : 'none'));
  }
}
