import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Class, defineSaga, Participant, participant, SagaAborted, type SagaRef } from '@skald/decorators';
import type { StandardSchema } from '@skald/kernel';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';
import { sagaIdOf } from './start-input.js';

/** Calls that are answered when the test says so. */
class Gate {
  readonly #waiting: (() => void)[] = [];
  #isOpen = true;

  close(): void {
    this.#isOpen = false;
  }

  open(): void {
    this.#isOpen = true;
    for (const go of this.#waiting.splice(0)) go();
  }

  async pass(): Promise<void> {
    if (!this.#isOpen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

const gate = new Gate();
const calls: unknown[] = [];

@Participant('shop')
class Shop {
  async act(input: unknown): Promise<{ echo: unknown }> {
    await gate.pass();
    calls.push(input);
    return { echo: input };
  }
}

const shop = participant<Shop>('shop');
const echo = defineSaga<{ readonly n?: number }>({ name: 'echo', version: 1 })
  .step('act', (input) => shop.act(input))
  .result((input, { results }) => ({ at: new Date(0), echo: results.act?.echo, none: undefined, n: input.n }));

let file: string;
let folder: string;
let app: RunningSkald | undefined;

async function start(sagas: readonly SagaRef[] = [echo], participants: readonly Class<object>[] = [Shop]): Promise<RunningSkald> {
  app = await Skald.embedded({ file, log: () => {} })
    .sagas(...sagas)
    .participants(...participants)
    .start();
  return app;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
  file = join(folder, 'skald.db');
  calls.length = 0;
});
afterEach(async () => {
  gate.open();
  await app?.stop();
  rmSync(folder, { recursive: true });
});

describe('The end of a saga', () => {
  it('is told to whoever waits before it', async () => {
    const { sagas } = await start();
    gate.close();
    const saga = await sagas.start(echo, { n: 1 });
    const waiting = [saga.ended(), saga.ended(), sagas.ended(saga.sagaId)];
    gate.open();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(['completed', 'completed', 'completed']);
  });

  it('is told to whoever asks after it, from the store, and in another life of the application', async () => {
    const first = await start();
    const { sagaId, result } = await first.sagas.start(echo, { n: 1 }, { id: '1' });
    const output = await result();
    await first.stop();
    const second = await start();
    expect(await second.sagas.result(sagaId)).toEqual(output);
    expect(await second.sagas.ended(sagaId)).toMatchObject({ status: 'completed', reason: undefined });
  });

  it('has the same output before and after it is stored: what JSON keeps of it, and changing it changes nothing', async () => {
    const { sagas } = await start();
    const saga = await sagas.start(echo, { n: 1 });
    const output: object = await saga.result();
    expect(output).toEqual({ at: '1970-01-01T00:00:00.000Z', echo: { n: 1 }, n: 1 });
    Object.assign(output, { n: 2 });
    expect(await saga.result()).toEqual({ at: '1970-01-01T00:00:00.000Z', echo: { n: 1 }, n: 1 });
  });

  it('is told whenever one asks: before, during and after a hundred ends', async () => {
    const { sagas } = await start();
    const handles = await Promise.all(Array.from({ length: 100 }, (_, n) => sagas.start(echo, { n }, { id: `${n}` })));
    const asked = [];
    for (const { sagaId } of handles) {
      asked.push(sagas.ended(sagaId));
      await Promise.resolve();
      asked.push(sagas.ended(sagaId));
      await new Promise((resolve) => setImmediate(resolve));
      asked.push(sagas.ended(sagaId));
    }
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set(['completed']));
  });

  it('of a saga that does not exist is saga-not-found for him who asks, and for nobody who waits for one that is about to be', async () => {
    const { sagas } = await start();
    await expect(sagas.ended('echo-1')).rejects.toMatchObject({ code: 'saga-not-found', details: { sagaId: 'echo-1' } });
    const tooEarly = sagas.ended('echo-1');
    const saga = sagas.start(echo, {}, { id: '1' });
    const inTime = saga.then(({ ended }) => ended());
    await expect(tooEarly).rejects.toMatchObject({ code: 'saga-not-found' });
    await expect(inTime).resolves.toMatchObject({ status: 'completed' });
  });

  it('is not waited for any more when the application stops: app-stopped', async () => {
    const { sagas, stop } = await start().then((running) => ({ sagas: running.sagas, stop: () => running.stop() }));
    gate.close();
    const { sagaId, ended } = await sagas.start(echo, {});
    const expected = expect(ended()).rejects.toMatchObject({ code: 'app-stopped' });
    await new Promise((resolve) => setImmediate(resolve));
    const stopped = stop();
    gate.open();
    await expected;
    await stopped;
    await expect(sagas.ended(sagaId)).rejects.toMatchObject({ code: 'app-stopped' });
    await expect(sagas.start(echo, {})).rejects.toMatchObject({ code: 'app-stopped' });
  });

  it('by abortion has the saga’s own reason', async () => {
    const aborting = defineSaga({ name: 'aborting', version: 1 })
      .step('act', () => {
        throw new SagaAborted('we are closed');
      })
      .done();
    const { sagas } = await start([aborting]);
    const saga = await sagas.start(aborting, {});
    await expect(saga.result()).rejects.toMatchObject({
      code: 'saga-did-not-complete',
      details: { status: 'failed', reason: 'SagaAborted: we are closed' },
    });
  });
});

describe('Stopping and starting again', () => {
  it('carries on where sagas stood, and does nothing twice', async () => {
    const first = await start();
    gate.close();
    await Promise.all(Array.from({ length: 50 }, (_, n) => first.sagas.start(echo, { n }, { id: `${n}` })));
    const stopped = first.stop();
    gate.open();
    await stopped;
    const second = await start();
    const ends = await Promise.all(Array.from({ length: 50 }, (_, n) => second.sagas.ended(`echo-${n}`)));
    expect(ends.every(({ status }) => status === 'completed')).toBe(true);
    expect(calls).toHaveLength(50);
  });

  it('can be done with the same wiring, and stop can be called twice', async () => {
    const skald = Skald.embedded({ file }).sagas(echo).participants(Shop);
    for (let n = 0; n < 3; n++) {
      const running = await skald.start();
      const saga = await running.sagas.start(echo, { n }, { id: `${n}` });
      await saga.result();
      expect(running.stop()).toBe(running.stop());
      await running.stop();
    }
    const { sagas } = await start();
    expect(await sagas.count()).toEqual({ completed: 3 });
  });

  it('keeps everything in memory when the file is :memory:, and leaves no file', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      file = ':memory:';
      const { sagas } = await start();
      await (await sagas.start(echo, {})).result();
    } finally {
      process.chdir(before);
    }
  });
});

