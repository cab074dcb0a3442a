import { injectable } from 'inversify';
import type { SagaChoiceDecorator } from './choice-typing.js';
import type { SagaMapDecorator } from './map-typing.js';
import { recordParticipant, recordProbe, recordSaga, recordStep, refuseStandardDecorators } from './metadata.js';
import type { ProbeDecorator } from './probe-typing.js';
import type { ParticipantDecorator, SagaDecorator, SagaSignalDecorator, SagaStepDecorator, SagaTimerDecorator } from './typing.js';

/** Makes a class a saga: its methods under `@SagaStep` are steps, a method `result` gives its output. Injectable by inversify. */
export const Saga: SagaDecorator =
  (options) =>
  (...[target, second]: [object, unknown?]) => {
    refuseStandardDecorators('@Saga', second);
    injectable()(target as Parameters<ClassDecorator>[0]);
    recordSaga(target, options);
  };

/** Makes a class a participant: its public methods are actions that sagas ask for by `participant(name)`. Injectable by inversify. */
export const Participant: ParticipantDecorator =
  (name) =>
  (...[target, second]: [object, unknown?]) => {
    refuseStandardDecorators('@Participant', second);
    injectable()(target as Parameters<ClassDecorator>[0]);
    recordParticipant(target, name);
  };

/** A step of a saga, or an action of a participant with what undoes it. */
export const SagaStep: SagaStepDecorator = (options) => (target, key) => {
  refuseStandardDecorators('@SagaStep', key);
  recordStep(target, String(key), options ?? {});
};

/** A step of a saga that asks for many items, known only when its turn comes; its method answers `each(items, (item) => command)`. */
export const SagaMap: SagaMapDecorator = (options) => (target, key) => {
  refuseStandardDecorators('@SagaMap', key);
  recordStep(target, String(key), { ...options, kind: 'map' });
};

/** A step of a saga that waits: for a time (`for`), or as its method says. */
export const SagaTimer: SagaTimerDecorator = (options) => (target, key) => {
  refuseStandardDecorators('@SagaTimer', key);
  recordStep(target, String(key), { ...options, kind: 'timer' });
};

/** A step of a saga that waits for a signal; its method takes the payload. */
export const SagaSignal: SagaSignalDecorator = (options) => (target, key) => {
  refuseStandardDecorators('@SagaSignal', key);
  recordStep(target, String(key), { ...options, kind: 'signal' });
};

/** A step of a saga that decides which of its branches is taken. Steps belong to one by `branch: 'method.branch'`. */
export const SagaChoice: SagaChoiceDecorator = (options) => (target, key) => {
  refuseStandardDecorators('@SagaChoice', key);
  recordStep(target, String(key), { ...options, kind: 'choice' });
};

/** Says whether an action of the participant happened, where a run of it was interrupted. */
export const Probe: ProbeDecorator = (action) => (target, key) => {
  refuseStandardDecorators('@Probe', key);
  recordProbe(target, String(key), action);
};
