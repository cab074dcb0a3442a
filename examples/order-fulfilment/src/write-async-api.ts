import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { shopApiText } from './shop-api.js';

const file = new URL('../../../docs/reference/order-fulfilment.asyncapi.json', import.meta.url);
writeFileSync(file, shopApiText());
