import type { Kind } from './contestant.js';
import { median, rounded } from './median.js';
import type { Lap, Race } from './race.js';

type Figures = Pick<Lap, 'sagasPerSecond' | 'latency' | 'cpu'>;

export interface Level {
  readonly inFlight: number;
  readonly plain: Figures;
  readonly skald: Figures;
  /** Sagas a second of Skald to those of the plain loop: the median of laps that followed each other. */
  readonly ratio: number;
}

export interface Report {
  /** At the number in flight at which the plain loop is at its best. */
  readonly ratio: number;
  /** Throughput of each, at whatever number in flight that was. */
  readonly best: Readonly<Record<Kind, number>>;
  readonly levels: readonly Level[];
  /** For each saga. */
  readonly moved: Race['moved'];
}

export function reportOf({ laps, moved }: Race): Report {
  const inFlights = [...new Set(laps.map(({ inFlight }) => inFlight))];
  const levels = inFlights.map((inFlight): Level => {
    const of = (kind: Kind): Lap[] => laps.filter((lap) => lap.kind === kind && lap.inFlight === inFlight);
    const [plain, skald] = [of('plain'), of('skald')];
    const ratios = skald.map(({ sagasPerSecond }, round) => sagasPerSecond / (plain[round]?.sagasPerSecond ?? Number.NaN));
    return { inFlight, plain: figuresOf(plain), skald: figuresOf(skald), ratio: median(ratios) };
  });
  const best = (kind: Kind): number => Math.max(...levels.map((level) => level[kind].sagasPerSecond));
  const [plain, skald] = [best('plain'), best('skald')];
  const decisive = levels.find((level) => level.plain.sagasPerSecond === plain);
  return { ratio: decisive?.ratio ?? Number.NaN, best: { plain, skald }, levels, moved };
}

/** Medians of the laps: a lap during which the machine was at something else does not count. */
function figuresOf(laps: readonly Lap[]): Figures {
  const of = (value: (lap: Lap) => number): number => median(laps.map(value));
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

const COLUMNS = ['in flight', '', 'sagas/s', 'p50 ms', 'p90 ms', 'p99 ms', 'CPU ms/saga: manager', 'participant', 'broker'] as const;

/** For people. */
export function table({ ratio, best, levels, moved }: Report): readonly string[] {
  const rows = levels.flatMap(({ inFlight, plain, skald, ratio: atLevel }) => [
    row(String(inFlight), 'plain', plain),
    [...row('', 'skald', skald), `ratio ${atLevel}`],
  ]);
  const widths = COLUMNS.map((title, at) => Math.max(title.length, ...rows.map((cells) => cells[at]?.length ?? 0)));
  const lineOf = (cells: readonly string[]): string => cells.map((cell, at) => cell.padStart(widths[at] ?? 0)).join('  ');
  const sizes = Object.entries(moved).map(
    ([kind, { messages, bytes }]) => `${kind} ${rounded(messages)} messages, ${rounded(bytes)} bytes`,
  );
  return [
    ...[COLUMNS, ...rows].map(lineOf),
    '',
    `for each saga: ${sizes.join('; ')}`,
    `best: plain ${best.plain}, skald ${best.skald} sagas a second; ratio ${ratio}`,
  ];
}

function row(inFlight: string, kind: Kind, { sagasPerSecond, latency, cpu }: Figures): string[] {
  const { p50, p90, p99 } = latency;
  const figures = [sagasPerSecond, p50, p90, p99, cpu.manager, cpu.participant, cpu.broker];
  return [inFlight, kind, ...figures.map((one) => (one === undefined ? '?' : String(one)))];
}
