import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { timeline } from '@skald/cli';
import { readHistory } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { type AuditReport, audit } from './audit.js';
import { prepareFolder, rememberFinished } from './data-folder.js';
import { Faults } from './faults.js';
import { DEFAULT_FOLDER, type DemoOptions } from './options.js';
import type { Order } from './order.js';
import { OrderRun, type RunFigures } from './order-run.js';
import { type OrderSource, orderSource } from './order-source.js';
import { Progress } from './progress.js';
import { holds, type Report, reportOf, summaryLines } from './report.js';
import { type Histories, readHistories } from './saga-ends.js';
import { closeDatabases, openDatabases, openShop, type ShopDatabases, STORE_FILE } from './shop.js';

export interface DemoOutput {
  /** What the demo is asked for: one JSON object, or the tale for people. */
  out(line: string): void;
  readonly progress: NodeJS.WriteStream;
  readonly colours: boolean;
  readonly width: number | undefined;
}

/**
 * Runs the demo and answers its exit code. `onSignal` is given what to do when the user stops it: nothing new is started, what is in hand
 * is stored, and the next run carries on.
 */
export async function demo(options: DemoOptions, output: DemoOutput, onSignal: (stop: () => void) => void): Promise<number> {
  const source = orderSource(options);
  const folder = options.data ?? DEFAULT_FOLDER;
  const start = await prepareFolder(folder, source.parameters, { fresh: options.fresh, isDefault: options.data === undefined });
  const databases = openDatabases(folder);
  try {
    const run = new OrderRun();
    const progress = new Progress(run, source.count, output.progress, output.progress.isTTY && !options.json);
    onSignal(() => run.stop());
    for (const { line, reason } of source.badLines) progress.say(`line ${line} skipped: ${reason}`);
    const figures = await process(folder, databases, source, new Faults(options.seed, options.faults), run, (ended) =>
      progress.say(`${start === 'continued' ? 'carrying on' : 'beginning'} in ${folder}: ${ended} of ${source.count} orders have ended`),
    ).finally(() => progress.stop());
    if (run.isStopped) {
      progress.say(`stopped: ${run.progress.ended} of ${source.count} orders have ended. The same command carries on.`);
      return 0;
    }
    const { report, findings, charged, tale } = await judge(folder, databases, source, figures, output);
    if (report.audit.everySagaEnded) rememberFinished(folder, source.parameters);
    if (options.json) {
      for (const finding of findings) progress.say(finding);
      output.out(JSON.stringify(report));
    } else for (const line of [...tale, ...summaryLines(report, charged, findings)]) output.out(line);
    return holds(report.audit) ? 0 : 1;
  } finally {
    closeDatabases(databases);
  }
}

async function process(
  folder: string,
  databases: ShopDatabases,
  source: OrderSource,
  faults: Faults,
  run: OrderRun,
  begins: (ended: number) => void,
): Promise<RunFigures> {
  const app = await openShop(folder, databases, faults, run);
  try {
    fillStock(databases.inventory, source.stock);
    begins(await run.recall(app));
    return await run.process(app, placed(source, faults));
  } finally {
    await app.stop();
  }
}

function* placed(source: OrderSource, faults: Faults): Generator<Order> {
  for (const order of source.orders()) yield faults.applyTo(order);
}

/** Once for a folder, all of it or nothing. */
function fillStock(db: DatabaseSync, stock: ReadonlyMap<string, number>): void {
  const put = db.prepare('INSERT INTO stock (sku, available) VALUES (?, ?)');
  if (db.prepare('SELECT 1 FROM stock').get()) return;
  db.exec('BEGIN IMMEDIATE');
  for (const [sku, quantity] of stock) put.run(sku, quantity);
  db.exec('COMMIT');
}

interface Judgement extends AuditReport {
  readonly report: Report;
  /** The compensated saga with the most to tell. */
  readonly tale: readonly string[];
}

async function judge(
  folder: string,
  databases: ShopDatabases,
  source: OrderSource,
  figures: RunFigures,
  { colours, width }: DemoOutput,
): Promise<Judgement> {
  const store = await openSqliteStore({ file: join(folder, STORE_FILE), readOnly: true });
  try {
    const histories = await readHistories(store.events);
    const judged = audit(histories, databases, { orders: source.count, stock: source.stock });
    const report = reportOf(source.count, source.badLines.length, countsOf(histories), figures, judged);
    const { eventful } = histories;
    if (eventful === undefined) return { ...judged, report, tale: [] };
    const told = timeline(await readHistory(store.events, eventful), { colours, ...(width !== undefined && { width }) });
    return { ...judged, report, tale: [...told, ''] };
  } finally {
    await store.close();
  }
}

function countsOf({ ends }: Histories) {
  const counts: Partial<Record<string, number>> = {};
  for (const { status } of ends.values()) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
