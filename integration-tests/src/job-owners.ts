import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type JournalEntry, ownedPartitions, readJournal, type Term, termsOf } from './owner-journal.js';

const FIXTURE = fileURLToPath(new URL('../dist/owner-fixture.js', import.meta.url));

/** Managers of jobs and families, each in a process of its own, to be added and taken away. */
export class JobOwners {
  private readonly running = new Map<string, ChildProcess>();
  private readonly names = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly broker: string,
    private readonly prefix: string,
  ) {}

  async add(name: string): Promise<void> {
    const child = fork(FIXTURE, [this.folder, name, this.broker, this.prefix], { execArgv: ['--disable-warning=ExperimentalWarning'] });
    this.names.add(name);
    this.running.set(name, child);
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${signal ?? code}`)));
    });
  }

  /** Resolves when it stands still. */
  async freeze(name: string): Promise<void> {
    const child = this.running.get(name);
    child?.kill('SIGSTOP');
    while (child && execFileSync('ps', ['-o', 'state=', '-p', `${child.pid}`], { encoding: 'utf8' }).trim()[0] !== 'T') {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  thaw(name: string): void {
    this.running.get(name)?.kill('SIGCONT');
  }

  async remove(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.running.get(name);
    this.running.delete(name);
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async removeAll(): Promise<void> {
    await Promise.all(
      [...this.running.keys()].map((name) => {
        this.thaw(name);
        return this.remove(name, 'SIGTERM');
      }),
    );
  }

  owned(name: string): ReadonlySet<number> {
    return ownedPartitions(readJournal(this.folder, name));
  }

  journals(): ReadonlyMap<string, readonly JournalEntry[]> {
    return new Map([...this.names].map((name) => [name, readJournal(this.folder, name)]));
  }

  terms(): Term[] {
    return [...this.journals()].flatMap(([name, journal]) => termsOf(name, journal)).sort((a, b) => a.from - b.from);
  }
}
