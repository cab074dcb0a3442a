export { checkStream, type Finding, type FindingKind } from './chain.js';
export { MOST_FINDINGS, type Verification, type VerifyOptions, verifyAll, verifyStream } from './verify.js';
