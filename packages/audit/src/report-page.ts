/**
 * A report as one page of HTML: nothing is loaded, no script runs, and it prints as it looks. Everything that comes from a history is escaped;
 * should that ever fail, the page's own policy still forbids scripts and requests.
 */
import { isDeepStrictEqual } from 'node:util';
import { indexOfItem } from '@skald/kernel';
import type { PayloadAccess } from './readable-history.js';
import type { ReportedDeed, ReportedEvent, SagaReport } from './report.js';
import { data, text } from './report-data.js';
import { cards, section, table } from './report-parts.js';
import type { ReportedRequest, ReportedUndoing } from './report-requests.js';
import { PAGE_STYLE } from './report-style.js';
import { atAGlance, inShort, LOOK } from './report-summary.js';
import { counted, dateTime, errorWords, isPlaceholder, listed, span, words } from './report-words.js';

export function reportPage(report: SagaReport): string {
  const { sagaId, status, payloads } = report;
  const { tone, mark, label } = LOOK[status];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(sagaId)}: what happened</title>
<style>${PAGE_STYLE}</style>
</head>
<body class="${tone}">
<header>
<p class="kind">Record of a business transaction</p>
<h1>${text(sagaId)}</h1>
<p class="status"><span>${mark} ${label}</span>${label === status ? '' : ` <small>(${status})</small>`}</p>
<p class="short">${text(inShort(report))}</p>
</header>
<main>
${[warning(report), notice(payloads), section('At a glance', atAGlance(report)), requests(report), people(report), story(report), genuine(report)].join('\n')}
</main>
<footer><p>All times are in UTC. Made on ${dateTime(report.madeAt)} from the stored events of ${text(sagaId)}; ${payloads === 'clear' || payloads === 'opened' ? 'nothing' : 'nothing else'} was left out.</p></footer>
</body>
</html>
`;
}

const NOTICES: Readonly<Record<Exclude<PayloadAccess, 'clear'>, string>> = {
  opened: 'What was said is encrypted in the record, and was decrypted for this report. Keep the report as you would keep the data.',
  encrypted:
    'What was said is encrypted in the record, and is not shown here. Who was asked, when, and what came of it is. The check at the end covers what was said as well.',
  dropped:
    'What was said has been forgotten: its key was destroyed, and nobody can read it any more. Who was asked, when, and what came of it is still on record, and the check at the end still covers it.',
};

function warning({ record }: SagaReport): string {
  if (record.holds) return '';
  return '<p class="notice bad"><b>✘ This record was changed after it was written: do not rely on it.</b> What is wrong with it stands at the end.</p>';
}

function notice(payloads: PayloadAccess): string {
  return payloads === 'clear' ? '' : `<p class="notice">${NOTICES[payloads]}</p>`;
}

const ASKED = 'What was asked of whom';
const COLUMNS = ['Step', 'Asked', 'When', 'Outcome', 'Undone'] as const;

function requests(report: SagaReport): string {
  const { requests: all, isSummary } = report;
  if (all.length === 0) return section(ASKED, '<p>Nothing was asked of anybody.</p>');
  const steps = all.filter(({ itemOf }) => itemOf === undefined);
  const note = isSummary ? '<p>It ran in one go: which steps it took is on record, not what was asked and answered, nor when.</p>' : '';
  const items = steps.filter((step) => step.items).map((step) => itemTable(step, report));
  return section(
    ASKED,
    [
      note,
      cards(
        ASKED,
        COLUMNS,
        steps.map((step) => requestRow(step, report)),
      ),
      ...items,
    ].join('\n'),
  );
}

function requestRow(request: ReportedRequest, report: SagaReport): readonly string[] {
  const { step, at, settledAt, attempts, outcome } = request;
  const took = settledAt === undefined || outcome === 'skipped' ? '' : `<br><small>took ${span(settledAt - at)}</small>`;
  const tries = attempts > 1 ? `<br><small>asked ${attempts} times</small>` : '';
  return [
    `<b>${text(words(step))}</b><br><small>${text(step)}</small>`,
    whom(request, report),
    `${report.isSummary ? NOT_ON_RECORD : `${dateTime(at)}${took}`}${tries}`,
    outcomeCell(request, report),
    undoneCell(request, report),
  ];
}

const NOT_ON_RECORD = '<span class="quiet">not on record</span>';
/** The same data again and again hide what differs. */
const SAME = '<br><small>with what was requested, as above</small>';

function whom(
  { step, asked, child, items, waitsFor, answeredBy, chooses }: ReportedRequest,
  { input, requests: all, isSummary }: SagaReport,
): string {
  if (child !== undefined) return `another transaction: <b>${text(child)}</b>${(asked?.arguments ?? []).map(data).join('')}`;
  if (asked) {
    const isSame = (value: unknown) => !isPlaceholder(value) && isDeepStrictEqual(value, input);
    const said = asked.arguments.map((argument) => (isSame(argument) ? SAME : data(argument))).join('');
    return `<b>${text(asked.participant)}</b>: ${text(asked.action)}${said}`;
  }
  const first = items && all.find(({ itemOf }) => itemOf === step)?.asked;
  if (items)
    return `${first ? `<b>${text(first.participant)}</b>: ${text(first.action)}, ` : ''}for each of ${counted(items.count, 'item')}`;
  if (chooses) return '<span class="quiet">nobody: a rule decides</span>';
  if (waitsFor === undefined) return isSummary ? NOT_ON_RECORD : '<span class="quiet">nobody</span>';
  return `waits for ${text(waitsFor)}${answeredBy === undefined ? '' : `<br>from <b>${text(answeredBy)}</b>`}`;
}

const OUTCOMES: Readonly<Record<ReportedRequest['outcome'], { readonly label: string; readonly tone: string }>> = {
  succeeded: { label: '✔ done', tone: 'good' },
  failed: { label: '✘ not done', tone: 'bad' },
  unknown: { label: '? not known whether done', tone: 'bad' },
  skipped: { label: '– left out', tone: 'quiet' },
  stopped: { label: '– not waited for any more', tone: 'quiet' },
  pending: { label: '… not answered yet', tone: 'quiet' },
};

function outcomeCell({ step, outcome, wentOn, error, result, items }: ReportedRequest, { requests: all }: SagaReport): string {
  const { label, tone } = OUTCOMES[outcome];
  const wrong = error ? `<br><small>${text(errorWords(error))}</small>` : '';
  const on =
    wentOn === undefined ? '' : `<br>${wentOn === 'without' ? 'it went on without' : `“${text(words(wentOn.by))}” stood in for it`}`;
  if (items) {
    const { succeeded, failed } = items;
    const which = all.filter((item) => item.itemOf === step && item.outcome === 'failed').map((item) => String(numberOf(item)));
    const lost = failed === 0 ? '' : `, <span class="bad">${failed} not done</span> (number ${listed(which)})`;
    return `<span class="${tone}">${label}</span><br>${succeeded} of ${counted(items.count, 'item')} done${lost}${wrong}${on}`;
  }
  return `<span class="${tone}">${label}</span>${wrong}${on}${result === undefined ? '' : data(result)}`;
}

/** Of an item among the others: people count from one. */
function numberOf({ step }: ReportedRequest): number {
  return indexOfItem(step) + 1;
}

function undoneCell({ undone, outcome, asked, items }: ReportedRequest, { status, isSummary }: SagaReport): string {
  if (items)
    return items.undone === 0 ? '<span class="quiet">–</span>' : `<span class="back">↩ ${counted(items.undone, 'item')} undone</span>`;
  const isBack = status !== 'completed' && status !== 'running' && status !== 'throttled';
  if (!undone) return `<span class="quiet">${isBack && asked && outcome === 'succeeded' ? 'no' : '–'}</span>`;
  return `<span class="${undone.by === 'nobody' ? 'bad' : 'back'}">${undoneWords(undone)}</span>${isSummary ? '' : `<br><small>${dateTime(undone.at)}</small>`}${because(undone)}`;
}

function undoneWords({ by, who, nothingToUndo }: ReportedUndoing): string {
  const whose = who === undefined ? '' : ` by <b>${text(who)}</b>`;
  if (by === 'nobody') return `! left as it was${whose}`;
  if (by === 'operator') return `↩ declared undone${whose}`;
  return nothingToUndo ? '↩ nothing to undo' : `↩ undone${whose}`;
}

function because({ reason }: ReportedUndoing): string {
  return reason === undefined || isPlaceholder(reason) ? '' : `<br>${text(reason)}`;
}

function itemTable(map: ReportedRequest, report: SagaReport): string {
  const rows = report.requests
    .filter(({ itemOf }) => itemOf === map.step)
    .map((item) => {
      const said = (item.asked?.arguments ?? []).map(data).join('');
      const tries = item.attempts > 1 ? `<br><small>asked ${item.attempts} times</small>` : '';
      return [
        String(Number(item.step.slice(map.step.length + 1)) + 1),
        said,
        `${dateTime(item.at)}${tries}`,
        outcomeCell(item, report),
        undoneCell(item, report),
      ];
    });
  const title = `Items of “${text(words(map.step))}”`;
  return `<h3>${title}</h3>\n${table(title, ['No.', 'Asked with', 'When', 'Outcome', 'Undone'], rows, 'items')}`;
}

function people({ people: all }: SagaReport): string {
  const title = 'What people did';
  if (all.length === 0) return section(title, '<p>Nobody intervened.</p>');
  return section(title, cards(title, ['When', 'Who', 'What', 'Reason given'], all.map(deedRow)));
}

function deedRow({ at, by, what, reason, payload }: ReportedDeed): readonly string[] {
  const said = payload === undefined ? '' : data(payload);
  return [dateTime(at), `<b>${text(by)}</b>`, `${text(what)}${said}`, reason === undefined ? '<span class="quiet">–</span>' : data(reason)];
}

function story({ events, startedAt, record }: SagaReport): string {
  const wrong = new Set(record.findings.map(({ revision }) => revision));
  const rows = events.map((event) => storyRow(event, startedAt, wrong.has(event.revision)));
  const title = 'Everything, in order';
  return section(title, table(title, ['No.', 'When', 'After', 'What happened'], rows, 'story'));
}

function storyRow({ revision, at, sentence, tone }: ReportedEvent, startedAt: number, isWrong: boolean): readonly string[] {
  const mark = isWrong ? '<b class="bad">✘ not as it was written:</b> ' : '';
  return [String(revision), dateTime(at), span(at - startedAt), `${mark}<span class="${tone}">${text(sentence)}</span>`];
}

function genuine({ record, sagaId }: SagaReport): string {
  const { events, head, holds, findings } = record;
  const whole =
    events === 1
      ? 'The one entry of this record is as it was written.'
      : `The ${events} entries of this record fit together: none was changed, taken out, put in or moved since it was written.`;
  const verdict = holds
    ? `<p class="verdict good">✔ ${whole}</p>`
    : `<p class="verdict bad">✘ This record does not fit together. It was changed after it was written:</p><ul>${findings
        .map(({ revision, message }) => `<li>Entry ${revision ?? '?'}: ${text(message)}.</li>`)
        .join('')}</ul>`;
  const how =
    'Each entry carries a fingerprint (SHA-256) of what it says and of the entry before it. Whoever changes one must change all that follow. Whether entries are missing at the end, or all were written anew, can only be told with a signed checkpoint that was kept elsewhere.';
  return section(
    'Is this record genuine?',
    `${verdict}<p>${how}</p><p>Fingerprint of the last entry, number ${events - 1}:</p><p class="hash">${text(head)}</p><p>To check it yourself: <code>skald audit verify ${text(sagaId)}</code></p>`,
  );
}
