import { appendFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { BusinessError, Participant, participant, Saga, type SagaContext, SagaStep } from '@skald/decorators';
import { currentCommand } from '@skald/engine';
import { inject } from 'inversify';

/** What a saga of this kind comes to. */
export const KINDS = ['completes', 'declined', 'flaky', 'refused-elsewhere', 'no-van', 'flaky-undo', 'flaky-elsewhere'] as const;
export type Kind = (typeof KINDS)[number];

export interface Job {
  readonly id: string;
  readonly kind: Kind;
}

/** Rows of `effects`: one for each effect that was made, in the database of whoever made it. */
export const EFFECTS = 'CREATE TABLE IF NOT EXISTS effects (key TEXT NOT NULL, what TEXT NOT NULL)';

function count(db: DatabaseSync, what: string): void {
  const { key } = context();
  db.prepare('INSERT INTO effects (key, what) VALUES (?, ?)').run(key, what);
}

function context(): { readonly key: string; readonly isFirst: boolean } {
  const command = currentCommand();
  if (!command) throw new Error('called by nobody');
  return { key: command.idempotencyKey, isFirst: command.attempt === 1 };
}

@Participant('stock')
export class Stock {
  constructor(@inject('stock') private readonly db: DatabaseSync) {}

  @SagaStep({ compensation: 'release' })
  async reserve(job: Job): Promise<{ readonly shelf: string }> {
    count(this.db, 'reserve');
    if (job.kind === 'flaky' && context().isFirst) throw new Error('deadlock');
    return { shelf: `shelf of ${job.id}` };
  }

  async release(job: Job, reserved?: { readonly shelf: string }): Promise<void> {
    count(this.db, `release ${reserved?.shelf}`);
    if (job.kind === 'flaky-undo' && context().isFirst) throw new Error('deadlock');
  }

  async dispatch(job: Job): Promise<{ readonly van: number }> {
    if (job.kind === 'no-van' || job.kind === 'flaky-undo') throw new BusinessError('no van');
    count(this.db, 'dispatch');
    return { van: 7 };
  }
}

@Participant('till')
export class Till {
  constructor(@inject('till') private readonly db: DatabaseSync) {}

  async charge(job: Job): Promise<{ readonly receipt: string }> {
    if (job.kind === 'declined') throw new BusinessError('declined');
    count(this.db, 'charge');
    return { receipt: `receipt of ${job.id}` };
  }

  async refund(_job: Job, receipt: string | undefined): Promise<void> {
    count(this.db, `refund ${receipt}`);
  }

  async thank(_job: Job): Promise<void> {
    count(this.db, 'thank');
  }
}

/** Somebody else's API: a line in a file, which no transaction takes back. */
@Participant('notary')
export class Notary {
  constructor(@inject('notary') private readonly file: string) {}

  @SagaStep({ compensation: 'strike' })
  async register(job: Job): Promise<{ readonly page: number }> {
    if (job.kind === 'refused-elsewhere') throw new BusinessError('not on Sundays');
    appendFileSync(this.file, `${context().key} register\n`);
    if (job.kind === 'flaky-elsewhere' && context().isFirst) throw new Error('socket reset');
    return { page: 1 };
  }

  async strike(_job: Job): Promise<void> {
    appendFileSync(this.file, `${context().key} strike\n`);
  }
}

const stock = participant<Stock>('stock');
const till = participant<Till>('till');
const notary = participant<Notary>('notary');
const retry = { attempts: 5, delay: '20ms', maxDelay: '200ms' } as const;

/** Of the job sagas at the same time: few enough to be reached by a load. */
export const MOST_RUNNING = 40;

@Saga({ name: 'job', version: 1, deadline: '1d', limits: { running: MOST_RUNNING } })
export class JobSaga {
  @SagaStep({ retry })
  reserve(job: Job) {
    return stock.reserve(job);
  }

  @SagaStep({ compensation: 'refund', retry, compensationRetry: retry })
  charge(job: Job) {
    return till.charge(job);
  }

  refund(job: Job, { results }: SagaContext<JobSaga>) {
    return till.refund(job, results.charge?.receipt);
  }

  @SagaStep({ after: 'reserve', retry, compensationRetry: { ...retry, attempts: 20 } })
  register(job: Job) {
    return notary.register(job);
  }

  @SagaStep({ after: ['charge', 'register'], pivot: true, retry })
  dispatch(job: Job) {
    return stock.dispatch(job);
  }

  @SagaStep({ after: 'dispatch', retry })
  thank(job: Job) {
    return till.thank(job);
  }
}
