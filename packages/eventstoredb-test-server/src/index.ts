export type { Endpoint, Fault, Reaction } from './faults.js';
export { startTestServer, TestServer, type TestServerOptions } from './test-server.js';
