import { hostname, userInfo } from 'node:os';
import type { Candidate } from '@skald/audit';
import type { PayloadReader } from '@skald/engine';
import type { SagaDefinition } from '@skald/kernel';
import type { Command } from 'commander';
import type { Operations } from './acting/operations.js';
import { type Env, loadConfig, type SkaldConfig, saidBy } from './connecting/config.js';
import { CodecOnDemand, isGivenCodec } from './connecting/open-codec.js';
import type { OpenStore } from './connecting/open-store.js';
import { storeFileOf, usualStoreFile } from './connecting/place.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal/terminal.js';
import { UsageError } from './usage.js';

/** Options that every verb has, before it or after it. */
export interface GlobalOptions {
  readonly data?: string;
  readonly config?: string;
  readonly definitions?: string;
  readonly json?: boolean;
}

export interface ActingOptions {
  readonly later: boolean;
  /** How long an answer is waited for, in milliseconds. */
  readonly patience: number;
  /** What is said is nobody's secret, and needs no keys. Default false. */
  readonly inTheClear?: boolean;
}

/** Where the sagas are that a command line is about. */
export type Place =
  | { readonly kind: 'embedded'; readonly file: string }
  | { readonly kind: 'connected'; readonly store: SkaldConfig['store']; readonly bus: NonNullable<SkaldConfig['bus']> }
  | { readonly kind: 'to be read'; readonly store: NonNullable<SkaldConfig['store']> };

/** What a verb has at hand besides its own words; what it takes is loaded when it is needed, and not before. */
export class Cli {
  /** What the process shall end with if nothing goes wrong. */
  exitCode: ExitCode = EXIT.done;
  private config: Promise<SkaldConfig> | undefined;

  constructor(
    readonly terminal: Terminal,
    readonly env: Env,
  ) {}

  globals(command: Command): GlobalOptions {
    return command.optsWithGlobals<GlobalOptions>();
  }

  isJson(command: Command): boolean {
    return this.globals(command).json === true;
  }

  /** One JSON document on one line. */
  json(value: unknown): void {
    this.terminal.out(JSON.stringify(value));
  }

  configOf(command: Command): Promise<SkaldConfig> {
    this.config ??= loadConfig(this.globals(command).config, this.env);
    return this.config;
  }

  /** A store that is named by `--data` is one application's own: then no bus is asked, whatever a configuration says. */
  async placeOf(command: Command): Promise<Place> {
    const data = this.globals(command).data ?? saidBy(this.env, 'SKALD_DATA');
    if (data !== undefined) return { kind: 'embedded', file: storeFileOf(data) };
    const { store, bus } = await this.configOf(command);
    if (bus) return { kind: 'connected', store, bus };
    if (!store) return { kind: 'embedded', file: usualStoreFile() };
    return typeof store === 'object' && 'file' in store ? { kind: 'embedded', file: store.file } : { kind: 'to be read', store };
  }

  /** Opens the store for reading, beside whoever owns it, and closes it after `work`. */
  async reading<T>(command: Command, work: (store: OpenStore) => Promise<T>): Promise<T> {
    const store = await this.openStore(await this.placeOf(command));
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  /** The file of an embedded store, for those who write to it themselves while nothing else does. */
  async storeFile(command: Command): Promise<string> {
    const place = await this.placeOf(command);
    if (place.kind === 'embedded') return place.file;
    if (place.store && typeof place.store === 'object' && 'file' in place.store) return place.store.file;
    throw new UsageError('this is for a store in a file: name it with --data');
  }

  /** Whoever decides about the sagas, for as long as `work` takes. */
  async acting<T>(command: Command, options: ActingOptions, work: (operations: Operations) => Promise<T>): Promise<T> {
    const operations = await this.openOperations(command, options);
    try {
      return await work(operations);
    } finally {
      await operations.close();
    }
  }

  /** The sagas that `--definitions` or the configuration names; undefined where neither does. */
  async definitions(command: Command): Promise<readonly SagaDefinition[] | undefined> {
    const file = await this.definitionsFile(command);
    if (file === undefined) return undefined;
    const { loadCandidates } = await import('./connecting/load-candidates.js');
    return (await loadCandidates(file)).flatMap(({ definition }) => definition ?? []);
  }

  /** The sagas and programs that are named, where a verb cannot do without. */
  async candidates(command: Command): Promise<Candidate[]> {
    const file = await this.definitionsFile(command);
    if (file !== undefined) return (await import('./connecting/load-candidates.js')).loadCandidates(file);
    throw new UsageError('which sagas? name a compiled module that exports them: --definitions <module>');
  }

  /** Calls `work` with what opens payloads: the codec of the configuration, or the one that the definitions' module exports. */
  async withKeys<T>(command: Command, work: (codec: PayloadReader) => Promise<T>): Promise<T> {
    return this.withKeysIfGiven(command, (codec) => {
      if (codec) return work(codec);
      throw new UsageError(
        'whose keys? payloads are opened by the codec that skald.config.mjs names, or the module of --definitions exports as "codec"',
      );
    });
  }

  /** The same, without a codec where none is given. */
  async withKeysIfGiven<T>(command: Command, work: (codec: PayloadReader | undefined) => Promise<T>): Promise<T> {
    const codec = await this.codec(command);
    try {
      return await work(codec);
    } finally {
      await codec?.close();
    }
  }

  private async codec(command: Command): Promise<CodecOnDemand | undefined> {
    const { codec } = await this.configOf(command);
    if (codec) return new CodecOnDemand(codec, 'the configuration');
    const file = await this.definitionsFile(command);
    if (file === undefined) return undefined;
    const { loadModule } = await import('./connecting/load-module.js');
    const exported = (await loadModule(file))['codec'];
    return isGivenCodec(exported) ? new CodecOnDemand(exported, `codec of ${file}`) : undefined;
  }

  private async definitionsFile(command: Command): Promise<string | undefined> {
    return this.globals(command).definitions ?? (await this.configOf(command)).definitions;
  }

  /** Who acts, as it is recorded. */
  async actorOf(command: Command, by: string | undefined): Promise<string> {
    return by ?? (await this.configOf(command)).by ?? `${userInfo().username}@${hostname()}`;
  }

  private async openStore(place: Place): Promise<OpenStore> {
    const { readConfigured, readSqlite } = await import('./connecting/open-store.js');
    if (place.kind === 'embedded') return readSqlite(place.file);
    if (place.store) return readConfigured(place.store, (line) => this.terminal.err(`skald: ${line}`));
    throw new UsageError('the configuration names a bus and no store: sagas can be asked, but not shown');
  }

  private async openOperations(command: Command, options: ActingOptions): Promise<Operations> {
    const place = await this.placeOf(command);
    if (place.kind === 'embedded') {
      const { StoreOperations } = await import('./acting/store-operations.js');
      return StoreOperations.open({ later: options.later, patience: options.patience, file: place.file });
    }
    if (place.kind === 'to be read') {
      throw new UsageError('the configuration names a store and no bus: sagas can be shown, but nobody can be asked to act (add "bus")');
    }
    if (options.later) throw new UsageError('--later is for an embedded store; a bus keeps what is asked by itself');
    const definitions = (await this.definitions(command)) ?? [];
    const codec = options.inTheClear ? undefined : await this.codec(command);
    const events = place.store && (async () => (await this.openStore(place)).events);
    const { openBus } = await import('./connecting/open-bus.js');
    const { BusOperations } = await import('./acting/bus-operations.js');
    const { patience } = options;
    return BusOperations.open({ bus: () => openBus(place.bus), definitions, patience, ...(codec && { codec }), ...(events && { events }) });
  }
}
