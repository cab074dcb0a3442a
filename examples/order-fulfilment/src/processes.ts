/**
 * The processes of a deployment on this machine.
 *
 * C1  All are at work when `start` resolves; when one cannot begin, it rejects and says where to read why.
 * C2  One that ends by itself, or is killed, is started again.
 * C3  None outlives this process: see lifeline.ts.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Environment } from './environment.js';
import { READY, STOP } from './lifeline.js';

export interface Role {
  /** Of the process and of its log. */
  readonly name: string;
  readonly program: 'manager' | 'service';
  readonly args: readonly string[];
}

/** Milliseconds until a process that ended is started again: one that cannot begin must not keep the machine busy. */
const PAUSE = 500;
/** Milliseconds that stopping may take; a little more than a process takes for itself. */
const STOP_WITHIN = 12_000;

export class Processes {
  private readonly running = new Map<string, ChildProcess>();
  private started = false;
  private stopping = false;

  constructor(
    private readonly environment: Environment,
    /** Folder of their logs. */
    private readonly logs: string,
    private readonly say: (line: string) => void,
  ) {
    mkdirSync(logs, { recursive: true });
  }

  /** C1. */
  async start(roles: readonly Role[]): Promise<void> {
    await Promise.all(roles.map((role) => this.begin(role)));
    this.started = true;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    const ends = [...this.running.values()].map((child) => {
      const end = new Promise((resolve) => child.once('exit', resolve));
      const force = globalThis.setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN);
      if (child.connected) child.send(STOP, () => {});
      return end.then(() => clearTimeout(force));
    });
    await Promise.all(ends);
  }

  /** Resolves when it is ready. */
  private begin(role: Role): Promise<void> {
    const file = join(this.logs, `${role.name}.log`);
    const child = this.fork(role, file);
    this.running.set(role.name, child);
    return new Promise((resolve, reject) => {
      let isReady = false;
      child.on('message', (message) => {
        if (message !== READY) return;
        isReady = true;
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.running.delete(role.name);
        if (this.stopping) return resolve();
        const end = `${role.name} ended with ${signal ?? code}`;
        if (!this.started && !isReady && code !== null) return reject(new Error(`${end} before it was ready; see ${file}`));
        this.say(`${end}; it is started again`);
        this.again(role).then(resolve, reject);
      });
    });
  }

  private fork({ program, args }: Role, file: string): ChildProcess {
    const log = openSync(file, 'a');
    const child = fork(fileURLToPath(new URL(`./${program}.js`, import.meta.url)), [...args], {
      env: { ...process.env, ...this.environment },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', log, log, 'ipc'],
    });
    closeSync(log);
    return child;
  }

  /** C2. */
  private async again(role: Role): Promise<void> {
    await setTimeout(PAUSE);
    if (!this.stopping) await this.begin(role);
  }
}
