export { openSqliteIndex, type SqliteIndex } from './open-index.js';
export type { SqliteStore, SqliteStoreOptions } from './open-store.js';
export { openSqliteStore } from './open-store.js';
export { type Holder, holderOf } from './ownership.js';
export { openRequestBox, type PostedRequest, type RequestBox, type RequestState } from './request-box.js';
export { externalFence, externalSqliteFence, openParticipantDatabase, sqliteFence } from './sqlite-fence.js';
export { type MasterKey, type SqliteKeyStore, type SqliteKeyStoreOptions, sqliteKeyStore } from './sqlite-key-store.js';
