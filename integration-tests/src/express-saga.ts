import 'reflect-metadata';
import type { DatabaseSync } from 'node:sqlite';
import { BusinessError, Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { inject } from 'inversify';

/** What was done, in the database of the fence. */
export const DONE = 'CREATE TABLE IF NOT EXISTS done (what TEXT NOT NULL, id TEXT NOT NULL)';

@Participant('counter')
export class Counter {
  constructor(@inject('db') private readonly db: DatabaseSync) {}

  @SagaStep({ compensation: 'takeBack' })
  async take(id: string): Promise<string> {
    this.note('take', id);
    return `taken ${id}`;
  }

  async takeBack(id: string): Promise<void> {
    this.note('take back', id);
  }

  async finish(id: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (id.endsWith('7')) throw new BusinessError('sevens are not finished');
    this.note('finish', id);
  }

  private note(what: string, id: string): void {
    this.db.prepare('INSERT INTO done (what, id) VALUES (?, ?)').run(what, id);
  }
}

const counter = participant<Counter>('counter');

@Saga({ name: 'count', version: 1, mode: 'express' })
export class CountSaga {
  @SagaStep({ timeout: '30s' })
  take(id: string) {
    return counter.take(id);
  }

  @SagaStep({ after: 'take', timeout: '30s' })
  finish(id: string) {
    return counter.finish(id);
  }
}
