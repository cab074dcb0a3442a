import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { currentCommand, type RunningSkald, Skald } from '@skald/app';
import { defineSaga, type Later, later, Participant, participant } from '@skald/decorators';
import { keptRun } from '../terminal/kept-run.js';

let token = '';

@Participant('laboratory')
class Laboratory {
  async analyse(_sample: string): Promise<Later<string>> {
    token = currentCommand()?.taskToken ?? '';
    return later();
  }
}

const laboratory = participant<Laboratory>('laboratory');
const sample = defineSaga<string>({ name: 'sample', version: 1 })
  .step('analyse', { run: (tube) => laboratory.analyse(tube), callback: { timeout: '3d', heartbeat: '1h' } })
  .done();

let folder: string;
let app: RunningSkald;

beforeEach(async () => {
  token = '';
  folder = mkdtempSync(join(tmpdir(), 'skald-task-'));
  app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(sample)
    .participants(Laboratory)
    .start();
  await app.sagas.start(sample, 'a tube', { id: '1' });
  while (token === '') await new Promise((resolve) => setImmediate(resolve));
});

afterEach(async () => {
  await app.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function skald(...args: readonly string[]) {
  const { code, out, err } = await keptRun([...args, '--data', folder], { env: { SKALD_BY: 'ada' } });
  return { code, out: out.join('\n'), err };
}

test('A task is alive, and then done, by its token', async () => {
  expect(await skald('task', 'heartbeat', token)).toMatchObject({ code: 0, out: expect.stringContaining('sample-1: task heartbeat') });
  expect(await skald('task', 'complete', token, '"clean"')).toMatchObject({ code: 0, out: expect.stringContaining('sample-1') });
  expect(await app.sagas.result('sample-1')).toEqual({ analyse: 'clean' });
  expect((await skald('task', 'complete', token, '"clean"')).code).toBe(0);
  expect(await skald('task', 'complete', token, '"dirty"')).toMatchObject({ code: 1, err: expect.stringContaining('[task-over]') });
});

test('A task fails by its token', async () => {
  expect((await skald('task', 'fail', token, 'the tube was broken', '--name', 'Broken')).code).toBe(0);
  expect(await app.sagas.ended('sample-1')).toMatchObject({ status: 'failed' });
});

test('A token that nobody gave out is refused', async () => {
  const forged = `${token.slice(0, -4)}AAAA`;
  expect(await skald('task', 'complete', forged)).toMatchObject({ code: 1, err: expect.stringContaining('[task-token-invalid]') });
  expect(await skald('task', 'complete', 'nonsense')).toMatchObject({ code: 1, err: expect.stringContaining('[task-token-invalid]') });
});
