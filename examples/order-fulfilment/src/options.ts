import { parseArgs } from 'node:util';
import type { FaultRates } from './faults.js';

export const DEFAULT_FOLDER = '.skald-demo';

export const HELP = `Order fulfilment: three services, three databases, one saga over them.

npm run demo -- [options]

  --orders N           how many orders to generate (default 5000)
  --seed N             what they are generated from, and what goes wrong with them (default 42)
  --input FILE         orders from a file instead, one JSON object a line:
                       {"orderId","customerId","lines":[{"sku","quantity","unitPrice"}]}
                       Lines that are no orders are reported, skipped and counted; a repeat of an order is skipped. A price may have
                       more than two decimals; each line's amount is then rounded to the cent, half up.
  --stock FILE         goes with --input: {"<sku>": quantity}; a sku that is not in it has no stock

  --decline P          share of orders whose payment is refused, 0 to 1            (default 0.1, with --input 0)
  --out-of-stock P     share of orders that ask for something sold out             (default 0.1, with --input 0)
  --crash-service P    share of actions and compensations that crash, then succeed (default 0.05, with --input 0)

  --kafka              not in this process: 2 managers and 2 processes of each service, which talk over Kafka. The managers share the
                       event store, the processes of a service its database. Kill any of them: it is started again.
  --brokers HOST:PORT  of a Kafka that is there (default: KAFKA_BROKERS); several with commas. Without it one is started, with its data in
                       the folder; that needs Docker, or Java 17 and Maven
  --eventstore [URL]   with --kafka: the managers share an EventStoreDB or KurrentDB (esdb://...) instead of a SQLite file. Without a URL a
                       stand-in for tests is started, with its data in the folder
  --elsewhere          with --kafka: managers and services have been started by somebody else, as in docker-compose.yml
  --rate N             start at most N orders a second

  --data DIR           folder of all databases (default ${DEFAULT_FOLDER}). What was interrupted there is carried on with. A finished run
                       is looked at again; in the default folder it is replaced instead.
  --fresh              start over: delete this demo's files in that folder
  --json               print one JSON object and nothing else. seconds and sagasPerSecond measure this run's processing, from the first
                       start to the last end; building, opening and the audit are not in it.
  --help

Exit code: 0 the audit holds, 1 it does not or the demo could not run, 2 wrong options, 130 or 143 stopped by a signal.`;

export interface DemoOptions {
  readonly source: { readonly orders: number } | { readonly input: string; readonly stock: string };
  readonly seed: number;
  readonly faults: FaultRates;
  /** Absent: the default folder. */
  readonly data: string | undefined;
  readonly fresh: boolean;
  readonly json: boolean;
  /** Orders a second; absent: as fast as they go. */
  readonly rate: number | undefined;
  /** Absent: everything in this process. */
  readonly kafka: KafkaOptions | undefined;
}

export interface KafkaOptions {
  /** Absent: one has to be started. */
  readonly brokers: readonly string[] | undefined;
  /** Managers and services are not ours to start. */
  readonly elsewhere: boolean;
  /** `esdb://…`; `test-server`: one has to be started; absent: SQLite. */
  readonly eventstore: string | undefined;
}

/** In place of a connection string. */
export const TEST_SERVER = 'test-server';

/** What the command line asks for cannot be done. */
export class UsageError extends Error {}

const GENERATED_FAULTS: FaultRates = { decline: 0.1, outOfStock: 0.1, crashService: 0.05 };
const NO_FAULTS: FaultRates = { decline: 0, outOfStock: 0, crashService: 0 };
const MOST_ORDERS = 10_000_000;

type Variables = Readonly<Record<string, string | undefined>>;

/** `variables` are those of the environment. Throws `UsageError`. */
export function parseOptions(args: readonly string[], variables: Variables = {}): DemoOptions | 'help' {
  const given = valuesOf(args);
  if (given.help) return 'help';
  const { input, stock } = given;
  if ((input === undefined) !== (stock === undefined)) throw new UsageError('--input and --stock go together');
  if (input !== undefined && given.orders !== undefined)
    throw new UsageError('--orders is for generated orders; with --input the file says');
  const defaults = input === undefined ? GENERATED_FAULTS : NO_FAULTS;
  return {
    source:
      input !== undefined && stock !== undefined ? { input, stock } : { orders: whole('--orders', given.orders, 1, MOST_ORDERS) ?? 5_000 },
    seed: whole('--seed', given.seed, 0, Number.MAX_SAFE_INTEGER) ?? 42,
    faults: {
      decline: share('--decline', given.decline) ?? defaults.decline,
      outOfStock: share('--out-of-stock', given['out-of-stock']) ?? defaults.outOfStock,
      crashService: share('--crash-service', given['crash-service']) ?? defaults.crashService,
    },
    data: given.data,
    fresh: given.fresh ?? false,
    json: given.json ?? false,
    rate: whole('--rate', given.rate, 1, 100_000),
    kafka: kafkaOf(given, variables),
  };
}

function kafkaOf(
  { kafka = false, brokers, elsewhere = false, fresh = false, eventstore }: ReturnType<typeof valuesOf>,
  variables: Variables,
): KafkaOptions | undefined {
  if (!kafka && brokers !== undefined) throw new UsageError('--brokers goes with --kafka');
  if (!kafka && elsewhere) throw new UsageError('--elsewhere goes with --kafka');
  if (!kafka && eventstore !== undefined) throw new UsageError('--eventstore goes with --kafka');
  if (!kafka) return undefined;
  const known = (brokers ?? variables['KAFKA_BROKERS'] ?? '').split(',').filter((one) => one !== '');
  if (!known.every((one) => /^[^\s:]+:\d{1,5}$/.test(one))) throw new UsageError(`--brokers ${known}: host:port is wanted`);
  if (elsewhere && known.length === 0) throw new UsageError('--elsewhere needs --brokers: those of the managers and services');
  if (elsewhere && fresh)
    throw new UsageError('--fresh cannot delete what processes elsewhere are using: stop them and delete their volumes');
  return { brokers: known.length > 0 ? known : undefined, elsewhere, eventstore: eventStoreUrl(eventstore, elsewhere) };
}

function eventStoreUrl(given: string | undefined, elsewhere: boolean): string | undefined {
  if (given === '' && elsewhere) throw new UsageError('--eventstore needs a URL with --elsewhere: that of the managers');
  if (given === undefined || given === '') return given === '' ? TEST_SERVER : undefined;
  if (/^esdb(\+discover)?:\/\//.test(given)) return given;
  throw new UsageError(`--eventstore ${given}: a connection string is wanted, as esdb://host:2113?tls=false`);
}

/** `--eventstore` without a value is one with an empty value. */
function filledIn(args: readonly string[]): string[] {
  return args.map((arg, at) => {
    const isLast = args[at + 1] === undefined || args[at + 1]?.startsWith('--');
    return arg === '--eventstore' && isLast ? '--eventstore=' : arg;
  });
}

function valuesOf(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const flags = { fresh: flag, json: flag, kafka: flag, elsewhere: flag, help: flag };
  const amounts = { orders: text, seed: text, decline: text, 'out-of-stock': text, 'crash-service': text };
  const options = { ...amounts, input: text, stock: text, data: text, rate: text, brokers: text, eventstore: text, ...flags };
  try {
    return parseArgs({ args: filledIn(args), options, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${name} ${text}: a whole number from ${least} to ${most} is wanted`);
}

function share(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 1) return value;
  throw new UsageError(`${name} ${text}: a number from 0 to 1 is wanted`);
}
