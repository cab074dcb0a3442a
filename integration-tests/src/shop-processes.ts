import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAMS = fileURLToPath(new URL('../../examples/order-fulfilment/dist/', import.meta.url));

export const MAIN = `${PROGRAMS}main.js`;

export interface ShopOptions {
  readonly folder: string;
  readonly broker: string;
  /** `esdb://…`; absent: the managers share a SQLite file. */
  readonly eventstore?: string | undefined;
  /** Of the feeding process. */
  readonly feed: readonly string[];
}

/** `manager-2` is a manager, `payments-1` a process of the payment service, `feed` the one that places orders and judges at the end. */
export const WORKERS = ['manager-1', 'manager-2', ...['orders', 'payments', 'inventory'].flatMap((one) => [`${one}-1`, `${one}-2`])];
export const FEED = 'feed';

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
}

/**
 * The processes of the order-fulfilment example, as docker-compose.yml has them, to be killed.
 *
 * P1  What ends and was not killed is written down: no trouble of Kafka or of the databases may end a process.
 */
export class ShopProcesses {
  readonly endedByThemselves: string[] = [];
  private lastFeedEnd: End | undefined;
  private readonly running = new Map<string, { readonly child: ChildProcess; readonly end: Promise<End> }>();

  constructor(private readonly options: ShopOptions) {
    mkdirSync(join(options.folder, 'logs'), { recursive: true });
  }

  get names(): string[] {
    return [...this.running.keys()];
  }

  /** It may not be ready yet. */
  start(name: string): void {
    const { folder, feed } = this.options;
    const [program, ...args] =
      name === FEED ? ['main', ...feed] : name.startsWith('manager') ? ['manager', name] : ['service', name.slice(0, -2)];
    const log = openSync(join(folder, 'logs', `${name}.log`), 'a');
    const child = fork(`${PROGRAMS}${program}.js`, args, {
      env: { ...process.env, ...this.environment() },
      execArgv: ['--disable-warning=ExperimentalWarning'],
      stdio: ['ignore', name === FEED ? 'pipe' : log, log, 'ipc'],
    });
    closeSync(log);
    let stdout = '';
    child.stdout?.on('data', (chunk) => {
      stdout += String(chunk);
    });
    const end = new Promise<End>((resolve) => child.once('close', (code, signal) => resolve({ code, signal, stdout })));
    this.running.set(name, { child, end });
    void end.then((how) => {
      if (this.running.get(name)?.child !== child) return;
      this.running.delete(name);
      if (name === FEED) this.lastFeedEnd = how;
      else this.giveUp(`${name} with ${how.signal ?? how.code}`);
    });
  }

  async kill(name: string): Promise<void> {
    await this.signal(name, 'SIGKILL', true);
  }

  /** In order. */
  async stop(name: string): Promise<void> {
    await this.signal(name, 'SIGTERM', true);
  }

  /** It stands still, as when its machine sleeps, until `SIGCONT`. */
  async signal(name: string, signal: NodeJS.Signals, ends = false): Promise<void> {
    const one = this.running.get(name);
    if (ends) this.running.delete(name);
    one?.child.kill(signal);
    if (ends) await one?.end;
  }

  /** How the feeding process ended. */
  async feedEnd(): Promise<End> {
    const end = this.running.get(FEED)?.end ?? this.lastFeedEnd;
    if (!end) throw new Error('nothing feeds');
    return end;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.names.map((name) => this.stop(name)));
  }

  /** P1: there is nothing to wait for any more. */
  private giveUp(why: string): void {
    this.endedByThemselves.push(why);
    this.running.get(FEED)?.child.kill('SIGKILL');
  }

  private environment(): Readonly<Record<string, string>> {
    const { folder, broker, eventstore } = this.options;
    return {
      KAFKA_BROKERS: broker,
      KAFKA_PREFIX: 'shop',
      KAFKA_SESSION_TIMEOUT: '6000',
      STORE_FILE: join(folder, 'skald.db'),
      ...(eventstore !== undefined && { EVENTSTORE: eventstore }),
      ORDERS_DATABASE: join(folder, 'orders.db'),
      PAYMENTS_DATABASE: join(folder, 'payments.db'),
      INVENTORY_DATABASE: join(folder, 'inventory.db'),
      SEED: '1',
      DECLINE: '0.1',
      CRASH_SERVICE: '0.1',
    };
  }
}
