/**
 * A report as one page of HTML: nothing is loaded, no script runs, and it prints as it looks. Everything that comes from a history is escaped;
 * should that ever fail, the page's own policy still forbids scripts and requests.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SagaStatus } from '@skald/kernel';
import type { ReportedDeed, ReportedEvent, ReportedRequest, SagaReport } from './report.js';
import { data, text } from './report-data.js';
import { PAGE_STYLE } from './report-style.js';
import { dateTime, errorWords, words } from './report-words.js';

export function reportPage(report: SagaReport): string {
  const { sagaId, status } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(sagaId)}: what happened</title>
<style>${PAGE_STYLE}</style>
</head>
<body class="${LOOK[status].tone}">
<header>
<p class="kind">Record of a business transaction</p>
<h1>${text(sagaId)}</h1>
<p class="status"><span>${LOOK[status].mark} ${text(status)}</span></p>
<p class="short">${text(inShort(report))}</p>
</header>
<main>
${[facts(report), requests(report), people(report), story(report), genuine(report)].join('\n')}
</main>
<footer><p>All times are in UTC. Made on ${dateTime(report.madeAt)} from the stored events of ${text(sagaId)}; nothing was left out.</p></footer>
</body>
</html>
`;
}

const LOOK: Readonly<Record<SagaStatus, { readonly mark: string; readonly tone: string; readonly ended: string }>> = {
  running: { mark: '●', tone: 'plain', ended: 'It is still under way.' },
  throttled: { mark: '◷', tone: 'plain', ended: 'It has not begun: as many others run as may at the same time.' },
  compensating: { mark: '↩', tone: 'back', ended: 'It could not go on: what was done is being undone.' },
  suspended: { mark: '!', tone: 'bad', ended: 'It has stopped and waits for a person.' },
  completed: { mark: '✔', tone: 'good', ended: 'It was completed.' },
  compensated: { mark: '↩', tone: 'back', ended: 'It did not succeed; everything that had been done was undone.' },
  failed: { mark: '✘', tone: 'bad', ended: 'It did not succeed; there was nothing to undo.' },
  cancelled: { mark: '↩', tone: 'back', ended: 'It was cancelled; everything that had been done was undone.' },
  terminated: { mark: '■', tone: 'bad', ended: 'An operator ended it as it stood; nothing was undone.' },
};

function inShort({ status, startedAt, lastAt, reason, events }: SagaReport): string {
  const last = events.at(-1);
  const left = last?.sentence.includes('except for')
    ? 'It did not succeed; what had been done was undone, except for what an operator chose to leave.'
    : undefined;
  const because = reason === undefined ? '' : ` Reason: ${reason}.`;
  return `It began on ${dateTime(startedAt)}, and the last thing happened ${span(lastAt - startedAt)} later. ${left ?? LOOK[status].ended}${because}`;
}

function facts({ saga, version, startedAt, lastAt, input, output, status }: SagaReport): string {
  const isOver = !['running', 'throttled', 'compensating', 'suspended'].includes(status);
  const rows = [
    ['Kind', `${text(words(saga))} <small>(${text(saga)}, version ${version})</small>`],
    ['Began', dateTime(startedAt)],
    [isOver ? 'Ended' : 'Last event', `${dateTime(lastAt)} <small>(after ${span(lastAt - startedAt)})</small>`],
    ['Requested', data(input)],
    ...(output === undefined ? [] : [['Result', data(output)]]),
  ];
  return section(
    'At a glance',
    `<table class="facts"><tbody>${rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('')}</tbody></table>`,
  );
}

function requests({ requests: all, input }: SagaReport): string {
  if (all.length === 0) return section('What was asked of whom', '<p>Nothing was asked of anybody.</p>');
  return section(
    'What was asked of whom',
    table(
      ['Step', 'Asked', 'When', 'Outcome', 'Undone'],
      all.map((request) => requestRow(request, input)),
    ),
  );
}

function requestRow(request: ReportedRequest, input: unknown): readonly string[] {
  const { step, asked, waitsFor, at, settledAt, attempts, outcome, result, error } = request;
  const whom = asked
    ? `<b>${text(asked.participant)}</b>: ${text(asked.action)}${asked.arguments.map((argument) => (isDeepStrictEqual(argument, input) ? SAME : data(argument))).join('')}`
    : waitsFor === undefined
      ? '<span class="quiet">nobody</span>'
      : `waits for ${text(waitsFor)}`;
  const took = settledAt === undefined || outcome === 'skipped' ? '' : `<br><small>took ${span(settledAt - at)}</small>`;
  const tries = attempts > 1 ? `<br><small>asked ${attempts} times</small>` : '';
  const came = result === undefined ? '' : data(result);
  const wrong = error ? `<br><small>${text(errorWords(error))}</small>` : '';
  const { label, tone } = OUTCOMES[outcome];
  return [
    `<b>${text(words(step))}</b><br><small>${text(step)}</small>`,
    whom,
    `${dateTime(at)}${took}${tries}`,
    `<span class="${tone}">${label}</span>${came}${wrong}`,
    undoneCell(request),
  ];
}

/** The same data again and again hide what differs. */
const SAME = '<br><small>with what was requested, as above</small>';

