/**
 * A participant at work: commands in, replies out.
 *
 * Invariants
 * P1  A reply is sent only after the fence says durably what it says.
 * P2  A command is acknowledged only after its reply is with the bus.
 * P3  Commands of one key are carried out one after the other; of different keys together.
 */
import type { Clock, CommandMessage, Delivery, Fence, Ids, MessageBus, Outcome, ParticipantMessage, Reply } from '@skald/kernel';
import type { CrashPoints } from '../crash-points.js';
import type { Observer } from '../observer.js';
import { WorkLoop } from '../work-loop.js';
import { Actions, type ParticipantDefinition } from './actions.js';
import { type Admitted, admitAll, type Effect, settleAll, takeEffect } from './external.js';
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

export class ParticipantRunner {
  private readonly actions: Actions;
  private readonly commands: WorkLoop<Job>;
  private readonly effects: WorkLoop<{ readonly job: Job; readonly effect: Effect }>;
  private readonly busy = new Set<Promise<void>>();
  private readonly waits = new Set<() => void>();

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
  }

  deliver(batch: readonly Job[]): void {
    this.commands.push(batch);
  }

  /** Resolves when nothing runs any more; what was not carried out stays with the bus. */
  async stop(): Promise<void> {
    for (const cancel of this.waits) cancel();
    await this.commands.stop();
    await Promise.all(this.busy);
    await this.effects.stop();
  }

  private async work(jobs: Job[]): Promise<void> {
    const { crashPoints, clock, observer } = this.ports;
    crashPoints.reach('participant:taken');
    const commands = jobs.map(({ message }) => message.command);
    try {
      if (this.fence.kind === 'transactional') {
        const outcomes = await runTransactional(this.fence, this.actions, commands, clock.now(), crashPoints);
        await this.reply(jobs, outcomes);
      } else await this.workExternally(jobs, commands);
    } catch (error) {
      observer.troubled(`participant ${this.actions.definition.name} cannot reach its fence; the commands are answered as failed`, error);
      // Rolled back as a whole: nothing happened, and the orchestrator's policies say when to try again.
      await this.reply(jobs, jobs.map(() => fenceFailed(error)));
    }
  }

  private async workExternally(jobs: Job[], commands: readonly CommandMessage[]): Promise<void> {
    const { now, later } = distinct(jobs);
    const chosen = now.map(({ message }) => message.command);
    const admitted = await admitAll(this.fence, chosen, this.ports.clock.now(), this.options.lease, () => this.ports.ids.unique());
    this.ports.crashPoints.reach('participant:executed');
    const answered: Job[] = [];
    const outcomes: Outcome[] = [];
    for (const [at, one] of admitted.entries()) {
      const job = now[at];
      if (!job) continue;
      if (one.verdict.do === 'answer') {
        answered.push(job);
        outcomes.push(one.verdict.outcome);
      } else if (one.verdict.do === 'wait') this.again(job, one.verdict.until);
      else this.launch(job, one);
    }
    if (answered.length > 0) await this.reply(answered, outcomes);
    if (later.length > 0 && commands.length > 0) this.again(later, this.ports.clock.now());
  }

  private launch(job: Job, admitted: Admitted): void {
    const run = takeEffect(this.actions, admitted).then((effect) => this.effects.push([{ job, effect }]));
    this.busy.add(run);
    void run.finally(() => this.busy.delete(run));
  }

  /** Back into the queue, not before `at`: waiting never blocks the commands behind. */
  private again(jobs: Job | readonly Job[], at: number): void {
    const cancel = this.ports.clock.at(at, () => {
      this.waits.delete(cancel);
      this.commands.push([jobs].flat());
    });
    this.waits.add(cancel);
  }

  private async settle(over: { readonly job: Job; readonly effect: Effect }[]): Promise<void> {
    const jobs = over.map(({ job }) => job);
    try {
      const outcomes = await settleAll(
        this.fence,
        over.map(({ effect }) => effect),
      );
      await this.reply(jobs, outcomes);
    } catch (error) {
      this.ports.observer.troubled(`participant ${this.actions.definition.name} cannot record what it did; it is tried again`, error);
      const { clock } = this.ports;
      await new Promise<void>((resolve) => clock.at(clock.now() + 1_000, resolve));
      this.effects.pushFirst(over);
    }
  }

  private async reply(jobs: readonly Job[], outcomes: readonly Outcome[]): Promise<void> {
    const { bus, crashPoints } = this.ports;
    crashPoints.reach('participant:committed');
    await bus.publish(
      jobs.map(({ message: { sagaId, command } }, at) => ({
        address: { to: 'inbox' },
        message: { kind: 'input', sagaId, input: { type: 'reply', ...replyTo(command, outcomes[at] ?? fenceFailed('no outcome')) } },
      })),
    );
    crashPoints.reach('participant:replied');
    for (const job of jobs) job.done();
  }
}

function replyTo(command: CommandMessage, outcome: Outcome): Reply {
  const { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound } = command;
  return { sagaId, incarnation, step, round, attempt, operation, purpose, undoRound, outcome };
}

function fenceFailed(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  return { type: 'failed', kind: 'technical', effect: 'none', error: { name: 'FenceUnavailable', message } };
}

/** One command per key now; repeats of a key wait for it. */
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
