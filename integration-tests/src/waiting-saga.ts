import type { DatabaseSync } from 'node:sqlite';
import { Participant, participant, Saga, SagaSignal, SagaStep, SagaTimer } from '@skald/decorators';
import type { Clock } from '@skald/kernel';
import { inject } from 'inversify';

/** When the first of them are due: far away, so that only a process whose clock is ahead comes to it. */
export const DUE = Date.UTC(2100, 0, 1);

/** What the participant did: once for each saga, and when, by the clock of its process. */
export const VISITS = 'CREATE TABLE IF NOT EXISTS visits (saga INTEGER NOT NULL, at INTEGER NOT NULL) STRICT';

export interface Visit {
  readonly id: number;
  /** Of those that wait for a time: epoch milliseconds. */
  readonly dueAt: number;
}

@Participant('desk')
export class Desk {
  constructor(
    @inject('desk') private readonly db: DatabaseSync,
    @inject('clock') private readonly clock: Clock,
  ) {}

  async visit(id: number): Promise<void> {
    this.db.prepare('INSERT INTO visits VALUES (?, ?)').run(id, this.clock.now());
  }
}

const desk = participant<Desk>('desk');

/** Even ones wait for a time, odd ones for a person. */
@Saga({ name: 'visit', version: 1 })
export class WaitingSaga {
  @SagaTimer({ when: (visit: Visit) => visit.id % 2 === 0 })
  coolOff(visit: Visit) {
    return new Date(visit.dueAt);
  }
  @SagaSignal({ when: (visit: Visit) => visit.id % 2 === 1 })
  approval(by: string) {
    return by;
  }
  @SagaStep()
  visit(visit: Visit) {
    return desk.visit(visit.id);
  }
}
