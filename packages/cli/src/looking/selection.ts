import type { SagaIndex, SagaStatus, SagaSummary } from '@skald/kernel';
import { type Command, Option } from 'commander';
import { momentOf } from '../terminal/moments.js';
import { UsageError } from '../usage.js';
import { type AttributeQueries, attributeQueries, matchesAttributes } from './attribute-words.js';

export const STATUSES: readonly SagaStatus[] = [
  'running',
  'throttled',
  'compensating',
  'suspended',
  'completed',
  'compensated',
  'failed',
  'cancelled',
  'terminated',
];

/** The options by which sagas are chosen; the same for lists and for what is done to many. */
export interface SelectionOptions {
  readonly saga?: string;
  readonly status?: readonly string[];
  readonly startedAfter?: string;
  readonly startedBefore?: string;
  readonly error?: string;
  readonly attribute?: readonly string[];
}

export interface Selection {
  readonly saga: string | undefined;
  readonly status: readonly SagaStatus[] | undefined;
  readonly startedAfter: number | undefined;
  readonly startedBefore: number | undefined;
  readonly error: string | undefined;
  readonly attributes?: AttributeQueries | undefined;
}

export function addSelection(command: Command): Command {
  return command
    .option('--saga <name>', 'only sagas of this name')
    .addOption(
      new Option('--status <status...>', `only in this status (repeat it, or with commas): ${STATUSES.join(', ')}`).argParser(collectWords),
    )
    .option('--started-after <time>', 'a time ago (2h, 7d) or a date (2026-11-24T09:45, UTC)')
    .option('--started-before <time>', 'the same')
    .option('--error <text>', 'only where the reason holds this text')
    .addOption(new Option('-a, --attribute <name=value>', 'only with it: a value, a range 100..500, a beginning An*').argParser(collect));
}

function collect(word: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), word];
}

function collectWords(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...text.split(',').filter((word) => word !== '')];
}

export function selectionOf({ saga, status, startedAfter, startedBefore, error, attribute }: SelectionOptions, now: number): Selection {
  return {
    saga,
    status: status?.map(statusNamed),
    startedAfter: startedAfter === undefined ? undefined : momentOf('--started-after', startedAfter, now),
    startedBefore: startedBefore === undefined ? undefined : momentOf('--started-before', startedBefore, now),
    error,
    attributes: attribute && attributeQueries(attribute),
  };
}

function statusNamed(name: string): SagaStatus {
  const found = STATUSES.find((status) => status === name);
  if (found) return found;
  throw new UsageError(`--status ${name}: there is ${STATUSES.join(', ')}`);
}

export function isSelected(summary: SagaSummary, { saga, status, attributes, ...rest }: Selection): boolean {
  if (attributes && !matchesAttributes(summary.attributes, attributes)) return false;
  return (saga === undefined || summary.saga === saga) && (status === undefined || status.includes(summary.status)) && fits(summary, rest);
}

type Beyond = Pick<Selection, 'startedAfter' | 'startedBefore' | 'error'>;

/** What the index is not asked for. */
function fits({ startedAt, error }: SagaSummary, { startedAfter, startedBefore, error: text }: Beyond): boolean {
  if (startedAfter !== undefined && startedAt < startedAfter) return false;
  if (startedBefore !== undefined && startedAt >= startedBefore) return false;
  return text === undefined || (error?.toLowerCase().includes(text.toLowerCase()) ?? false);
}

const PAGE = 500;

/** Newest first; reads no more pages than are asked for. */
export async function* selected(index: SagaIndex, selection: Selection): AsyncGenerator<SagaSummary> {
  const { saga, status, startedAfter, startedBefore, attributes } = selection;
  for (let after: string | undefined; ; ) {
    const query = {
      limit: PAGE,
      ...(saga !== undefined && { saga }),
      ...(status && { status }),
      ...(startedAfter !== undefined && { startedAfter }),
      ...(startedBefore !== undefined && { startedBefore }),
      ...(attributes && { attributes }),
      ...(after !== undefined && { after }),
    };
    const { sagas, next } = await index.list(query);
    for (const summary of sagas) {
      if (fits(summary, selection)) yield summary;
    }
    if (next === undefined) return;
    after = next;
  }
}
