export { type CommandContext, currentCommand, type Observer } from '@skald/engine';
export type { SagaEnding } from './end-watch.js';
export { projectedStore } from './projected-store.js';
export { RunningSkald } from './running-skald.js';
export { type Intervention, type SagaHandle, Sagas, type StartOptions, type TargetIntervention } from './sagas.js';
export type { SignalOptions } from './signals.js';
export { type FenceSource, Skald } from './skald.js';
export { sagaIdOf } from './start-input.js';
export type { CommonOptions, ConnectOptions, EmbeddedOptions, SagaStore } from './wiring.js';
