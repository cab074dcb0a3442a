import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { postgresAtHand } from '../fixtures/postgres-at-hand.js';
import { postgresFence } from './postgres-fence.js';
import { currentClient } from './transaction-client.js';

const postgres = postgresAtHand();
const whereThereIsOne = postgres.url === undefined ? describe.skip : describe;
afterAll(() => postgres.stop());

// #region participant
class PaymentService {
  /** In the fence's transaction: charged and recorded, or neither. */
  async charge({ orderId, amount }: { orderId: string; amount: number }): Promise<{ paymentId: string }> {
    const insert = 'INSERT INTO payments (order_id, amount) VALUES ($1, $2) RETURNING id';
    const { rows } = await currentClient().query<{ id: string }>(insert, [orderId, amount]);
    return { paymentId: rows[0]?.id ?? '' };
  }

  async refund({ orderId }: { orderId: string }): Promise<void> {
    await currentClient().query('DELETE FROM payments WHERE order_id = $1', [orderId]);
  }
}
// #endregion

whereThereIsOne(`A participant with its data in PostgreSQL ${postgres.reason}`, () => {
  it('works in the transaction of its fence', async () => {
    const schema = `skald_${randomBytes(6).toString('hex')}`;
    const options = `-c search_path=${schema}`;
    const connectionString = postgres.url;
    // #region fence
    const pool = new pg.Pool({ connectionString, options, max: 20 });
    const fence = postgresFence(pool, { concurrency: 10, table: 'payment_fence' });
    // #endregion
    await pool.query(`CREATE SCHEMA ${schema}; CREATE TABLE payments (id bigserial, order_id text, amount int)`);
    const service = new PaymentService();
    const charged = await fence.session((session) => session.savepoint(() => service.charge({ orderId: '42', amount: 10 })));
    expect(charged).toEqual({ paymentId: '1' });
    const failing = fence.session(async () => {
      await service.refund({ orderId: '42' });
      throw new Error('not like this');
    });
    await expect(failing).rejects.toThrow('not like this');
    expect((await pool.query('SELECT amount FROM payments')).rows).toEqual([{ amount: 10 }]);
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  });
});
