import { isEnded, type SagaSummary } from '@skald/kernel';
import { age, ago, due } from '../terminal/ages.js';
import { type Cell, columns } from '../terminal/columns.js';
import type { Paint } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import { lookOfSaga } from './status-look.js';

export interface SagaRowsOptions {
  readonly paint: Paint;
  readonly width: number | undefined;
  readonly now: number;
}

const HEADINGS = ['STATUS', 'FOR', 'SAGA', 'STARTED', 'DUE', 'WHY'];

/** Sagas as a table: where each stands and since when, what falls due, why it is not well. */
export function sagaRows(sagas: readonly SagaSummary[], { paint, width, now }: SagaRowsOptions): string[] {
  const rows = sagas.map((summary): Cell[] => {
    const { status, since, sagaId, startedAt, dueAt, error } = summary;
    const { mark, style } = lookOfSaga(status);
    return [
      { text: `${mark} ${status}`, style },
      { text: age(now - since) },
      { text: plain(sagaId), style: 'bold' },
      { text: ago(now - startedAt), style: 'dim' },
      { text: dueAt === undefined || isEnded(status) ? '' : due(Math.max(0, dueAt - now)) },
      { text: error === undefined ? '' : plain(error) },
    ];
  });
  // A column in which nothing stands needs no heading either.
  const headings = HEADINGS.map((text, at): Cell => ({ text: rows.some((row) => row[at]?.text) ? text : '', style: 'dim' }));
  return columns([headings, ...rows], { paint, width });
}
