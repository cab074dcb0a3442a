export type { SagaEnding } from './end-watch.js';
export { type Intervention, type SagaHandle, Sagas, sagaIdOf, type StartOptions, type TargetIntervention } from './sagas.js';
export { type EmbeddedOptions, type FenceSource, RunningSkald, Skald } from './skald.js';
