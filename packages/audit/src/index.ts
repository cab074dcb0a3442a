export { type CausedEvent, messageBehind } from './causes.js';
export { checkStream, type Finding, type FindingKind } from './chain.js';
export {
  BadCheckpoint,
  type Checkpoint,
  checkRow,
  checkSignature,
  checkTime,
  digestOf,
  fingerprintOf,
  generateKeys,
  publicKeyOf,
  readCheckpoint,
  signCheckpoint,
} from './checkpoint.js';
export { type CheckpointOptions, compareWithCheckpoint, makeCheckpoint, StoreDoesNotHold, verifyAgainst } from './checkpoint-store.js';
export { withChildren } from './children.js';
export { causedEvents, type Difference, type Replay, replayHistory, sagaOf } from './conform.js';
export { type Conformance, conformAll, conformOne, sagaStreams } from './conform-store.js';
export { explainDifference } from './difference-words.js';
export { exportAll, exportStreams, ImportRefused, type ImportResult, importStreams } from './export-import.js';
export { type Candidate, type GateOptions, type GateVerdict, gate, type Held } from './gate.js';
export { OrderDigest } from './order-digest.js';
export { type PayloadAccess, type ReadableHistory, readableHistory } from './readable-history.js';
export { streamOf } from './reading.js';
export { type FullReplay, type ReplayOptions, replayAll } from './replay-all.js';
export { type ReportedDeed, type ReportedEvent, type ReportedRecord, type SagaReport, sagaReport } from './report.js';
export { reportPage } from './report-page.js';
export type { ReportedItems, ReportedRequest, ReportedUndoing } from './report-requests.js';
export { byStream, eventsOfLines, eventsOfText, lineOf, UnreadableLine } from './stream-lines.js';
export { MOST_FINDINGS, type Verification, type VerifyOptions, verifyAll, verifyStream } from './verify.js';
