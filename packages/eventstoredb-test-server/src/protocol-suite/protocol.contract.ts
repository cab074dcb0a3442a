import { appendSuite, idempotencySuite } from './appends.contract.js';
import { readSuite } from './reads.contract.js';
import { removalSuite } from './removals.contract.js';
import { subscriptionSuite } from './subscriptions.contract.js';
import type { SuiteTarget } from './suite-target.js';

export type { SuiteTarget } from './suite-target.js';

/** What an EventStoreDB does, as far as Skald relies on it: the same sentences for a real server and for the one in this package. */
export function protocolSuite(target: SuiteTarget): void {
  appendSuite(target);
  idempotencySuite(target);
  removalSuite(target);
  readSuite(target);
  subscriptionSuite(target);
}
