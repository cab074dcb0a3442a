import type { SagaEvent } from '../history/events.js';
import { ATTRIBUTE_LAWS } from './attribute-laws.js';
import { CATCH_LAWS } from './catch-laws.js';
import { CHILD_LAWS } from './child-laws.js';
import { DEFERRAL_LAWS } from './deferral-laws.js';
import { index, inspect, type Law, type Violation } from './law.js';
import { LIFECYCLE_LAWS } from './lifecycle-laws.js';
import { MAP_LAWS } from './map-laws.js';
import { SLOT_LAWS } from './slot-laws.js';
import { STEERING_LAWS } from './steering-laws.js';
import { STEP_LAWS } from './step-laws.js';
import { UNDO_LAWS } from './undo-laws.js';
import { WAITING_LAWS } from './waiting-laws.js';

const ALL = [
  ...[...LIFECYCLE_LAWS, ...STEP_LAWS, ...UNDO_LAWS, ...STEERING_LAWS, ...WAITING_LAWS],
  ...[...CATCH_LAWS, ...ATTRIBUTE_LAWS, ...MAP_LAWS, ...SLOT_LAWS, ...DEFERRAL_LAWS, ...CHILD_LAWS],
];
const INDEX = index(ALL);

/** Every law a history has to obey. */
export const LAWS: readonly Law[] = ALL;

/** Every law that this history breaks, in one pass: O(n) for n events. A whole stream or any beginning of one. */
export function checkLaws(history: readonly SagaEvent[]): Violation[] {
  return inspect(INDEX, history);
}
