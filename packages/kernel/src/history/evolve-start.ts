import { attributesOf } from '../deciding/attributes.js';
import type { SagaState } from '../state/state.js';
import type { DataOf } from './events.js';
import { takenUpAgain } from './evolve-express.js';

export function attributesSet(state: SagaState, { attributes, errors }: DataOf<'AttributesSet'>): void {
  state.recordedAttributes = attributes;
  state.attributes = attributesOf(attributes);
  state.attributeErrors = errors;
}

export function started(state: SagaState, data: DataOf<'SagaStarted'>, at: number): void {
  if (state.isSummary) takenUpAgain(state);
  state.sagaId = data.sagaId;
  state.saga = data.saga;
  state.version = data.version;
  state.incarnation = data.incarnation;
  state.input = data.input;
  state.inputHash = data.inputHash;
  state.startRequest = data.request;
  state.parent = data.parent;
  state.again = data.again;
  state.trace = data.trace;
  if (data.limited) Object.assign(state, { slot: 'asked', slotRevision: state.revision });
  state.startedAt = at;
  state.since = at;
  state.phase = 'running';
  state.deadlineAt = data.deadlineAt;
  if (data.deadlineAt !== undefined) state.timers.set('deadline', data.deadlineAt);
}
