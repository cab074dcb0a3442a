import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineSaga, type Later, later, Participant, participant, Saga, SagaStep } from '@skald/decorators';
import { currentCommand } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import type { StandardSchema } from '@skald/kernel';
import { InProcessBus } from '@skald/message-bus-in-process';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

interface Order {
  readonly id: string;
}
interface Scan {
  readonly clean: boolean;
}

const tokens: string[] = [];

@Participant('lab')
class Lab {
  @SagaStep({ compensation: 'discard' })
  async scan(_order: Order): Promise<Later<Scan>> {
    tokens.push(currentCommand()?.taskToken ?? '');
    return later();
  }
  async discard(_order: Order, _scan?: Scan): Promise<void> {}
}
/** What a scan comes to; asks somebody else, so that it takes a moment, and gives a copy with its defaults. */
const scanned: StandardSchema<unknown, Scan> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: async (value) => {
      const { clean } = (value ?? {}) as Partial<Scan>;
      if (typeof clean !== 'boolean') return { issues: [{ message: 'must be true or false', path: ['clean'] }] };
      return { value: { clean, by: 'lab' } as Scan };
    },
  },
};

@Participant('strict')
class StrictLab {
  @SagaStep({ output: scanned })
  async scan(_order: Order): Promise<Later<Scan>> {
    tokens.push(currentCommand()?.taskToken ?? '');
    return later();
  }
}
const strict = participant<StrictLab>('strict');
const strictly = defineSaga<Order>({ name: 'strictly', version: 1 })
  .step('scan', { run: (order) => strict.scan(order), callback: { timeout: '1h' } })
  .done();

const lab = participant<Lab>('lab');

@Saga({ name: 'order', version: 1 })
class OrderSaga {
  @SagaStep({ callback: { timeout: '3d', heartbeat: '5m' } })
  scan(order: Order) {
    return lab.scan(order);
  }
}

const built = defineSaga<Order>({ name: 'built', version: 1 })
  .step('scan', { run: (order) => lab.scan(order), callback: { timeout: '1h' } })
  .result((_order, { results }) => ({ clean: results.scan.clean }));

let folder: string;
let file: string;
let app: RunningSkald;
const opened: RunningSkald[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
  tokens.length = 0;
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
  rmSync(folder, { recursive: true });
});

async function embedded(secret?: string | readonly string[]): Promise<RunningSkald> {
  app = await Skald.embedded({ file, log: () => {}, ...(secret !== undefined && { tokens: { secret } }) })
    .sagas(OrderSaga, built, strictly)
    .participants(Lab, StrictLab)
    .start();
  opened.push(app);
  return app;
}

async function token(id: string): Promise<string> {
  await app.sagas.start(OrderSaga, { id }, { id });
  const isDeferred = async () => (await app.sagas.get(`order-${id}`)).steps.get('scan')?.status === 'deferred';
  while (!(await isDeferred())) await new Promise((resolve) => setImmediate(resolve));
  return tokens.at(-1) ?? '';
}

