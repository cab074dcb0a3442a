/**
 * Preloaded into an example (`node --import`): takes note of the sagas that it starts and of the stores that it fills.
 *
 * With SKALD_HISTORIES=record the streams of its stores are written to SKALD_HISTORY_FILE, one of each shape. With SKALD_HISTORIES=check the
 * streams that stand there must hold, obey the laws, fold, and be decided by the example's sagas as it was recorded; else it ends with 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Skald } from '@skald/app';
import {
  byStream,
  causedEvents,
  checkStream,
  eventsOfText,
  explainDifference,
  exportAll,
  lineOf,
  replayHistory,
  sagaOf,
} from '@skald/audit';
import { isSealed } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { checkLaws, fold, isSagaStream, type RecordedEvent, type SagaDefinition, stepGraph } from '@skald/kernel';

/** Streams of one example; more tell nothing new. */
const MOST_STREAMS = 20;
const mode = process.env['SKALD_HISTORIES'];
const file = process.env['SKALD_HISTORY_FILE'] ?? '';
const definitions = new Map<string, SagaDefinition>();
const streams = new Map<string, readonly RecordedEvent[]>();

/** What stands behind the class's back. */
interface Inside {
  readonly sagaRefs: readonly unknown[];
  readonly wiring: { readonly options: { readonly file?: string } };
  definition(ref: unknown): SagaDefinition;
}

const { start } = Skald.prototype;
Skald.prototype.start = async function started(this: Skald) {
  const app = await start.call(this);
  const { sagaRefs, wiring } = this as unknown as Inside;
  for (const ref of sagaRefs) {
    const definition = (this as unknown as Inside).definition(ref);
    definitions.set(`${definition.name}@${definition.version}`, definition);
  }
  const { file: store } = wiring.options;
  if (mode !== 'record' || store === undefined) return app;
  const stop = app.stop.bind(app);
  app.stop = async () => {
    await stop();
    await record(store);
  };
  return app;
};

if (mode === 'check') process.once('exit', check);

async function record(store: string): Promise<void> {
  const { events, close } = await openSqliteStore({ file: store, readOnly: true });
  const found = await byStream(exportAll(events));
  await close();
  for (const [stream, all] of found) streams.set(stream, all);
  const kept = chosen([...streams]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, kept.flatMap(([, all]) => all.map((event) => `${lineOf(event)}\n`)).join(''));
}

/** One of each sequence of types. */
function chosen(all: readonly (readonly [string, readonly RecordedEvent[]])[]): readonly (readonly [string, readonly RecordedEvent[]])[] {
  const shapes = new Map(
    all.toReversed().map((one) => [`${isSagaStream(one[0]) ? '' : one[0]} ${one[1].map(({ type }) => type).join(' ')}`, one]),
  );
  return [...shapes.values()].toReversed().slice(0, MOST_STREAMS);
}

function check(): void {
  if (!existsSync(file)) return;
  const problems: string[] = [];
  const found = new Map<string, RecordedEvent[]>();
  for (const event of eventsOfText(readFileSync(file, 'utf8'))) found.set(event.stream, [...(found.get(event.stream) ?? []), event]);
  for (const [stream, events] of found) problems.push(...problemsOf(stream, events).map((problem) => `${stream}: ${problem}`));
  if (problems.length === 0) return;
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  process.stderr.write(`${file}: what it holds is decided otherwise now; see "Changes of replay" in CONTRIBUTING.md\n`);
  process.exitCode = 1;
}

function problemsOf(stream: string, events: readonly RecordedEvent[]): string[] {
  const findings = checkStream(stream, events).map(({ revision, message }) => `revision ${revision}: ${message}`);
  if (findings.length > 0 || !isSagaStream(stream)) return findings;
  const history = causedEvents(events);
  const { saga, version } = sagaOf(history);
  const definition = definitions.get(`${saga}@${version}`);
  // Without its key what it was told cannot be read.
  if (history.some(({ event }) => isSealed(event)))
    return fold(history.map(({ event }) => event)).phase === 'ended' ? [] : ['it does not fold to its end'];
  if (!definition) return [`the example has no saga ${saga} version ${version} any more`];
  const { difference } = replayHistory(history, stepGraph(definition));
  const broken = checkLaws(history.map(({ event }) => event)).map(({ law, message }) => `it breaks the law ${law}: ${message}`);
  return difference ? [explainDifference(difference, definition), ...broken] : broken;
}
