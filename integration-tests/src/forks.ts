import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** Processes of fixtures, by name. Each sends a message when it is at work, and ends in order when it is asked to. */
export class Forks {
  private readonly running = new Map<string, ChildProcess>();

  get names(): readonly string[] {
    return [...this.running.keys()];
  }

  get(name: string): ChildProcess | undefined {
    return this.running.get(name);
  }

  /** Resolves when it is at work; rejects where it ends before that. */
  async add(name: string, module: string, args: readonly string[]): Promise<void> {
    const child = fork(module, args, { execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.running.set(name, child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${signal ?? code}`)));
    });
  }

  /** Resolves when it has ended. */
  async remove(name: string, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.running.get(name);
    this.running.delete(name);
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
