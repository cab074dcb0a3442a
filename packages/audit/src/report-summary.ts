/** A saga in three sentences, and what is to be seen of it at a glance. */
import type { SagaStatus } from '@skald/kernel';
import type { SagaReport } from './report.js';
import { data, text } from './report-data.js';
import { facts } from './report-parts.js';
import type { ReportedRequest } from './report-requests.js';
import { counted, dateTime, listed, span, words } from './report-words.js';

interface Look {
  readonly mark: string;
  readonly tone: string;
  /** The status in plain words. */
  readonly label: string;
}

export const LOOK: Readonly<Record<SagaStatus, Look>> = {
  running: { mark: '●', tone: 'plain', label: 'under way' },
  throttled: { mark: '◷', tone: 'plain', label: 'waits to begin' },
  compensating: { mark: '↩', tone: 'back', label: 'is being undone' },
  suspended: { mark: '!', tone: 'bad', label: 'waits for a person' },
  completed: { mark: '✔', tone: 'good', label: 'completed' },
  compensated: { mark: '↩', tone: 'back', label: 'undone' },
  failed: { mark: '✘', tone: 'bad', label: 'did not succeed' },
  cancelled: { mark: '↩', tone: 'back', label: 'cancelled' },
  terminated: { mark: '■', tone: 'bad', label: 'ended as it stood' },
};

export function isOver(status: SagaStatus): boolean {
  return !['running', 'throttled', 'compensating', 'suspended'].includes(status);
}

export function inShort(report: SagaReport): string {
  const { status, startedAt, lastAt } = report;
  const began = `It began on ${dateTime(startedAt)}`;
  const lasted = span(lastAt - startedAt);
  const when = isOver(status) ? `${began} and ended ${lasted} later.` : `${began}; the last thing happened ${lasted} later.`;
  return [when, ...outcome(report)].join(' ');
}

function outcome(report: SagaReport): string[] {
  const { status, reason } = report;
  const since = reason === undefined ? '' : `, since ${reason}`;
  switch (status) {
    case 'completed':
      return ['It was completed.', ...wentOn(report)];
    case 'failed':
      return [`It did not succeed${since}.`, 'There was nothing to undo.', ...afterAll(report)];
    case 'compensated':
      return [`It did not succeed${since}.`, undone(report), ...afterAll(report)];
    case 'cancelled':
      return [`It did not come to its end${since}.`, undone(report), ...afterAll(report)];
    case 'terminated':
      return [`It did not come to its end${since}.`, 'What had been done by then was left as it stood.'];
    case 'suspended':
      return [`It has stopped and waits for a person${reason === undefined ? '' : `: ${reason}`}.`];
    case 'compensating':
      return [`It could not go on${since}.`, 'What was done is being undone.'];
    case 'throttled':
      return ['It has not begun: as many others run as may at the same time.'];
    case 'running':
      return ['It is still under way.'];
  }
}

/** What failed and did not matter. */
function wentOn({ requests }: SagaReport): string[] {
  return requests.flatMap(({ step, wentOn: on, itemOf }) => {
    if (on === undefined || itemOf !== undefined) return [];
    return [on === 'without' ? `It went on without “${words(step)}”.` : `“${words(on.by)}” stood in for “${words(step)}”.`];
  });
}

function undone({ requests }: SagaReport): string {
  const left = requests.filter((request) => request.undone?.by === 'nobody');
  const names = listed(left.map(({ step }) => `“${words(step)}”`));
  const who = listed([...new Set(left.flatMap((request) => request.undone?.who ?? []))]);
  return `Everything that had been done was undone${left.length === 0 ? '' : `, except for ${names}, which ${who} left as it was`}.`;
}

/** What has happened although it was taken not to have. */
function afterAll({ requests }: SagaReport): string[] {
  const names = requests.filter(({ stands }) => stands).map(({ step }) => `“${words(step)}”`);
  return names.length === 0
    ? []
    : [`But ${listed(names)} has happened after all, as was learned too late: it stands, and nobody has undone it.`];
}

/** Rows of HTML. */
export function atAGlance(report: SagaReport): string {
  const { saga, version, startedAt, lastAt, status, input, output, parent, insteadOf, people, record } = report;
  const by = [...new Set(people.map(({ by: name }) => name))];
  const whose = parent && `<b>${text(parent.sagaId)}</b>, for its step “${text(words(parent.step))}”`;
  return facts([
    ['Kind', `${text(words(saga))} <small>(${text(saga)}, version ${version})</small>`],
    ...(whose === undefined ? [] : [['Begun by', whose] as const]),
    ...(insteadOf === undefined ? [] : [['In the place of', text(insteadOf)] as const]),
    ['Began', dateTime(startedAt)],
    [isOver(status) ? 'Ended' : 'Last entry', `${dateTime(lastAt)} <small>(after ${span(lastAt - startedAt)})</small>`],
    ['Requested', data(input)],
    ...(output === undefined ? [] : [['Result', data(output)] as const]),
    ['Done', text(doneWords(report))],
    ['People', by.length === 0 ? '<span class="quiet">nobody intervened</span>' : text(listed(by))],
    ['Record', recordWords(record)],
  ]);
}

function doneWords({ requests, status, isSummary }: SagaReport): string {
  const asked = requests.filter((request) => (request.asked || isSummary) && !request.items);
  const count = (is: (request: ReportedRequest) => boolean) => asked.filter(is).length;
  const done = count(({ outcome: came }) => came === 'succeeded');
  const doubtful = count(({ outcome: came }) => came === 'unknown');
  const takenBack = count((request) => request.undone !== undefined && request.undone.by !== 'nobody' && !request.undone.nothingToUndo);
  const left = count((request) => request.undone?.by === 'nobody');
  const parts = [`${done} of ${counted(asked.length, 'request')} done`];
  if (doubtful > 0) parts.push(`${doubtful} perhaps done`);
  if (takenBack > 0 || status === 'compensated' || status === 'cancelled') parts.push(`${takenBack} undone`);
  if (left > 0) parts.push(`${left} left as it was`);
  return asked.length === 0 ? 'nothing was asked of anybody' : parts.join(', ');
}

function recordWords({ holds, events, head }: SagaReport['record']): string {
  const short = `<code>${text(`${head.slice(0, 8)}…${head.slice(-8)}`)}</code>`;
  const verdict = holds
    ? `<span class="good">✔ ${events === 1 ? 'its one entry is as it was written' : `its ${events} entries fit together`}</span>`
    : '<span class="bad">✘ it was changed after it was written</span>';
  return `${verdict} <small>(last fingerprint ${short}; see the end)</small>`;
}
