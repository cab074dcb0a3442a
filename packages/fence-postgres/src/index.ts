export type { PostgresFence, PostgresFenceOptions } from './postgres-fence.js';
export { postgresFence, postgresFenceSchema } from './postgres-fence.js';
export { currentClient } from './transaction-client.js';
