export type { Command, Duration, RetryOptions, SagaDefinition, StandardSchema, StepOptions } from '@skald/kernel';
export { BusinessError, SagaAborted } from '@skald/kernel';
export { defineSaga } from './builder.js';
export { Participant, Saga, SagaStep, SagaTimer } from './decorators.js';
export type { ActionDefinition, ParticipantDefinition } from './participant-definition.js';
export { participantDefinitionOf } from './participant-definition.js';
export { participant } from './participant-proxy.js';
export { definitionOf } from './saga-class.js';
export type {
  BuilderContext,
  BuilderOptions,
  BuilderStep,
  BuilderWait,
  BuiltSaga,
  Class,
  Context,
  InputOf,
  OutputOf,
  ParticipantClient,
  ResultOf,
  SagaBuilder,
  SagaContext,
  SagaInput,
  SagaOptions,
  SagaOutput,
  SagaRef,
  SagaStepOptions,
  SagaTimerOptions,
} from './typing.js';
