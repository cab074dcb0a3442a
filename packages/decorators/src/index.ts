export type { Command, Duration, Later, Probed, RetryOptions, SagaDefinition, StandardSchema, StepOptions } from '@skald/kernel';
export { BusinessError, later, SagaAborted } from '@skald/kernel';
export { defineSaga } from './builder.js';
export type {
  BuilderChoice,
  BuilderContext,
  BuilderItemContext,
  BuilderMap,
  BuilderOptions,
  BuilderSignal,
  BuilderStep,
  BuilderWait,
  SagaBuilder,
} from './builder-typing.js';
export { type ChildOptions, child, type DetachedChild } from './child.js';
export type { SagaChoiceOptions } from './choice-typing.js';
export { Participant, Probe, Saga, SagaChoice, SagaMap, SagaSignal, SagaStep, SagaTimer } from './decorators.js';
export { each } from './each.js';
export type { SagaItem, SagaMapOptions } from './map-typing.js';
export type { ActionDefinition, ParticipantDefinition } from './participant-definition.js';
export { participantDefinitionOf } from './participant-definition.js';
export { participant } from './participant-proxy.js';
export { definitionOf, signalNameOf } from './saga-class.js';
export type {
  BuiltSaga,
  Class,
  Context,
  InputOf,
  OutputOf,
  ParticipantClient,
  ResultOf,
  SagaContext,
  SagaInput,
  SagaOptions,
  SagaOutput,
  SagaRef,
  SagaSignalOptions,
  SagaStepOptions,
  SagaTimerOptions,
  SignalsOf,
} from './typing.js';
