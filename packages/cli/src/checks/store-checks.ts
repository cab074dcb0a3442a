import type { EventStore, SagaDefinition, SagaIndex, SagaSummary } from '@skald/kernel';
import type { OpenStore } from '../connecting/open-store.js';
import { changesOf, describedIn, describedOnRecord } from '../diagrams/described.js';
import { STATUSES } from '../looking/selection.js';
import { age } from '../terminal/ages.js';
import { duration, plain } from '../terminal/plain-text.js';
import { type Check, type CheckResult, good } from './checks.js';

/** An event may be so much younger than now before somebody's clock is called wrong, in milliseconds. */
const CLOCK_SKEW = 1_000;
/** What is due for so long, and nobody has looked. */
const OVERDUE = 60_000;
/** A saga that is on its way back for so long. */
const LONG_UNDOING = 60 * 60 * 1_000;
const SAMPLE = 1_000;

export interface StoreChecksOptions {
  /** Epoch milliseconds, by the clock of the brokers where it could be compared. */
  readonly now: number;
  /** Sagas have asked participants for something over the bus. */
  readonly isUsed: boolean;
  readonly definitions: readonly SagaDefinition[] | undefined;
}

/** What the store itself tells: nobody is asked. */
export async function storeChecks(store: OpenStore, { now, definitions, isUsed }: StoreChecksOptions): Promise<Check[]> {
  const index = await store.index();
  const checks: Check[] = [];
  const add = async (name: string, check: () => Promise<CheckResult | undefined>): Promise<void> => {
    const found = await check();
    if (found) checks.push({ name, ...found });
  };
  await add('index', () => lagOf(store.events, index));
  await add('sagas', () => countOf(index, isUsed));
  await add('for you', () => suspended(index, now));
  await add('versions', () => versionsMissing(index, definitions));
  await add('due', () => overdue(index, now));
  await add('undoing', () => longUndoing(index, now));
  await add('clock', () => clockOf(store.events, now));
  if (definitions) await add('deployed', () => changed(store, definitions));
  return checks;
}

async function lagOf(events: EventStore, index: SagaIndex): Promise<CheckResult> {
  const [position, head] = [await index.position(), await events.head()];
  if (position >= head) return good(`up to date, at position ${head}`);
  return {
    level: 'warning',
    what: `it is at ${position} of ${head}: lists are old`,
    fix: 'It catches up when the application runs; see whether it does.',
  };
}

async function countOf(index: SagaIndex, isUsed: boolean): Promise<CheckResult> {
  const counts = await index.count();
  const text = STATUSES.flatMap((status) => (counts[status] ? [`${counts[status]} ${status}`] : [])).join(', ');
  if (text !== '') return good(text);
  if (!isUsed) return good('none yet');
  const fix = 'Correct store.prefix (SKALD_EVENTSTORE_PREFIX), or the server: the managers may keep their sagas elsewhere.';
  return { level: 'warning', what: 'none in this store, though sagas have asked participants over the bus', fix };
}

async function suspended(index: SagaIndex, now: number): Promise<CheckResult> {
  const waiting = (await sample(index, 'suspended')).filter((summary) => !waitsForVersion(summary));
  const oldest = waiting.toSorted((a, b) => a.since - b.since)[0];
  if (!oldest) return good('nothing waits for a person');
  const count = waiting.length === 1 ? '1 saga waits' : `${waiting.length === SAMPLE ? 'at least ' : ''}${waiting.length} sagas wait`;
  const what = `${count} for a person, ${plain(oldest.sagaId)} for ${age(now - oldest.since)}`;
  return { level: 'warning', what, fix: 'skald list --status suspended, then skald show <saga-id>' };
}

async function versionsMissing(index: SagaIndex, definitions: readonly SagaDefinition[] | undefined): Promise<CheckResult> {
  const { sagas: waiting } = await index.list({ status: ['suspended'], error: 'version-not-deployed', limit: SAMPLE });
  const fix = 'Deploy that version again, beside the newer one: they go on by themselves.';
  if (waiting.length > 0) {
    const versions = [...new Set(waiting.map(({ saga, version }) => `${saga} ${version}`))].join(', ');
    return { level: 'bad', what: `${many(waiting)} waiting for a version that is not deployed: ${plain(versions)}`, fix };
  }
  const missing = (await index.unended()).filter(
    ({ saga, version }) => definitions && !definitions.some((one) => one.name === saga && one.version === version),
  );
  if (missing.length === 0) return good('none is waited for');
  const text = missing.map(({ saga, version, sagas }) => `${saga} ${version} (${sagas} under way)`).join(', ');
  return { level: 'warning', what: `not among the definitions: ${plain(text)}`, fix };
}

async function overdue(index: SagaIndex, now: number): Promise<CheckResult> {
  const found = await index.due(now - OVERDUE, SAMPLE);
  const [first] = found;
  if (!first) return good('nothing is overdue');
  const count = found.length === SAMPLE ? `${SAMPLE} or more sagas` : many(found);
  return {
    level: 'warning',
    what: `${count} overdue, ${plain(first.sagaId)} by ${age(now - first.dueAt)}`,
    fix: 'Whoever manages them does not look: see whether the application runs, and what it logs.',
  };
}

async function longUndoing(index: SagaIndex, now: number): Promise<CheckResult | undefined> {
  const found = (await sample(index, 'compensating')).filter(({ since }) => now - since > LONG_UNDOING);
  const oldest = found.toSorted((a, b) => a.since - b.since)[0];
  if (!oldest) return undefined;
  const what = `${many(found)} on the way back for over ${duration(LONG_UNDOING)}, ${plain(oldest.sagaId)} for ${age(now - oldest.since)}`;
  return { level: 'warning', what, fix: `skald show ${oldest.sagaId} says what it waits for` };
}

/** A clock that is behind cannot be told from a quiet store; one that is ahead can. */
async function clockOf(events: EventStore, now: number): Promise<CheckResult> {
  const head = await events.head();
  const [newest] = head === 0 ? [] : (await events.readAll(head - 1, 1)).slice(-1);
  const at = newest && (JSON.parse(newest.metadata) as { readonly at?: unknown }).at;
  if (typeof at !== 'number' || at - now <= CLOCK_SKEW) return good('no event is from the future');
  const what = `the newest event is from ${duration(at - now)} ahead: this machine's clock, or that of who wrote it, is wrong`;
  return { level: 'bad', what, fix: 'Set the clocks (NTP): timeouts and deadlines are measured by them.' };
}

async function changed(store: OpenStore, definitions: readonly SagaDefinition[]): Promise<CheckResult> {
  const here = describedIn(definitions);
  const before = await describedOnRecord(store, new Set(here.map(({ saga }) => saga)));
  const differing = here.filter(({ saga, version, description }) => {
    const deployed = before.find((one) => one.saga === saga && one.version === version);
    return deployed && changesOf(deployed.description, description).length > 0;
  });
  if (differing.length === 0) return good('the definitions are as they were deployed');
  const text = differing.map(({ saga, version }) => `${saga} ${version}`).join(', ');
  return {
    level: 'bad',
    what: `changed under their version: ${plain(text)}`,
    fix: 'skald definitions diff says what; give it a new version.',
  };
}

async function sample(index: SagaIndex, status: SagaSummary['status']): Promise<readonly SagaSummary[]> {
  return (await index.list({ status: [status], limit: SAMPLE })).sagas;
}

function waitsForVersion({ error }: SagaSummary): boolean {
  return error?.startsWith('version-not-deployed:') ?? false;
}

function many(found: readonly unknown[]): string {
  return found.length === 1 ? '1 saga is' : `${found.length} sagas are`;
}
