import { timeline } from '@skald/cli';
import { readHistory } from '@skald/engine';
import { type AuditReport, audit } from './audit.js';
import { prepareFolder, rememberFinished } from './data-folder.js';
import { filesOf } from './environment.js';
import { type EventStoreChoice, watchedStoreOf } from './event-store-choice.js';
import { openEventStore } from './event-store-of-run.js';
import { Faults } from './faults.js';
import { openKafkaShop } from './kafka-shop.js';
import { DEFAULT_FOLDER, type DemoOptions } from './options.js';
import type { Order } from './order.js';
import { OrderRun, type RunFigures } from './order-run.js';
import { type OrderSource, orderSource } from './order-source.js';
import { Progress } from './progress.js';
import { holds, type Report, reportOf, summaryLines } from './report.js';
import { type Histories, readHistories } from './saga-ends.js';
import { closeDatabases, type OpenShop, openDatabases, openShop, type ShopDatabases } from './shop.js';
import { shopFiles } from './shop-files.js';
import { fillStock } from './stock.js';

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
  const isElsewhere = options.kafka?.elsewhere === true;
  const isDefault = options.data === undefined && !isElsewhere;
  const parameters = { ...source.parameters, ...(options.kafka?.eventstore !== undefined && { 'event store': 'EventStoreDB' }) };
  const start = await prepareFolder(folder, parameters, { fresh: options.fresh, isDefault });
  const files = isElsewhere ? filesOf(process.env, folder) : shopFiles(folder);
  const databases = openDatabases(files);
  const eventStore = await openEventStore(options, folder, files);
  try {
    const run = new OrderRun(options.rate);
    const progress = new Progress(run, source.count, output.progress, output.progress.isTTY && !options.json);
    onSignal(() => run.stop());
    const say = (line: string) => progress.say(line);
    for (const { line, reason } of source.badLines) say(`line ${line} skipped: ${reason}`);
    fillStock(databases.inventory, source.stock);
    const faults = new Faults(options.seed, options.faults);
    const open = () =>
      options.kafka
        ? openKafkaShop({ ...options, folder, files, kafka: options.kafka, eventStore: eventStore.choice, say }, run)
        : openShop(files, databases, faults, run);
    const figures = await work(open, placed(source, faults), run, (ended) =>
      say(`${start === 'continued' ? 'carrying on' : 'beginning'} in ${folder}: ${ended} of ${source.count} orders have ended`),
    ).finally(() => progress.stop());
    if (run.isStopped) {
      say(`stopped: ${run.progress.ended} of ${source.count} orders have ended. The same command carries on.`);
      return 0;
    }
    const { report, findings, charged, tale } = await judge(eventStore.choice, databases, source, figures, output);
    if (report.audit.everySagaEnded) rememberFinished(folder, parameters);
    if (options.json) {
      for (const finding of findings) say(finding);
      output.out(JSON.stringify(report));
    } else for (const line of [...tale, ...summaryLines(report, charged, findings)]) output.out(line);
    return holds(report.audit) ? 0 : 1;
  } finally {
    await eventStore.close();
    closeDatabases(databases);
  }
}

async function work(
  open: () => Promise<OpenShop>,
  orders: Iterable<Order>,
  run: OrderRun,
  begins: (ended: number) => void,
): Promise<RunFigures> {
  const shop = await open();
  try {
    begins(await run.recall(shop));
    return await run.process(shop, orders);
  } finally {
    await shop.close();
  }
}

function* placed(source: OrderSource, faults: Faults): Generator<Order> {
  for (const order of source.orders()) yield faults.applyTo(order);
}

interface Judgement extends AuditReport {
  readonly report: Report;
  /** The compensated saga with the most to tell. */
  readonly tale: readonly string[];
}

async function judge(
  choice: EventStoreChoice,
  databases: ShopDatabases,
  source: OrderSource,
  figures: RunFigures,
  { colours, width }: DemoOutput,
): Promise<Judgement> {
  const store = await watchedStoreOf(choice);
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
