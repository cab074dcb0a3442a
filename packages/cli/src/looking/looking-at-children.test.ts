import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { child, defineSaga, type Later, later, Participant, participant, SagaStep } from '@skald/decorators';
import { keptRun } from '../terminal/kept-run.js';

@Participant('depot')
class Depot {
  @SagaStep({ compensation: 'unpack' })
  async pack(parcel: string): Promise<string> {
    return `packed ${parcel}`;
  }
  async unpack(_parcel: string): Promise<void> {}

  @SagaStep({ compensation: 'recall' })
  async hand(_parcel: string): Promise<Later<string>> {
    return later();
  }
  async recall(_parcel: string): Promise<void> {}
}

const depot = participant<Depot>('depot');
const callback = { timeout: '3d' } as const;
/** At rest once it is begun, or when it waits for its turn. */
const parcel = defineSaga<string>({ name: 'parcel', version: 1, limits: { running: 1 } })
  .step('pack', (content) => depot.pack(content))
  .step('hand', { run: (content) => depot.hand(content), callback })
  .done();
const quick = defineSaga<string>({ name: 'quick', version: 1 })
  .step('pack', (content) => depot.pack(content))
  .done();
const order = defineSaga<string>({ name: 'order', version: 1 })
  .step('done', (content) => child(quick, content))
  .step('running', { run: (content) => child(parcel, content), after: 'done' })
  .step('loose', { run: (content) => child(quick, content, { detached: true }), after: 'done' })
  .step('paper', { run: (content) => depot.hand(content), callback, after: 'done' })
  .done();

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-children-'));
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(order, parcel, quick)
    .participants(Depot)
    .start();
  const { sagas } = app;
  for (const id of ['1', '2']) {
    await sagas.start(order, 'a book', { id });
    const isAtRest = async () => {
      const { steps } = await sagas.get(`order-${id}`);
      return ['running', 'paper'].every((step) => steps.get(step)?.status === 'deferred') && steps.get('loose')?.status === 'succeeded';
    };
    while (!(await isAtRest())) await new Promise(setImmediate);
  }
  await app.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function skald(...args: readonly string[]): Promise<readonly string[]> {
  return (await keptRun([...args, '--data', folder])).out;
}

/** Incarnations differ from run to run. */
const told = (lines: readonly string[]) => lines.map((line) => line.replace(/(?<=order-\d\.)\w+(?=\.)/g, '#').replace(/ {2,}/g, ' '));

describe('what is not done at once', () => {
  test('has a plan that says which child is cancelled, which is undone, and what nobody waits for any more', async () => {
    expect(told(await skald('plan', 'order-1'))).toEqual([
      'order-1 can be cancelled: skald cancel order-1',
      '',
      'would be undone, in this order',
      ' 1 ↩ paper by depot, which undoes hand it was begun, and is not waited for',
      ' ↩ running parcel-order-1.#.running is cancelled it was begun, and is not waited for',
      ' 2 ↩ done quick-order-1.#.done is undone it succeeded',
      '',
      'waits no longer',
      ' running',
      ' paper',
      '',
      'stays as it is',
      ' loose there is nothing to undo',
    ]);
  });

  test('is listed: a child that waits for its turn is throttled, and undoes nothing', async () => {
    const throttled = await skald('list', '--status', 'throttled', '--json');
    const ids = throttled.map((line) => JSON.parse(line).sagaId as string);
    expect(ids).toEqual([expect.stringMatching(/^parcel-order-2\.\w+\.running$/)]);
    expect(told(await skald('plan', ids[0] ?? ''))).toEqual([
      'parcel-order-2.#.running can be cancelled: skald cancel parcel-order-2.#.running',
    ]);
  });

  test('is shown: which saga a step has started and waits for, which step started it, and who can still say what', async () => {
    const lines = told(await skald('show', 'order-1'));
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ ✔ done succeeded .* quick-order-1\.#\.done: \{"pack":"packed a book"\}$/),
        expect.stringMatching(/^ ├─ ◷ running deferred for .+ starts parcel-order-1\.#\.running$/),
        expect.stringMatching(/^ └─ ◷ paper deferred for .+ asks depot\.hand$/),
        " skald succeed order-1 paper '<result as JSON>' paper did happen, with this result",
        ' skald fail order-1 paper paper did not happen, and never will',
        expect.stringMatching(/^ skald show parcel-order-1\.#\.running the saga that it waits for$/),
      ]),
    );
    expect(lines.filter((line) => line.startsWith(' in ')).map((line) => line.replace(/.*\d\d:\d\d:\d\d /, ''))).toEqual([
      'running: its saga is asked again, where nothing was heard of it',
      'paper: its task token is waited for no longer',
    ]);
    const [{ sagaId }] = (await skald('list', '--status', 'throttled', '--json')).map((line) => JSON.parse(line)) as [{ sagaId: string }];
    expect(told(await skald('show', sagaId))).toContain('started by step running of order-2');
  });

  test('is acted on: a person speaks for whoever has the task token, where they name the step', async () => {
    const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
      .sagas(order, parcel, quick)
      .participants(Depot)
      .start();
    try {
      const act = ['succeed', 'order-1', 'paper', '"signed"', '--reason', 'they called', '--json', '--data', folder];
      const { code, out } = await keptRun(act);
      expect(code).toBe(0);
      // Their word is about the token that they saw given out, and about no later one.
      expect(JSON.parse(out.join('\n'))).toMatchObject({ target: 'step:paper', seen: expect.any(Number) });
      expect((await app.sagas.get('order-1')).results).toMatchObject({ paper: 'signed' });
      expect((await keptRun(['fail', 'order-1', 'running', '--reason', 'no', '--data', folder])).code).toBe(1);
    } finally {
      await app.stop();
    }
  });
});
