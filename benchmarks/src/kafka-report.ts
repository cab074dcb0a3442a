import type { Kind } from './contestant.js';
import type { Lap, Race } from './race.js';
import type { Moved } from './topic-sizes.js';

type Figures = Pick<Lap, 'sagasPerSecond' | 'latency' | 'cpu'>;

export interface Level {
  readonly inFlight: number;
  readonly plain: Figures;
  readonly skald: Figures;
  /** Sagas a second of Skald to those of the plain loop. */
  readonly ratio: number;
}

export interface Report {
  /** Of the best throughput of each, at whatever number in flight that was. */
  readonly ratio: number;
  readonly best: Readonly<Record<Kind, number>>;
  readonly levels: readonly Level[];
  /** For each saga. */
  readonly moved: Readonly<Record<Kind, Moved>>;
}

export function reportOf(races: Readonly<Record<Kind, readonly Race[]>>): Report {
  const inFlights = (races.skald[0] ?? races.plain[0])?.laps.map(({ inFlight }) => inFlight) ?? [];
  const levels = inFlights.map((inFlight, at): Level => {
    const of = (kind: Kind): Figures => figuresOf(races[kind].flatMap(({ laps }) => laps[at] ?? []));
    const [plain, skald] = [of('plain'), of('skald')];
    return { inFlight, plain, skald, ratio: rounded(skald.sagasPerSecond / plain.sagasPerSecond) };
  });
  const best = (kind: Kind): number => Math.max(...levels.map((level) => level[kind].sagasPerSecond));
  const [plain, skald] = [best('plain'), best('skald')];
  const moved = (kind: Kind): Moved => ({
    messages: mean(races[kind].map((one) => one.moved.messages)),
    bytes: mean(races[kind].map((one) => one.moved.bytes)),
  });
  return { ratio: rounded(skald / plain), best: { plain, skald }, levels, moved: { plain: moved('plain'), skald: moved('skald') } };
}

/** The mean of the rounds. */
function figuresOf(laps: readonly Lap[]): Figures {
  const of = (value: (lap: Lap) => number): number => mean(laps.map(value));
  const hasBroker = laps.every(({ cpu }) => cpu.broker !== undefined);
  return {
    sagasPerSecond: of((lap) => lap.sagasPerSecond),
    latency: {
      p50: of(({ latency }) => latency.p50),
      p90: of(({ latency }) => latency.p90),
      p99: of(({ latency }) => latency.p99),
      max: of(({ latency }) => latency.max),
    },
    cpu: {
      manager: of(({ cpu }) => cpu.manager),
      participant: of(({ cpu }) => cpu.participant),
      ...(hasBroker && { broker: of(({ cpu }) => cpu.broker ?? Number.NaN) }),
    },
  };
}

const mean = (all: readonly number[]): number => rounded(all.reduce((sum, one) => sum + one, 0) / all.length);

const rounded = (value: number): number => Math.round(value * 100) / 100;

const COLUMNS = ['in flight', '', 'sagas/s', 'p50 ms', 'p90 ms', 'p99 ms', 'CPU ms/saga: manager', 'participant', 'broker'] as const;

/** For people. */
export function table({ ratio, best, levels, moved }: Report): readonly string[] {
  const rows = levels.flatMap(({ inFlight, plain, skald, ratio: atLevel }) => [
    row(String(inFlight), 'plain', plain),
    [...row('', 'skald', skald), `ratio ${atLevel}`],
  ]);
  const widths = COLUMNS.map((title, at) => Math.max(title.length, ...rows.map((cells) => cells[at]?.length ?? 0)));
  const lineOf = (cells: readonly string[]): string => cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ');
  const { plain, skald } = moved;
  return [
    ...[COLUMNS, ...rows].map(lineOf),
    '',
    `for each saga: plain ${plain.messages} messages, ${plain.bytes} bytes; skald ${skald.messages} messages, ${skald.bytes} bytes`,
    `best: plain ${best.plain}, skald ${best.skald} sagas a second; ratio ${ratio}`,
  ];
}

function row(inFlight: string, kind: Kind, { sagasPerSecond, latency, cpu }: Figures): string[] {
  const { p50, p90, p99 } = latency;
  const figures = [sagasPerSecond, p50, p90, p99, cpu.manager, cpu.participant, cpu.broker];
  return [inFlight, kind, ...figures.map((one) => (one === undefined ? '?' : String(one)))];
}
