import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { currentCommand } from '@skald/engine';
import { sqliteFence } from '@skald/event-store-sqlite';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

const done: string[] = [];
let busyFor = 0;

@Participant('kitchen')
class Kitchen {
  @SagaStep({ compensation: 'throwAway' })
  async cook(dish: string): Promise<number | undefined> {
    await new Promise((resolve) => setTimeout(resolve, busyFor));
    done.push(`cooked ${dish}`);
    return currentCommand()?.validUntil;
  }
  async throwAway(dish: string): Promise<void> {
    done.push(`threw ${dish} away`);
  }
}
const kitchen = participant<Kitchen>('kitchen');

/** Both at once, at a participant whose transactions come one after the other. */
@Saga({ name: 'dinner', version: 1, deadline: '150ms' })
class DinnerSaga {
  @SagaStep({ after: [] })
  soup(_guest: string) {
    return kitchen.cook('soup');
  }
  @SagaStep({ after: [] })
  roast(_guest: string) {
    return kitchen.cook('roast');
  }
}

let folder: string;
let app: RunningSkald;

beforeEach(async () => {
  done.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(DinnerSaga)
    .participant(Kitchen, { fence: sqliteFence(new DatabaseSync(':memory:')) })
    .start();
});
afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

describe('A deadline that travels', () => {
  it('keeps a participant from beginning what nobody waits for any more; what it had begun is undone', async () => {
    busyFor = 300;
    const { sagaId, ended } = await app.sagas.start(DinnerSaga, 'anna');
    expect(await ended()).toMatchObject({ status: 'compensated', reason: 'the deadline passed' });
    expect(done).toEqual(['cooked soup', 'threw soup away']);
    const refused = (await app.sagas.history(sagaId)).find(({ type }) => type === 'StepFailed');
    expect(refused?.data).toMatchObject({ step: 'roast', kind: 'refused', effect: 'none', error: { name: 'Expired' } });
  });

  it('is known to the action, which can hand it on', async () => {
    busyFor = 0;
    const { sagaId, result } = await app.sagas.start(DinnerSaga, 'anna');
    const { soup } = await result();
    expect(soup).toBe((await app.sagas.get(sagaId)).deadlineAt);
  });
});
