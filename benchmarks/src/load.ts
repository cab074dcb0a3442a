export interface Measured {
  readonly inFlight: number;
  readonly sagas: number;
  readonly sagasPerSecond: number;
  /** Milliseconds from start to end. */
  readonly latency: { readonly p50: number; readonly p90: number; readonly p99: number; readonly max: number };
  /** Milliseconds of CPU for each saga, of the managing process. */
  readonly cpu: number;
}

let nextId = 0;

/** Keeps so many sagas in flight for a while, and waits for the last. */
export async function measure(run: (id: string) => Promise<void>, inFlight: number, seconds: number): Promise<Measured> {
  const latencies: number[] = [];
  const started = performance.now();
  const until = started + seconds * 1_000;
  const before = process.cpuUsage();
  const worker = async (): Promise<void> => {
    while (performance.now() < until) {
      const at = performance.now();
      await run(String(nextId++));
      latencies.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const took = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(before);
  latencies.sort((a, b) => a - b);
  const at = (part: number): number => latencies[Math.min(Math.floor(latencies.length * part), latencies.length - 1)] ?? Number.NaN;
  return {
    inFlight,
    sagas: latencies.length,
    sagasPerSecond: latencies.length / took,
    latency: { p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) },
    cpu: (user + system) / 1_000 / latencies.length,
  };
}
