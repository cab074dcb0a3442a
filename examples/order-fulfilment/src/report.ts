import type { Audit, AuditReport } from './audit.js';
import { fromCents, showCents } from './money.js';
import type { Counts, RunFigures } from './order-run.js';

/** What `--json` prints. */
export interface Report {
  readonly orders: number;
  readonly badLines: number;
  readonly completed: number;
  readonly compensated: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly suspended: number;
  /** Money kept, in the orders' currency, exact to the cent. */
  readonly charged: number;
  /** From the first start to the last end of this run. */
  readonly seconds: number;
  readonly sagasPerSecond: number;
  readonly audit: Audit;
}

export function reportOf(
  orders: number,
  badLines: number,
  counts: Counts,
  { ended, seconds }: RunFigures,
  { audit, charged }: AuditReport,
): Report {
  const { completed = 0, compensated = 0, failed = 0, cancelled = 0, suspended = 0 } = counts;
  const rounded = Number(seconds.toFixed(3));
  const sagasPerSecond = rounded > 0 ? Math.round(ended / rounded) : 0;
  const ends = { completed, compensated, failed, cancelled, suspended };
  return { orders, badLines, ...ends, charged: fromCents(charged), seconds: rounded, sagasPerSecond, audit };
}

export function holds(audit: Audit): boolean {
  return Object.values(audit).every((value) => value === true);
}

const SENTENCES: Readonly<Record<keyof Audit, string>> = {
  everySagaEnded: 'every saga ended',
  everyStreamObeysTheLaws: 'every stream obeys every law',
  moneyMatches: 'money captured is what completed orders come to; nothing stays authorized',
  stockMatches: 'stock plus shipped is the stock at the start; nothing stays reserved',
  ordersMatch: 'the order service says what the sagas say',
  noEffectTwice: 'nothing took effect twice',
};

/** For people. */
export function summaryLines(report: Report, charged: number, findings: readonly string[]): string[] {
  const { orders, badLines, completed, compensated, failed, cancelled, suspended, seconds, sagasPerSecond } = report;
  const others = Object.entries({ failed, cancelled, suspended }).filter(([, sagas]) => sagas > 0);
  return [
    `${orders} orders: ${[`${completed} completed`, `${compensated} compensated`, ...others.map(([status, sagas]) => `${sagas} ${status}`)].join(', ')}`,
    ...(badLines > 0 ? [`${badLines} lines were no orders`] : []),
    `${showCents(charged)} charged`,
    ...(seconds > 0 ? [`${sagasPerSecond} sagas a second, for ${seconds} seconds`] : ['all of it was done in an earlier run']),
    '',
    'audit',
    ...(Object.keys(SENTENCES) as (keyof Audit)[]).map((check) => `  ${report.audit[check] ? '✔' : '✘'} ${SENTENCES[check]}`),
    ...shown(findings),
  ];
}

const MOST_FINDINGS = 20;

function shown(findings: readonly string[]): string[] {
  const more = findings.length - MOST_FINDINGS;
  return [...findings.slice(0, MOST_FINDINGS).map((finding) => `    ${finding}`), ...(more > 0 ? [`    and ${more} more`] : [])];
}
