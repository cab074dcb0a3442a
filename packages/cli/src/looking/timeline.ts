import { styleText } from 'node:util';
import { type HistoryEvent, stateOf } from '@skald/engine';
import { statusOf } from '@skald/kernel';
import { duration, plain, shortened } from '../terminal/plain-text.js';
import { Lanes } from './lanes.js';
import { Narrator, type Tone } from './wording.js';

export interface TimelineOptions {
  readonly colours: boolean;
  /** Columns of a line; what does not fit is cut. Default: nothing is cut. */
  readonly width?: number;
}

const COLOURS = { good: 'green', bad: 'red', back: 'yellow', person: 'magenta', plain: undefined } as const satisfies Record<Tone, unknown>;

/** The history of a saga for people, one line for each event, after two of heading. `events` from the first on. */
export function timeline(events: readonly HistoryEvent[], { colours, width = Number.POSITIVE_INFINITY }: TimelineOptions): string[] {
  const [first] = events;
  if (!first) return [];
  const narrator = new Narrator();
  const lanes = new Lanes();
  const rows = events.map((event, at) => {
    const wording = narrator.tell(event);
    const time = `+${duration(event.at - first.at)}`;
    return { revision: String(event.revision), time, lanes: lanes.draw(event, events[at + 1], wording.mark), ...wording };
  });
  const widest = (column: 'revision' | 'time' | 'lanes') => rows.reduce((most, row) => Math.max(most, row[column].length), 0);
  const columns = { revision: widest('revision'), time: widest('time'), lanes: widest('lanes') };
  const lines = rows.map(({ revision, time, lanes: drawn, text, tone }) => {
    const place = `${revision.padStart(columns.revision)}  ${time.padStart(columns.time)}  `;
    const story = shortened(`${drawn.padEnd(columns.lanes)}  ${text}`, width - place.length);
    return `${painted('dim', place, colours)}${painted(COLOURS[tone], story, colours)}`;
  });
  return [...heading(events, colours), ...lines];
}

function heading(events: readonly HistoryEvent[], colours: boolean): string[] {
  const state = stateOf(events);
  const status = statusOf(state);
  const took = duration(state.at - state.startedAt);
  return [
    `${painted('bold', plain(state.sagaId), colours)}  ${status}, ${took}  (saga ${plain(state.saga)}, version ${state.version})`,
    painted('dim', `revision, time since ${new Date(state.startedAt).toISOString()}, what happened`, colours),
  ];
}

function painted(format: 'dim' | 'bold' | 'green' | 'red' | 'yellow' | 'magenta' | undefined, text: string, colours: boolean): string {
  return colours && format ? styleText(format, text, { validateStream: false }) : text;
}