describe('app.tasks', () => {
  it('completes a step from outside; the same again is accepted, another outcome is refused', async () => {
    await embedded();
    const given = await token('1');
    await app.tasks.heartbeat(given);
    await app.tasks.complete(given, { clean: true, at: undefined });
    expect(await app.sagas.result('order-1')).toEqual({ scan: { clean: true } });
    await app.tasks.complete(given, { clean: true });
    await expect(app.tasks.complete(given, { clean: false })).rejects.toMatchObject({ code: 'task-over' });
    await expect(app.tasks.fail(given, new Error('no'))).rejects.toMatchObject({ code: 'task-over' });
  });

  it('is ended by one of those who say different things at the same moment; who says the same is accepted too', async () => {
    await embedded();
    const given = await token('1');
    const said = [
      ...[true, false, true].map((clean) => app.tasks.complete(given, { clean })),
      app.tasks.fail(given, new Error('no')),
      app.tasks.heartbeat(given),
    ];
    const outcomes = (await Promise.allSettled(said)).map((one) => (one.status === 'fulfilled' ? 'accepted' : one.reason.code));
    expect(outcomes).toEqual(['accepted', 'task-over', 'accepted', 'task-over', 'task-over']);
    expect(await app.sagas.result('order-1')).toEqual({ scan: { clean: true } });
    expect((await app.sagas.history('order-1')).filter(({ type }) => type === 'StepSucceeded')).toHaveLength(1);
  });

  it('fails a step from outside: nothing of it is undone', async () => {
    await embedded();
    await app.tasks.fail(await token('1'), { name: 'Contaminated', message: 'there is something in it', data: { level: 3 } });
    const { status, reason } = await app.sagas.ended('order-1');
    expect([status, reason]).toEqual(['failed', 'Contaminated: there is something in it']);
  });

  it('refuses what is no token, or a result that is too large, before anything is sent', async () => {
    await embedded();
    await expect(app.tasks.complete('no token')).rejects.toMatchObject({ code: 'task-token-invalid' });
    await expect(app.tasks.complete(await token('1'), 'x'.repeat(300_000))).rejects.toMatchObject({ code: 'task-result' });
    await expect(app.tasks.complete(`${tokens[0]}A`)).rejects.toMatchObject({ code: 'task-token-invalid' });
  });

  it('knows a token of an earlier start: the secret is kept in the file, beside the events and in none of them', async () => {
    await embedded();
    const given = await token('1');
    await opened.pop()?.stop();
    const store = await openSqliteStore({ file });
    const secret = await store.taskSecret();
    expect(await store.taskSecret()).toBe(secret);
    const all = await store.events.readAll(0, 1_000);
    expect(JSON.stringify(all)).not.toContain(secret);
    expect(JSON.stringify(all)).not.toContain(given);
    await store.close();
    expect(readFileSync(file).includes(secret)).toBe(true);
    await embedded();
    await app.tasks.complete(given, { clean: true });
    expect((await app.sagas.ended('order-1')).status).toBe('completed');
  });

  it('knows tokens of the secret before, for as long as that is named', async () => {
    await embedded('the secret until now');
    const [first, second] = [await token('1'), await token('2')];
    await opened.pop()?.stop();
    await embedded(['the secret from now on', 'the secret until now']);
    await app.tasks.complete(first, { clean: true });
    await opened.pop()?.stop();
    await embedded('the secret from now on');
    await expect(app.tasks.complete(second, { clean: true })).rejects.toMatchObject({ code: 'task-token-invalid' });
  });

  it('names the step at the start where nobody gives a secret, and the store keeps none', async () => {
    const { taskSecret: _own, ...store } = await openSqliteStore({ file });
    const starting = Skald.connect({ bus: async () => new InProcessBus(), store: async () => store, fenceFile: `${file}-fence` })
      .sagas(OrderSaga)
      .participants(Lab)
      .start();
    await expect(starting).rejects.toMatchObject({ code: 'task-secret', message: expect.stringContaining('step scan of saga order') });
  });

  it('works in a saga that is written with the builder', async () => {
    await embedded();
    const saga = await app.sagas.start(built, { id: '1' }, { id: '1' });
    while (tokens.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await app.tasks.complete(tokens[0] ?? '', { clean: false });
    const { clean } = await saga.result();
    expect(clean).toBe(false);
  });

  it('checks a result by the schema of the action, as if that had answered it; after a bad one nothing is recorded, and the token is good', async () => {
    await embedded();
    const saga = await app.sagas.start(strictly, { id: '1' }, { id: '1' });
    while ((await app.sagas.get('strictly-1')).steps.get('scan')?.status !== 'deferred')
      await new Promise((resolve) => setImmediate(resolve));
    const before = (await app.sagas.history('strictly-1')).length;
    for (const bad of [undefined, null, { clean: 'yes' }])
      await expect(app.tasks.complete(tokens[0] ?? '', bad)).rejects.toMatchObject({
        code: 'task-result-invalid',
        details: { participant: 'strict', action: 'scan', issues: 'clean: must be true or false' },
      });
    expect(await app.sagas.history('strictly-1')).toHaveLength(before);
    await app.tasks.complete(tokens[0] ?? '', { clean: true });
    expect(await saga.result()).toEqual({ scan: { clean: true, by: 'lab' } });
    await app.tasks.complete(tokens[0] ?? '', { clean: true, by: 'somebody else' });
    await expect(app.tasks.complete(tokens[0] ?? '', { clean: false })).rejects.toMatchObject({ code: 'task-over' });
  });
});
