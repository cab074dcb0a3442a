export { openSqliteIndex, type SqliteIndex } from './open-index.js';
export type { SqliteStore, SqliteStoreOptions } from './open-store.js';
export { openSqliteStore } from './open-store.js';
export { externalFence, externalSqliteFence, openParticipantDatabase, sqliteFence } from './sqlite-fence.js';
