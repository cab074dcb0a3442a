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
  readonly inFlights: readonly number[];
  readonly seconds: number;
  /** Folder for CPU profiles of the processes. */
  readonly profile: string | undefined;
  /** Milliseconds of CPU that the broker has used so far, where that can be known. */
  brokerCpu(): number | undefined;
}

/** At one number in flight; CPU in milliseconds for each saga. */
export interface Lap extends Omit<Measured, 'cpu'> {
  readonly cpu: { readonly manager: number; readonly participant: number; readonly broker?: number };
}

export interface Race {
  readonly laps: readonly Lap[];
  /** For each saga. */
  readonly moved: Moved;
}

/** A manager and a participant of one kind, each a process; warmed up, then measured at each number in flight. */
export async function race(kind: Kind, options: RaceOptions): Promise<Race> {
  const prefix = `bench-${kind}-${randomUUID()}`;
  const folder = mkdtempSync(join(tmpdir(), 'skald-bench-'));
  const racers: Racer[] = [];
  const start = (role: Role): Promise<Racer> => {
    const racer = new Racer(role, kind, prefix, folder, options);
    racers.push(racer);
    return racer.ready();
  };
  try {
    const participant = await start('participant');
    const manager = await start('manager');
    let sagas = (await manager.measure(100, 2)).sagas;
    const laps: Lap[] = [];
    for (const inFlight of options.inFlights) {
      const [before, brokerBefore] = [await participant.cpu(), options.brokerCpu()];
      const { cpu, ...measured } = await manager.measure(inFlight, options.seconds);
      const [after, brokerAfter] = [await participant.cpu(), options.brokerCpu()];
      sagas += measured.sagas;
      const each = (from: number, to: number): number => (to - from) / measured.sagas;
      const ofBroker = brokerBefore !== undefined && brokerAfter !== undefined && { broker: each(brokerBefore, brokerAfter) };
      laps.push({ ...measured, cpu: { manager: cpu, participant: each(before, after), ...ofBroker } });
    }
    return { laps, moved: await moved(options.brokers, prefix, sagas) };
  } finally {
    await Promise.all(racers.map((racer) => racer.close()));
    rmSync(folder, { recursive: true, force: true });
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
