import { type HistoryEvent, stateOf } from '@skald/engine';
import { painter } from '../terminal/paint.js';
import type { Person } from '../terminal/terminal.js';
import { stateView } from './state-view.js';
import { timeline } from './timeline.js';

export interface StepThroughOptions {
  readonly colours: boolean;
  readonly width: number;
  /** Lines of the screen. */
  readonly height: number;
}

/** Lines of heading above the events of a timeline. */
const HEADING = 2;
const HELP = '← → one event   PgUp PgDn ten   Home End   q leave';

/** Walks through a history with the keys: the events around where one stands, and below them how the saga stood then. */
export async function stepThrough(events: readonly HistoryEvent[], person: Person, options: StepThroughOptions): Promise<void> {
  const last = events.length - 1;
  let at = 0;
  person.screen?.(screenAt(events, at, options));
  for await (const key of person.keys?.() ?? []) {
    const next = moved(at, key, last);
    if (next === undefined) return;
    at = next;
    person.screen?.(screenAt(events, at, options));
  }
}

/** Where a key leads; undefined: away. */
function moved(at: number, key: string, last: number): number | undefined {
  const steps: Readonly<Record<string, number>> = { left: -1, up: -1, right: 1, down: 1, space: 1, pageup: -10, pagedown: 10 };
  if (key === 'q' || key === 'escape' || key === 'ctrl+c') return undefined;
  if (key === 'home') return 0;
  if (key === 'end') return last;
  return Math.min(last, Math.max(0, at + (steps[key] ?? 0)));
}

export function screenAt(events: readonly HistoryEvent[], at: number, { colours, width, height }: StepThroughOptions): string[] {
  const paint = painter(colours);
  const story = timeline(events, { colours, width: width - 2 }).slice(HEADING);
  const view = stateView(stateOf(events.slice(0, at + 1)), { last: events.length - 1, width });
  const room = Math.max(3, Math.min(story.length, height - view.length - 3));
  const first = Math.min(Math.max(0, at - Math.floor(room / 2)), story.length - room);
  const shown = story.slice(first, first + room).map((line, nth) => (first + nth === at ? `${paint('cyan', '▶')} ${line}` : `  ${line}`));
  const rule = paint('dim', '─'.repeat(width));
  return [...shown, rule, ...view.slice(0, Math.max(0, height - room - 2)), paint('dim', HELP)];
}
