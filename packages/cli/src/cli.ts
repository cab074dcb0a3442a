import { openSqliteStore } from '@skald/event-store-sqlite';
import type { EventStore, SagaIndex } from '@skald/kernel';
import type { Command } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';
import { storeFileOf, usualStoreFile } from './place.js';
import type { Terminal } from './terminal.js';

/** Options that every verb has, before it or after it. */
export interface GlobalOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** Sagas to be looked at; nothing can be changed through it. */
export interface OpenStore {
  readonly events: EventStore;
  readonly index: SagaIndex;
}

/** What a verb has at hand besides its own words. */
export class Cli {
  /** What the process shall end with if nothing goes wrong. */
  exitCode: ExitCode = EXIT.done;

  constructor(
    readonly terminal: Terminal,
    readonly env: Readonly<Record<string, string | undefined>>,
  ) {}

  globals(command: Command): GlobalOptions {
    return command.optsWithGlobals<GlobalOptions>();
  }

  isJson(command: Command): boolean {
    return this.globals(command).json === true;
  }

  /** Opens the store for reading, beside whoever owns it, and closes it after `work`. */
  async reading<T>(command: Command, work: (store: OpenStore) => Promise<T>): Promise<T> {
    const store = await openSqliteStore({ file: this.storeFile(command), readOnly: true });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  storeFile(command: Command): string {
    const data = this.globals(command).data ?? this.env['SKALD_DATA'];
    return data === undefined ? usualStoreFile() : storeFileOf(data);
  }

  /** One JSON document on one line. */
  json(value: unknown): void {
    this.terminal.out(JSON.stringify(value));
  }
}
