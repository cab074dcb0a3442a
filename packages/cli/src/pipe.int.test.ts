import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';

@Participant('shop')
class Shop {
  async charge(_item: string): Promise<void> {}
}

const shop = participant<Shop>('shop');
const order = defineSaga<string>({ name: 'order', version: 1 })
  .step('charge', (item) => shop.charge(item))
  .done();

/** Far more than a pipe holds. */
const SAGAS = 2_000;

const bin = fileURLToPath(new URL('../dist/bin.js', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'skald-pipe-'));
  const app = await Skald.embedded({ file: join(folder, 'skald.db'), log: () => {} })
    .sagas(order)
    .participants(Shop)
    .start();
  await Promise.all(Array.from({ length: SAGAS }, (_, id) => app.sagas.start(order, 'tea', { id: String(id) })));
  await app.stop();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bash(line: string) {
  const skald = `'${process.execPath}' --disable-warning=ExperimentalWarning '${bin}' --data '${folder}'`;
  const { stdout, stderr } = spawnSync('bash', ['-c', line.replaceAll('SKALD', skald)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return { stdout, stderr };
}

describe('skald in a pipe', () => {
  test('is not troubled by a reader that goes away', () => {
    expect(bash('set -o pipefail; SKALD list --limit 3000 --json | head -1 | wc -l; echo $?')).toEqual({ stdout: '1\n0\n', stderr: '' });
  });

  test('gives all of it, without colours, and tells the rest on the other stream', () => {
    const { stdout, stderr } = bash('SKALD list --limit 3000');
    expect(stdout.split('\n')).toHaveLength(SAGAS + 2);
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toContain(`${SAGAS} sagas: `);
  });

  test('asks nobody', () => {
    expect(bash('SKALD cancel order-1; echo $?')).toEqual({ stdout: '2\n', stderr: expect.stringContaining('a reason is wanted') });
  });
});
