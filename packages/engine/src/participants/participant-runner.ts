/**
 * A participant at work: commands in, replies out.
 *
 * Invariants
 * P1  A reply is sent only after the fence says durably what it says.
 * P2  A command is acknowledged only after its reply is with the bus.
 * P3  Commands of one key are carried out one after the other; of different keys together.
 * P4  A command that breaks the transaction it shares with others, or that waits, holds up no other.
 */
import {
  type Clock,
  type CommandMessage,
  type Delivery,
  type Fence,
  type Ids,
  type MessageBus,
  type Outcome,
  type ParticipantMessage,
  type Reply,
  SkaldError,
} from '@skald/kernel';
import type { CrashPoints } from '../crash-points.js';
import type { Observer } from '../observer.js';
import { WorkLoop } from '../work-loop.js';
import { Actions, type ParticipantDefinition } from './actions.js';
import { type Admitted, admitAll, type Effect, prepare, settleAll, takeEffect } from './external.js';
import { KeyWaits } from './key-waits.js';
import { runTransactional } from './transactional.js';

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
}

type Job = Delivery<ParticipantMessage>;

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
  private readonly busy = new Set<Promise<void>>();
  private readonly waits: KeyWaits;
  private readonly pauses = new Set<() => void>();
  private stopping = false;

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
    this.waits = new KeyWaits(ports.clock);
  }

  deliver(batch: readonly Job[]): void {
    this.commands.push(batch);
  }

  /** Resolves when nothing runs any more and what ran is recorded; what was not carried out stays with the bus. */
  async stop(): Promise<void> {
    this.stopping = true;
    for (const end of this.pauses) end();
    await this.commands.stop();
    await Promise.all(this.busy);
    await this.effects.idle();
    this.waits.stop();
  }

  private async work(jobs: Job[]): Promise<void> {
    this.ports.crashPoints.reach('participant:taken');
    if (this.fence.kind === 'external') return this.workExternally(jobs);
    await this.reply(jobs, await this.transact(jobs.map(commandOf)));
  }

  private async transact(commands: readonly CommandMessage[]): Promise<Outcome[]> {
    const tried = await this.attempt(commands);
    return 'outcomes' in tried ? tried.outcomes : this.halve(commands, tried.error);
  }

  private async attempt(commands: readonly CommandMessage[]): Promise<{ outcomes: Outcome[] } | { error: unknown }> {
    try {
      return { outcomes: await runTransactional(this.fence, this.actions, commands, this.ports.clock.now(), this.ports.crashPoints) };
    } catch (error) {
      return { error };
    }
  }

  /**
   * P4: one command may have broken the transaction of all; each half alone shows in which it is. Where both fail, it is the fence, and the
   * orchestrator's policies say when to try again.
   */
  private async halve(commands: readonly CommandMessage[], error: unknown): Promise<Outcome[]> {
    const middle = Math.ceil(commands.length / 2);
    const halves = commands.length > 1 ? [commands.slice(0, middle), commands.slice(middle)] : [];
    const tries = [];
    for (const half of halves) tries.push({ half, tried: await this.attempt(half) });
    if (tries.every(({ tried }) => 'error' in tried)) {
      return this.fenceFailed(commands, error, ...tries.flatMap(({ tried }) => ('error' in tried ? [tried.error] : [])));
    }
    const outcomes: Outcome[] = [];
    for (const { half, tried } of tries) outcomes.push(...('outcomes' in tried ? tried.outcomes : await this.halve(half, tried.error)));
    return outcomes;
  }

  private async workExternally(jobs: Job[]): Promise<void> {
    const { clock, ids, crashPoints } = this.ports;
    const { now, later } = distinct(jobs);
    const prepared = await Promise.all(now.map((job) => prepare(this.actions, commandOf(job))));
    const lease = { now: clock.now(), until: clock.now() + this.options.lease, newToken: () => ids.unique() };
    let admitted: Admitted[];
    try {
      admitted = await admitAll(this.fence, prepared, lease);
    } catch (error) {
      return this.reply(jobs, this.fenceFailed(jobs.map(commandOf), error));
    }
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
      else this.launch(job, one);
    }
    if (answered.length > 0) await this.reply(answered, outcomes);
    this.commands.push(later);
  }

  private launch(job: Job, admitted: Admitted): void {
    const run = takeEffect(this.actions, admitted).then((effect) => this.effects.push([{ job, effect }]));
    this.busy.add(run);
    void run.finally(() => this.busy.delete(run));
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
      if (await this.pause()) this.effects.pushFirst(over);
      return;
    }
    if (jobs.length > 0) await this.reply(jobs, outcomes);
    for (const job of jobs) this.waits.release(commandOf(job).key);
  }

  /** Until the bus has them: what they say is in the fence, and nobody else would say it before the step's timeout. */
  private async reply(jobs: readonly Job[], outcomes: readonly Outcome[]): Promise<void> {
    const { bus, crashPoints, observer } = this.ports;
    crashPoints.reach('participant:committed');
    const replies = jobs.map((job, at) => {
      const { sagaId } = job.message;
      const outcome = outcomes[at] ?? failed('no outcome', 'unknown');
      const input = { type: 'reply', ...replyTo(commandOf(job), outcome) } as const;
      return { address: { to: 'inbox' }, message: { kind: 'input', sagaId, input } } as const;
    });
    for (;;) {
      try {
        await bus.publish(replies);
        break;
      } catch (error) {
        observer.troubled(`participant ${this.actions.definition.name} cannot send its replies; it is tried again`, error);
        if (!(await this.pause())) return;
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

  /** Answers whether to go on. */
  private async pause(): Promise<boolean> {
    const { clock } = this.ports;
    if (this.stopping) return false;
    let end = () => {};
    await new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + PAUSE, resolve);
      end = () => {
        cancel();
        resolve();
      };
      this.pauses.add(end);
    });
    this.pauses.delete(end);
    return !this.stopping;
  }
}

function commandOf({ message }: Job): CommandMessage {
  return message.command;
}

function replyTo(command: CommandMessage, outcome: Outcome): Reply {
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = command;
  return { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome };
}

function failed(error: unknown, effect: 'none' | 'unknown'): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', kind: 'technical', effect, error: { name: 'FenceUnavailable', message } };
}

/** One command per key now; repeats of a key are for the next batch. */
function distinct(jobs: readonly Job[]): { readonly now: Job[]; readonly later: Job[] } {
  const keys = new Set<string>();
  const now: Job[] = [];
  const later: Job[] = [];
  for (const job of jobs) {
    const { key } = job.message.command;
    (keys.has(key) ? later : now).push(job);
    keys.add(key);
  }
  return { now, later };
}
