// A laboratory takes days: the step is answered later, by a task token, and with heartbeats until then. Run: npm run examples
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { currentCommand, Skald } from '@skald/app';
import { type Later, later, Participant, participant, Saga, SagaStep } from '@skald/decorators';

interface Sample {
  readonly id: string;
}
interface Report {
  readonly clean: boolean;
}

/** What was handed to the laboratory, which may be anywhere: the token is all it needs to answer. */
const orders: string[] = [];

// #region participant
@Participant('laboratory')
class Laboratory {
  @SagaStep({ compensation: 'discard' })
  async analyse(_sample: Sample): Promise<Later<Report>> {
    orders.push(currentCommand()?.taskToken ?? '');
    return later();
  }
  async discard(sample: Sample) {
    console.log(`${sample.id}: discarded`);
  }
}
// #endregion

const laboratory = participant<Laboratory>('laboratory');

// #region saga
@Saga({ name: 'sample', version: 1 })
class SampleSaga {
  @SagaStep({ callback: { timeout: '3d', heartbeat: '1h' } })
  analyse(sample: Sample) {
    return laboratory.analyse(sample);
  }
}
// #endregion

const file = join(mkdtempSync(join(tmpdir(), 'skald-')), 'skald.db');
const app = await Skald.embedded({ file }).sagas(SampleSaga).participants(Laboratory).start();
const sagas = [];
for (const id of ['clean', 'broken', 'regretted']) sagas.push(await app.sagas.start(SampleSaga, { id }, { id }));
while (orders.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
const [clean = '', broken = '', regretted = ''] = orders;
await app.tasks.heartbeat(clean);
await app.tasks.complete(clean, { clean: true });
await app.tasks.fail(broken, new Error('the tube was broken'));
await app.sagas.cancel('sample-regretted', { by: 'the doctor', reason: 'not needed any more' }); // the token ends with it
const refusal = await app.tasks.complete(regretted, { clean: true }).catch((error: Error) => error.message);
for (const { ended } of sagas) console.log(await ended()); // completed, failed, cancelled
console.log(refusal); // [task-over] …: the saga has ended, or has turned back
await app.stop();
