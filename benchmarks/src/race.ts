import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kind, Role } from './contestant.js';
import type { Measured } from './load.js';
import type { Answer, Request } from './racer.js';
import { type Moved, moved } from './topic-sizes.js';

export interface RaceOptions {
  readonly brokers: readonly string[];
  readonly kinds: readonly Kind[];
  readonly inFlights: readonly number[];
  /** Of a lap. */
  readonly seconds: number;
  /** Laps of each kind at each number in flight. */
  readonly rounds: number;
  /** Folder for CPU profiles of the processes. */
  readonly profile: string | undefined;
  /** Milliseconds of CPU that the broker has used so far, where that can be known. */
  brokerCpu(): number | undefined;
  /** Told before each lap. */
  lap(kind: Kind, inFlight: number): void;
}

/** CPU in milliseconds for each saga. */
export interface Lap extends Omit<Measured, 'cpu'> {
  readonly kind: Kind;
  readonly cpu: { readonly manager: number; readonly participant: number; readonly broker?: number };
}

export interface Race {
  readonly laps: readonly Lap[];
  /** For each saga. */
  readonly moved: Readonly<Partial<Record<Kind, Moved>>>;
}

/**
 * A manager and a participant of each kind, each a process, all of them there from the first lap to the last. After one to warm up they run lap
 * by lap in turns, so that what else happens on the machine happens to both.
 */
export async function race(options: RaceOptions): Promise<Race> {
  const teams: Team[] = [];
  try {
    for (const kind of options.kinds) teams.push(await new Team(kind, options).ready());
    const laps: Lap[] = [];
    for (const inFlight of options.inFlights) {
      for (let round = 0; round < options.rounds; round++)
        for (const team of round % 2 === 0 ? teams : teams.toReversed()) laps.push(await team.lap(inFlight));
    }
    const sizes: Partial<Record<Kind, Moved>> = {};
    for (const { kind, prefix, sagas } of teams) sizes[kind] = await moved(options.brokers, prefix, sagas);
    return { laps, moved: sizes };
  } finally {
    await Promise.all(teams.map((team) => team.close()));
  }
}

class Team {
  readonly prefix: string;
  sagas = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'skald-bench-'));
  readonly #participant: Racer;
  readonly #manager: Racer;

  constructor(
    readonly kind: Kind,
    private readonly options: RaceOptions,
  ) {
    this.prefix = `bench-${kind}-${randomUUID()}`;
    this.#participant = new Racer('participant', kind, this.prefix, this.#folder, options);
    this.#manager = new Racer('manager', kind, this.prefix, this.#folder, options);
  }

  async ready(): Promise<this> {
    await Promise.all([this.#participant.ready(), this.#manager.ready()]);
    this.sagas += (await this.#manager.measure(100, 2)).sagas;
    return this;
  }

  async lap(inFlight: number): Promise<Lap> {
    const { brokerCpu, seconds } = this.options;
    this.options.lap(this.kind, inFlight);
    const [before, brokerBefore] = [await this.#participant.cpu(), brokerCpu()];
    const { cpu, ...measured } = await this.#manager.measure(inFlight, seconds);
    const [after, brokerAfter] = [await this.#participant.cpu(), brokerCpu()];
    this.sagas += measured.sagas;
    const each = (from: number, to: number): number => (to - from) / measured.sagas;
    const ofBroker = brokerBefore !== undefined && brokerAfter !== undefined && { broker: each(brokerBefore, brokerAfter) };
    return { ...measured, kind: this.kind, cpu: { manager: cpu, participant: each(before, after), ...ofBroker } };
  }

  async close(): Promise<void> {
    await Promise.all([this.#participant.close(), this.#manager.close()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

class Racer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(role: Role, kind: Kind, prefix: string, folder: string, { brokers, profile }: RaceOptions) {
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    if (profile !== undefined) {
      mkdirSync(profile, { recursive: true });
      execArgv.push('--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${kind}-${role}-${prefix.slice(-4)}.cpuprofile`);
    }
    const args = [role, kind, brokers.join(','), prefix, folder];
    this.#child = fork(fileURLToPath(new URL('racer.js', import.meta.url)), args, { execArgv });
    this.#ended = new Promise((resolve) => this.#child.once('exit', resolve));
  }

  async ready(): Promise<this> {
    await this.#answer();
    return this;
  }

  async measure(inFlight: number, seconds: number): Promise<Measured> {
    return (await this.#ask({ measure: inFlight, seconds })) as Measured;
  }

  async cpu(): Promise<number> {
    return ((await this.#ask('cpu')) as { readonly cpu: number }).cpu;
  }

  async close(): Promise<void> {
    if (this.#child.connected) this.#child.send('close' satisfies Request);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#ended;
    clearTimeout(force);
  }

  #ask(request: Request): Promise<Answer> {
    this.#child.send(request);
    return this.#answer();
  }

  #answer(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`a measured process ended with ${code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer: Answer) => {
        this.#child.removeListener('exit', ended);
        if (typeof answer === 'object' && 'failed' in answer) reject(new Error(answer.failed));
        else resolve(answer);
      });
    });
  }
}
