import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type RunningSkald, Skald } from '@skald/app';
import { openParticipantDatabase, sqliteFence } from '@skald/event-store-sqlite';
import { SkaldError } from '@skald/kernel';
import { EFFECTS, JobSaga, KINDS, Notary, Stock, Till } from './crash-saga.js';
import { connectShortLived } from './jobs-bus.js';

/** So many are started at once, every so many milliseconds: some are always under way when managers change. */
const AT_ONCE = 10;
const EVERY = 300;

/** The participants of jobs in this process, and whoever starts jobs one after the other. */
export class JobLoad {
  /** Ids of instances that were started for certain. */
  readonly started = new Set<string>();
  private stopped = false;
  private isClosed = false;
  private readonly starting = new Set<Promise<void>>();
  private running: Promise<void> = Promise.resolve();

  private constructor(
    private readonly app: RunningSkald,
    private readonly closeDatabases: () => void,
  ) {}

  static async open(folder: string, broker: string, prefix: string): Promise<JobLoad> {
    mkdirSync(folder, { recursive: true });
    const databases = { stock: openParticipantDatabase(join(folder, 'stock.db')), till: openParticipantDatabase(join(folder, 'till.db')) };
    for (const db of Object.values(databases)) db.exec(EFFECTS);
    const app = await Skald.connect({ bus: () => connectShortLived(broker, prefix, 'load'), fenceFile: join(folder, 'fence.db') })
      .inject((container) => {
        for (const [name, db] of Object.entries(databases)) container.bind(name).toConstantValue(db);
        container.bind('notary').toConstantValue(join(folder, 'notary.log'));
      })
      .sagas(JobSaga)
      .participant(Stock, { fence: sqliteFence(databases.stock) })
      .participant(Till, { fence: sqliteFence(databases.till) })
      .participants(Notary)
      .start();
    return new JobLoad(app, () => {
      for (const db of Object.values(databases)) db.close();
    });
  }

  start(): void {
    this.running = this.startMany();
  }

  /** Resolves when all that was begun is started. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
    await Promise.all(this.starting);
  }

  /** Also of a load that nobody stopped: what is not started by now is given up. */
  async close(): Promise<void> {
    this.stopped = true;
    this.isClosed = true;
    await this.app.stop();
    this.closeDatabases();
  }

  private async startMany(): Promise<void> {
    for (let n = 0; !this.stopped; n += 1) {
      const kind = KINDS[n % KINDS.length] ?? 'completes';
      const id = `${kind}-${n}`;
      const start = this.startOne(id, { id, kind });
      this.starting.add(start);
      void start.then(() => this.starting.delete(start));
      if (n % AT_ONCE === 0) await setTimeout(EVERY);
    }
  }

  private async startOne(id: string, job: { readonly id: string; readonly kind: (typeof KINDS)[number] }): Promise<void> {
    for (;;) {
      try {
        await this.app.sagas.start(JobSaga, job, { id });
        this.started.add(id);
        return;
      } catch (error) {
        if (this.isClosed) return;
        if (!(error instanceof SkaldError && error.retryable)) throw error;
        await setTimeout(100);
      }
    }
  }
}
