import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { keptRun } from '../terminal/kept-run.js';

@Participant('shop')
class Shop {
  async charge(_item: string): Promise<void> {}
}

const shop = participant<Shop>('shop');
const order = defineSaga<string>({ name: 'order', version: 1 })
  .step('charge', (item) => shop.charge(item))
  .done();

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-completion-'));
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(order)
    .participants(Shop)
    .start();
  for (const id of ['41', '42', '7']) await (await app.sagas.start(order, 'tea', { id })).result();
  await app.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function completed(shell: string, ...words: readonly string[]): Promise<readonly string[]> {
  const { code, out } = await keptRun(['__complete', shell, '--', ...words]);
  expect(code).toBe(0);
  return out;
}

describe('The tabulator', () => {
  test.each([
    [['re'], ['replay', 'retry', 'resume']],
    [
      ['definitions', 'l'],
      ['list', 'lint'],
    ],
    [
      ['definitions', 'diagram', 'order', '--format', ''],
      ['mermaid', 'dot', 'svg'],
    ],
    [
      ['list', '--started-'],
      ['--started-after', '--started-before'],
    ],
    [['cancel', '--rea'], ['--reason']],
    [['show', '--js'], ['--json']],
    [['--data', 'x', 'sh'], ['show']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', 'x', ''], []],
  ])('completes %j', async (words, expected) => {
    expect(await completed('bash', ...words)).toEqual(expected);
  });

  test('completes ids of sagas, newest first, from the store that is named', async () => {
    expect(await completed('bash', '--data', folder, 'show', 'order-4')).toEqual(['order-42', 'order-41']);
    expect(await completed('bash', 'retry', `--data=${folder}`, 'order-7')).toEqual(['order-7']);
    expect(await completed('bash', '--data', join(folder, 'nowhere'), 'show', 'order-4')).toEqual([]);
  });

  test('tells zsh and fish what each is', async () => {
    expect(await completed('zsh', 'doc')).toEqual(['doctor:whether all is well, and what to do if not']);
    expect(await completed('fish', '--data', folder, 'show', 'order-7')).toEqual(['order-7\tcompleted']);
  });

  test.each(['bash', 'zsh', 'fish'])('is told to %s by a script that asks skald', async (shell) => {
    const { code, out } = await keptRun(['completion', shell]);
    expect(code).toBe(0);
    expect(out.join('\n')).toContain(`skald __complete ${shell} --`);
  });
});
