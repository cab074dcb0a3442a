import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningSkald, Skald } from '@skald/app';
import { type HistoryEvent, readHistory, stateOf } from '@skald/engine';
import { connectEventStore } from '@skald/event-store-eventstoredb';
import { type EventStore, type SagaState, SkaldError, statusOf } from '@skald/kernel';
import { SKALD } from './built.js';
import { type EventStoreServer, startOwnEventStore } from './eventstoredb-server.js';
import { type Order, order, tokenFile, WAREHOUSE_IS_UP } from './fleet-sagas.js';
import { Forks } from './forks.js';
import { connectShortLived } from './jobs-bus.js';

const PROCESS = fileURLToPath(new URL('../dist/fleet-process.js', import.meta.url));
const SAGAS = fileURLToPath(new URL('../dist/fleet-sagas.js', import.meta.url));

/** A finished run of the command. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Managers and a participant on Kafka and EventStoreDB, each a process, and the `skald` command beside them.
 *
 * P1  The command has nothing of this process's environment but where programs are found: no store is met by chance.
 */
export class SkaldFleet {
  readonly folder = mkdtempSync(join(tmpdir(), 'skald-fleet-'));
  readonly config = join(this.folder, 'skald.config.json');
  private readonly forks = new Forks();

  private constructor(
    readonly broker: string,
    readonly prefix: string,
    readonly server: EventStoreServer,
    readonly events: EventStore,
    /** Another caller, quicker than a process for each saga. */
    readonly caller: RunningSkald,
  ) {
    mkdirSync(this.elsewhere);
    writeFileSync(this.config, JSON.stringify(this.configuration()));
  }

  static async begin(broker: string): Promise<SkaldFleet> {
    const prefix = `fleet-${randomUUID().slice(0, 8)}`;
    const server = await startOwnEventStore();
    const { connectionString } = server;
    const events = await connectEventStore({ connectionString, prefix: `${prefix}.` });
    const caller = await Skald.connect({ bus: () => connectShortLived(broker, prefix, 'caller') })
      .sagas(order)
      .start();
    return new SkaldFleet(broker, prefix, server, events, caller);
  }

  /** What is written to `config`, to be changed and written anew. */
  configuration() {
    const { broker, prefix, server } = this;
    return {
      store: { connectionString: server.connectionString, prefix: `${prefix}.`, index: 'cli-index.db' },
      bus: { kafka: { brokers: [broker] }, prefix },
      definitions: SAGAS,
      by: 'ada',
    };
  }

  get environment(): Readonly<Record<string, string>> {
    const { broker, prefix, server } = this;
    return {
      SKALD_EVENTSTORE: server.connectionString,
      SKALD_EVENTSTORE_PREFIX: `${prefix}.`,
      SKALD_INDEX: join(this.folder, 'env-index.db'),
      SKALD_KAFKA_BROKERS: broker,
      SKALD_KAFKA_PREFIX: prefix,
      SKALD_DEFINITIONS: SAGAS,
      SKALD_BY: 'ines',
    };
  }

  /** Resolves when it is at work. `versions` of the saga are those that a manager knows. */
  async add(role: 'manager' | 'shop', name: string, versions = '1'): Promise<void> {
    const { folder, broker, prefix, server } = this;
    const args = [role, folder, broker, prefix, server.connectionString, name, versions];
    await this.forks.add(name, PROCESS, args);
  }

  remove(name: string): Promise<void> {
    return this.forks.remove(name);
  }

  async end(): Promise<void> {
    await Promise.all(this.forks.names.map((name) => this.remove(name)));
    await this.caller.stop();
    await this.events.close();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Where the fleet is, a file says. */
  byFile(...args: readonly string[]): Promise<Run> {
    return this.run(['--config', this.config, ...args]);
  }

  /** Where the fleet is, the environment says. */
  byEnvironment(...args: readonly string[]): Promise<Run> {
    return this.run(args, this.environment);
  }

  async run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
    const child = this.spawned(args, env);
    let [out, err] = ['', ''];
    child.stdout?.on('data', (chunk) => {
      out += String(chunk);
    });
    child.stderr?.on('data', (chunk) => {
      err += String(chunk);
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }

  /** P1. */
  spawned(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const { PATH = '', HOME = '' } = process.env;
    return spawn(process.execPath, [SKALD, ...args], {
      cwd: this.elsewhere,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  private get elsewhere(): string {
    return join(this.folder, 'elsewhere');
  }

  history(sagaId: string): Promise<HistoryEvent[]> {
    return readHistory(this.events, sagaId);
  }

  async state(sagaId: string): Promise<SagaState> {
    return stateOf(await this.history(sagaId));
  }

  /** Resolves when the saga's stream says so. */
  async until(sagaId: string, isSo: (state: SagaState) => boolean): Promise<void> {
    for (;;) {
      try {
        if (isSo(await this.state(sagaId))) return;
      } catch (error) {
        if (!(error instanceof SkaldError) || error.code !== 'saga-not-found') throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async untilStatus(sagaId: string, status: string): Promise<void> {
    await this.until(sagaId, (state) => statusOf(state) === status);
  }

  async begun(id: string, item: string, total = 100): Promise<void> {
    const input: Order = { item, total };
    await this.caller.sagas.start(order, input, { id });
  }

  /** What the participant was given for a step that is answered later. */
  async token(sagaId: string): Promise<string> {
    const file = tokenFile(this.folder, sagaId);
    await this.until(sagaId, (state) => state.steps.get('engrave')?.status === 'deferred' && existsSync(file));
    return readFileSync(file, 'utf8');
  }

  warehouse(isUp: boolean): void {
    const file = join(this.folder, WAREHOUSE_IS_UP);
    if (isUp) writeFileSync(file, '');
    else rmSync(file, { force: true });
  }
}

/** What was printed with `--json`, a document a line. */
export function documents({ out }: Run): readonly Record<string, unknown>[] {
  return out.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Record<string, unknown>]));
}
