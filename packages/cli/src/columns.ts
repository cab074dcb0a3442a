import type { Paint, Style } from './paint.js';
import { shortened } from './plain-text.js';

export interface Cell {
  readonly text: string;
  readonly style?: Style | undefined;
}

export interface ColumnsOptions {
  readonly paint: Paint;
  /** Columns of a line; what does not fit is cut off the last column, never below `leastLast`. Default: nothing is cut. */
  readonly width?: number | undefined;
  /** Before each line. */
  readonly indent?: string;
}

const GAP = '  ';
const LEAST_LAST = 12;

/** Rows of cells, aligned; a column in which nothing stands takes no room. */
export function columns(rows: readonly (readonly Cell[])[], { paint, width, indent = '' }: ColumnsOptions): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, at) => Math.max(0, ...rows.map((row) => row[at]?.text.length ?? 0)));
  const kept = widths.flatMap((wide, at) => (wide > 0 ? [at] : []));
  const last = kept.at(-1);
  const before = kept.reduce((sum, at) => (at === last ? sum : sum + (widths[at] ?? 0) + GAP.length), indent.length);
  const room = width === undefined ? Number.POSITIVE_INFINITY : Math.max(LEAST_LAST, width - before);
  return rows.map((row) => {
    const cells = kept.map((at) => {
      const { text = '', style } = row[at] ?? {};
      const fitted = at === last ? shortened(text, room) : text.padEnd(widths[at] ?? 0);
      return paint(style, fitted);
    });
    return `${indent}${cells.join(GAP)}`.trimEnd();
  });
}
