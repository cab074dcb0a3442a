import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { shopApi, shopApiText } from './shop-api.js';

describe('docs/reference/order-fulfilment.asyncapi.json', () => {
  it('says what the definitions say; npm run async-api writes it anew', () => {
    const committed = readFileSync(new URL('../../../docs/reference/order-fulfilment.asyncapi.json', import.meta.url), 'utf8');
    expect(committed).toBe(shopApiText());
  });

  it('knows every service and the input of the saga', () => {
    const { channels, components } = shopApi();
    for (const service of ['orders', 'payments', 'inventory']) expect(channels).toHaveProperty([`${service}.commands`]);
    expect(components.schemas['order.v1.input']).toMatchObject({ required: ['orderId', 'customerId', 'lines', 'total'] });
  });
});
