import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Participant, participant, Saga, SagaStep } from '@skald/decorators';
import type { LogRecord } from '@skald/engine';
import { Skald } from './skald.js';

@Participant('shop')
class Shop {
  async pack(item: string): Promise<string> {
    return `box of ${item}`;
  }
}

const shop = participant<Shop>('shop');

@Saga({ name: 'told', version: 1, log: { level: 'info', data: true } })
class ToldSaga {
  @SagaStep()
  pack(item: string) {
    return shop.pack(item);
  }
}

@Saga({ name: 'quiet', version: 1 })
class QuietSaga {
  @SagaStep()
  pack(item: string) {
    return shop.pack(item);
  }
}

describe('A logger', () => {
  it('gets what each saga asks for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skald-'));
    const told: unknown[] = [];
    const take = (record: LogRecord, message: string) => void told.push([record['sagaId'], message, record['data']]);
    const logger = { debug: take, info: take, warn: take, error: take };
    const app = await Skald.embedded({ file: join(folder, 'skald.db'), logger })
      .sagas(ToldSaga, QuietSaga)
      .participants(Shop)
      .start();
    await (await app.sagas.start(QuietSaga, 'lamps', { id: '1' })).result();
    await (await app.sagas.start(ToldSaga, 'lamps', { id: '1' })).result();
    await app.stop();
    rmSync(folder, { recursive: true });
    expect(told).toEqual([
      ['told-1', 'saga started', expect.objectContaining({ input: 'lamps' })],
      ['told-1', 'step succeeded: pack', expect.objectContaining({ result: 'box of lamps' })],
      ['told-1', 'saga completed', { output: { pack: 'box of lamps' } }],
    ]);
  });
});