const OUTCOMES: Readonly<Record<ReportedRequest['outcome'], { readonly label: string; readonly tone: string }>> = {
  succeeded: { label: '✔ done', tone: 'good' },
  failed: { label: '✘ not done', tone: 'bad' },
  unknown: { label: '? not known', tone: 'bad' },
  skipped: { label: '– left out', tone: 'quiet' },
  pending: { label: '… not answered yet', tone: 'quiet' },
};

function undoneCell({ undone, outcome, asked }: ReportedRequest): string {
  if (undone === undefined) return `<span class="quiet">${asked && outcome === 'succeeded' ? 'no' : '–'}</span>`;
  const { by, nothingToUndo, at } = undone;
  const label =
    by === 'nobody'
      ? 'left as it was, by an operator'
      : by === 'operator'
        ? 'undone by an operator'
        : nothingToUndo
          ? 'nothing to undo'
          : 'undone';
  return `<span class="${by === 'nobody' ? 'bad' : 'back'}">${by === 'nobody' ? '!' : '↩'} ${label}</span><br><small>${dateTime(at)}</small>`;
}

function people({ people: all }: SagaReport): string {
  if (all.length === 0) return section('What people did', '<p>Nobody intervened.</p>');
  return section('What people did', table(['When', 'Who', 'What', 'Reason given'], all.map(deedRow)));
}

function deedRow({ at, by, what, reason, payload }: ReportedDeed): readonly string[] {
  const said = payload === undefined ? '' : data(payload);
  return [
    dateTime(at),
    `<b>${text(by)}</b>`,
    `${text(what)}${said}`,
    reason === undefined ? '<span class="quiet">none asked for</span>' : text(reason),
  ];
}

function story({ events, startedAt }: SagaReport): string {
  const rows = events.map((event) => storyRow(event, startedAt));
  return section('Everything, in order', table(['No.', 'When', 'After', 'What happened'], rows, 'story'));
}

function storyRow({ revision, at, sentence, tone }: ReportedEvent, startedAt: number): readonly string[] {
  return [String(revision), dateTime(at), span(at - startedAt), `<span class="${tone}">${text(sentence)}</span>`];
}

function genuine({ record, sagaId }: SagaReport): string {
  const { events, head, holds, findings } = record;
  const verdict = holds
    ? `<p class="verdict good">✔ The ${events} entries of this record fit together: none was changed, taken out, put in or moved since it was written.</p>`
    : `<p class="verdict bad">✘ This record does not fit together. It was changed after it was written:</p><ul>${findings
        .map(({ revision, message }) => `<li>Entry ${revision ?? '?'}: ${text(message)}.</li>`)
        .join('')}</ul>`;
  const how =
    'Each entry carries a fingerprint (SHA-256) of what it says and of the entry before it. Whoever changes one must change all that follow. Whether entries are missing at the end can only be told with a signed checkpoint that was kept elsewhere.';
  return section(
    'Is this record genuine?',
    `${verdict}<p>${how}</p><p>Fingerprint of the last entry:</p><p class="hash">${text(head)}</p><p>To check it yourself: <code>skald audit verify ${text(sagaId)}</code></p>`,
  );
}

function section(title: string, body: string): string {
  return `<section><h2>${title}</h2>\n${body}\n</section>`;
}

/** `rows` are HTML. */
function table(heads: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="wide"><table class="${kind}"><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** `0.3 seconds`, `4 minutes 5 seconds`, `3 days 2 hours`. */
function span(milliseconds: number): string {
  const seconds = Number((milliseconds / 1_000).toFixed(milliseconds < 10_000 ? 2 : 1));
  if (milliseconds < 60_000) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  const first = UNITS.findIndex(([, size]) => milliseconds >= size);
  let rest = milliseconds;
  const parts = UNITS.slice(first, first + 2).flatMap(([name, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole === 0 ? [] : [`${whole} ${name}${whole === 1 ? '' : 's'}`];
  });
  return parts.join(' ');
}
