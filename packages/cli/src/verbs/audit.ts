import { auditCheckpoint } from './audit-checkpoint.js';
import { auditConform } from './audit-conform.js';
import { auditGate } from './audit-gate.js';
import { auditKeygen } from './audit-keygen.js';
import { auditReplay } from './audit-replay.js';
import { auditReport } from './audit-report.js';
import { auditVerify } from './audit-verify.js';
import type { Verb } from './verb.js';

/** The verbs by which a third party can convince itself of what sagas did. */
export const audit: Verb = (program, cli) => {
  const group = program
    .command('audit')
    .summary('whether histories are genuine, and decided as they should be')
    .description('Verifies recorded histories, holds them against definitions and signed checkpoints, and reports on them.');
  for (const verb of [auditVerify, auditCheckpoint, auditKeygen, auditConform, auditGate, auditReplay, auditReport]) verb(group, cli);
};
