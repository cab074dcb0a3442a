export {
  aesGcmCodec,
  type CommandContext,
  currentCommand,
  type Logger,
  type LogRecord,
  memoryKeyStore,
  type Observer,
} from '@skald/engine';
export type { BulkAction, BulkFilter, BulkOptions, BulkOutcome, BulkProgress, BulkStep } from './bulk.js';
export { lintSagas } from './check-definitions.js';
export type { SagaEnding } from './end-watch.js';
export type { SagaQuery } from './list-sagas.js';
export { callOperation, type OperationCall, type OperationPorts } from './operations.js';
export { projectedStore } from './projected-store.js';
export { type CallAnswer, type CallError, callError } from './request-desk.js';
export { RunningSkald } from './running-skald.js';
export { type SagaHandle, Sagas, type StartOptions } from './sagas.js';
export type { SignalOptions } from './signals.js';
export { type FenceSource, Skald } from './skald.js';
export type { StartAgainOptions } from './start-again.js';
export { sagaIdOf } from './start-input.js';
export { type Intervention, Steering, type TargetIntervention } from './steering.js';
export { Tasks } from './tasks.js';
export type { VersionInUse } from './versions.js';
export type { CommonOptions, ConnectOptions, EmbeddedOptions, SagaStore } from './wiring.js';
