import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { defineSaga, Participant, participant, SagaStep } from '@skald/decorators';
import { openRequestBox, type RequestBox } from '@skald/event-store-sqlite';
import type { RunningSkald } from './running-skald.js';
import { Skald } from './skald.js';

@Participant('stock')
class Stock {
  @SagaStep({ compensation: 'release' })
  async reserve(_sku: string): Promise<string> {
    return 'r-1';
  }

  async release(_sku: string): Promise<void> {}
}

const stock = participant<Stock>('stock');
const saga = defineSaga<string>({ name: 'order', version: 1 })
  .step('reserve', (sku) => stock.reserve(sku))
  .signal('approval')
  .done();

let folder: string;
let file: string;
let box: RequestBox;
let app: RunningSkald | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-desk-'));
  file = join(folder, 'skald.db');
  box = openRequestBox(file, { create: true }) as RequestBox;
});

afterEach(async () => {
  await app?.stop();
  app = undefined;
  box.close();
  rmSync(folder, { recursive: true, force: true });
});

async function running(): Promise<RunningSkald> {
  app = await Skald.embedded({ file }).sagas(saga).participants(Stock).start();
  return app;
}

function post(id: string, operation: string, values: unknown): void {
  box.post({ id, postedAt: Date.now(), text: JSON.stringify({ operation, arguments: values }) });
}

async function answerTo(id: string): Promise<unknown> {
  for (;;) {
    const state = box.stateOf(id);
    if (state.state === 'answered') return JSON.parse(state.answer);
    await setTimeout(10);
  }
}

async function ask(id: string, operation: string, values: unknown): Promise<unknown> {
  post(id, operation, values);
  return answerTo(id);
}

const why = { by: 'ada', reason: 'a test' };

describe('An embedded application, asked by another process', () => {
  test('starts a saga, tells it something, and says what came of it', async () => {
    const { sagas } = await running();
    expect(await ask('1', 'start', { saga: 'order', input: 'tea', id: '7' })).toEqual({
      done: true,
      result: { sagaId: 'order-7', existing: false },
    });
    expect(await ask('2', 'signal', { sagaId: 'order-7', signal: 'approval', payload: { yes: true }, by: 'ada' })).toEqual({ done: true });
    expect(await sagas.result('order-7')).toEqual({ reserve: 'r-1', approval: { yes: true } });
  });

  test('records who acted and why', async () => {
    const { sagas } = await running();
    await sagas.start(saga, 'tea', { id: '7' });
    expect(await ask('1', 'suspend', { sagaId: 'order-7', ...why })).toEqual({ done: true });
    expect((await sagas.history('order-7')).at(-1)).toMatchObject({
      type: 'OperatorIntervened',
      data: { action: 'suspend', request: '1', ...why },
    });
    expect(await ask('2', 'cancel', { sagaId: 'order-7', ...why })).toEqual({ done: true, result: { pending: false } });
    expect((await sagas.ended('order-7')).status).toBe('cancelled');
  });

  test.each([
    ['cancel', { sagaId: 'order-8', ...why }, { code: 'saga-not-found', details: { sagaId: 'order-8' } }],
    ['retry', { sagaId: 'order-7', ...why }, { code: 'TypeError', message: expect.stringContaining('target: a text is wanted') }],
    ['start', { saga: 'ordre', input: 1 }, { code: 'unknown-saga', message: expect.stringContaining('there is order') }],
    ['start', { saga: 'order', version: 2, input: 1 }, { code: 'saga-not-registered' }],
    ['stop', {}, { code: 'unknown-operation', message: expect.stringContaining('it knows start, ') }],
    ['constructor', {}, { code: 'unknown-operation' }],
  ])('is refused %s of %j, and told why', async (operation, values, error) => {
    await running();
    expect(await ask('1', operation, values)).toEqual({ done: false, error: expect.objectContaining(error) });
  });

  test('is not disturbed by what is no request', async () => {
    await running();
    box.post({ id: '1', postedAt: 0, text: 'no JSON' });
    expect(await answerTo('1')).toEqual({ done: false, error: expect.objectContaining({ code: 'SyntaxError' }) });
    expect(await ask('2', 'start', { saga: 'order', input: 'tea' })).toMatchObject({ done: true });
  });

  test('carries out at its start what was asked while it did not run', async () => {
    post('1', 'start', { saga: 'order', input: 'tea', id: '7' });
    const { sagas } = await running();
    expect(await answerTo('1')).toMatchObject({ done: true });
    expect((await sagas.get('order-7')).input).toBe('tea');
  });

  test('R1: carries out once what its predecessor had in hand when it died', async () => {
    const first = await running();
    expect(await ask('1', 'start', { saga: 'order', input: 'tea' })).toEqual({
      done: true,
      result: { sagaId: 'order-1', existing: false },
    });
    await first.stop();
    // As it stands when the answer did not come to be written.
    box.forget('1');
    post('1', 'start', { saga: 'order', input: 'tea' });
    box.take(1);
    const { sagas } = await running();
    expect(await answerTo('1')).toEqual({ done: true, result: { sagaId: 'order-1', existing: true } });
    expect((await sagas.list()).sagas).toHaveLength(1);
  });
});