describe('What is passed in', () => {
  const Positive: StandardSchema<unknown, { readonly n: number }> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const n = Number((value as { n?: unknown })?.n);
        return n > 0 ? { value: { n } } : { issues: [{ message: 'must be positive', path: ['n'] }] };
      },
    },
  };
  const strict = defineSaga({ name: 'strict', version: 1, input: Positive })
    .step('act', (input) => shop.act(input))
    .done();

  it('is checked and changed by the saga’s schema', async () => {
    const { sagas } = await start([strict]);
    await (await sagas.start(strict, { n: '7' } as never)).result();
    expect(calls).toEqual([{ n: 7 }]);
    await expect(sagas.start(strict, { n: -1 })).rejects.toMatchObject({
      code: 'invalid-input',
      details: { issues: expect.stringContaining('n: must be positive') },
    });
    expect(await sagas.count()).toEqual({ completed: 1 });
  });

  it('stays the caller’s own: it can be changed afterwards, and the saga has what it was', async () => {
    const { sagas } = await start();
    const input = { n: 1 };
    gate.close();
    const saga = await sagas.start(echo, input);
    input.n = 2;
    gate.open();
    await saga.result();
    expect(calls).toEqual([{ n: 1 }]);
  });

  it('is refused when it is too large, with size and limit', async () => {
    const { sagas } = await start();
    await expect(sagas.start(echo, { text: 'x'.repeat(300_000) } as never)).rejects.toMatchObject({
      code: 'input-too-large',
      details: { limit: 204_800 },
    });
  });

  it.each(['', 'a'.repeat(201), 'tab\there', 'nul\u0000'])('as an id is refused when it cannot be one: %j', async (id) => {
    const { sagas } = await start();
    await expect(sagas.start(echo, {}, { id })).rejects.toMatchObject({ code: 'invalid-saga-id' });
  });

  it.each(['a', 'a-b/c#d', 'Ä 漢字 🚚', "'; DROP TABLE events; --", '../../etc'])('as an id can be anything else: %j', async (id) => {
    const { sagas } = await start();
    const { sagaId, result } = await sagas.start(echo, {}, { id });
    await result();
    expect([sagaId, (await sagas.get(sagaId)).sagaId]).toEqual([sagaIdOf('echo', id), `echo-${id}`]);
  });

  it('can be nothing at all', async () => {
    const bare = defineSaga<undefined>({ name: 'bare', version: 1 })
      .step('act', (input) => shop.act(input))
      .done();
    const { sagas } = await start([bare]);
    await (await sagas.start(bare, undefined, { id: '1' })).result();
    expect((await sagas.get('bare-1')).input).toBeNull();
  });

  it('must be of a saga that is registered', async () => {
    const { sagas } = await start();
    await expect(sagas.start(strict, { n: 1 })).rejects.toMatchObject({ code: 'saga-not-registered' });
    await expect(sagas.start(class Plain {} as never, {} as never)).rejects.toMatchObject({ code: 'not-a-saga' });
  });
});
