import type { Paint, Style } from './paint.js';
import { padded, shortened, widthOfText } from './plain-text.js';

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface ColumnsOptions {
  readonly paint: Paint;
  /** Columns of a line; what does not fit is cut off the last column, and where nothing of it would be left it goes. Default: nothing is cut. */
  readonly width?: number | undefined;
  /** Before each line. */
  readonly indent?: string;
}

const GAP = '  ';
/** So much of the last column is shown, or it goes; but never more columns than leave so many. */
const LEAST_LAST = 12;
const FEWEST = 2;

/** Rows of cells, aligned; a column in which nothing stands takes no room. */
export function columns(rows: readonly (readonly Cell[])[], { paint, width, indent = '' }: ColumnsOptions): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(0, ...rows.map((row) => widthOfText(row[at]?.text ?? ''))));
  const kept = widths.flatMap((wide, at) => (wide > 0 ? [at] : []));
  const beforeLast = () => kept.slice(0, -1).reduce((sum, at) => sum + (widths[at] ?? 0) + GAP.length, indent.length);
  const leastLast = () => Math.min(LEAST_LAST, widths[kept.at(-1) ?? 0] ?? 0);
  while (width !== undefined && kept.length > FEWEST && beforeLast() + leastLast() > width) kept.pop();
  const last = kept.at(-1);
  const before = beforeLast();
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST_LAST, width - before);
  return rows.map((row) => {
    // Behind the last that a row has nothing is filled up: painted blanks cannot be trimmed.
    const end = kept.findLastIndex((at) => (row[at]?.text ?? '') !== '');
    const cells = kept.slice(0, end + 1).map((at, nth) => {
      const { text = '', style } = row[at] ?? {};
      const fitted = at === last ? shortened(text, room) : text;
      return paint(style, nth === end ? fitted : padded(fitted, widths[at] ?? 0));
    });
    return end < 0 ? '' : `${indent}${cells.join(GAP)}`;
  });
}
