// Payloads that are encrypted with a key for each saga, and forgotten by dropping the key. Run: npm run examples
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aesGcmCodec, Skald } from '@skald/app';
import { defineSaga, Participant, participant } from '@skald/decorators';
import { sqliteKeyStore } from '@skald/event-store-sqlite';

interface Order {
  readonly customer: string;
  readonly total: number;
}

@Participant('bank')
class Bank {
  async charge(order: Order) {
    return { receipt: `${order.total} paid by ${order.customer}` };
  }
}

const bank = participant<Bank>('bank');
const order = defineSaga<Order>({ name: 'order', version: 1 })
  .step('charge', (input) => bank.charge(input))
  .attributes({ total: ({ total }) => total }) // in the clear
  .done();

const folder = mkdtempSync(join(tmpdir(), 'skald-'));
const file = join(folder, 'skald.db');
const masterKey = randomBytes(32); // in real life: from your key management

// #region codec
const keys = await sqliteKeyStore({ file: join(folder, 'keys.db'), masters: [{ id: '2026', key: masterKey }] });
const codec = aesGcmCodec({ keys });
const app = await Skald.embedded({ file, codec, log: () => {} })
  .sagas(order)
  .participants(Bank)
  .start();
// #endregion codec

const saga = await app.sagas.start(order, { customer: 'Ada Lovelace', total: 30 }, { id: '1' });
console.log(await saga.result()); // those who have the key see everything
console.log('in the file:', readFileSync(`${file}-wal`).includes('Ada Lovelace') ? 'Ada' : 'nobody');

// #region forget
await codec.drop('order-1'); // Ada asks to be forgotten
const history = await app.sagas.history('order-1'); // still there, and still verifiable
// #endregion forget
for (const { type, data } of history) console.log(type, 'input' in data ? data.input : 'result' in data ? data.result : '');
await app.stop();
await keys.close();
