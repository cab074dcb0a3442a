export { connectEventStore } from './connect-event-store.js';
export type { ConnectionSettings, EventStoreOptions, HostAndPort, Timeouts } from './store-options.js';
