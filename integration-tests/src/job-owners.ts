import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Forks } from './forks.js';
import { type JournalEntry, ownedPartitions, readJournal, type Term, termsOf } from './owner-journal.js';

const FIXTURE = fileURLToPath(new URL('../dist/owner-fixture.js', import.meta.url));

/** Managers of jobs and families, each in a process of its own, to be added and taken away. */
export class JobOwners {
  private readonly forks = new Forks();
  private readonly names = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly broker: string,
    private readonly prefix: string,
  ) {}

  async add(name: string): Promise<void> {
    this.names.add(name);
    await this.forks.add(name, FIXTURE, [this.folder, name, this.broker, this.prefix]);
  }

  /** Resolves when it stands still. */
  async freeze(name: string): Promise<void> {
    const child = this.forks.get(name);
    child?.kill('SIGSTOP');
    while (child && execFileSync('ps', ['-o', 'state=', '-p', `${child.pid}`], { encoding: 'utf8' }).trim()[0] !== 'T') {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  thaw(name: string): void {
    this.forks.get(name)?.kill('SIGCONT');
  }

  remove(name: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    return this.forks.remove(name, signal);
  }

  async removeAll(): Promise<void> {
    await Promise.all(
      this.forks.names.map((name) => {
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

  /** Terms of one partition that ran at the same time, of managers that were not killed: the one that began first comes first. */
  overlaps(): (readonly [Term, Term])[] {
    const ended = this.terms().filter(({ to }) => Number.isFinite(to));
    return ended.flatMap((first, at) => {
      const later = ended.slice(at + 1).filter(({ owner, partition }) => owner !== first.owner && partition === first.partition);
      return later.filter(({ from }) => from < first.to).map((second) => [first, second] as const);
    });
  }
}
