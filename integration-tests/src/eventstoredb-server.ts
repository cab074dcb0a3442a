/**
 * An EventStoreDB for tests: the one of EVENTSTORE_URL, else the test server in a process of its own.
 *
 * S1. A server is ready when `startEventStore` or `restart` resolves.
 * S2. A server of this process ends with this process, however that ends.
 * S3. What it acknowledged is there again after `kill` and `restart`, on the same port.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface EventStoreServer {
  readonly connectionString: string;
  /** Ends it at once, as `kill -9` does; its data stays. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  /** Removes its data, unless they are in a folder that was given. */
  stop(): Promise<void>;
}

export interface EventStoreServerOptions {
  /** Its data stay here. Default: a folder of its own. */
  readonly data?: string;
}

export async function startEventStore(options: EventStoreServerOptions = {}): Promise<EventStoreServer> {
  const given = process.env['EVENTSTORE_URL'];
  if (given === undefined) return startOwnEventStore(options);
  const refuse = async (): Promise<void> => {
    throw new Error('the server of EVENTSTORE_URL is not ours to end');
  };
  return { connectionString: given, kill: refuse, restart: refuse, stop: async () => {} };
}

/** One that may be killed: never the one of EVENTSTORE_URL. */
export async function startOwnEventStore({ data }: EventStoreServerOptions = {}): Promise<EventStoreServer> {
  const server = new TestServerProcess(data ?? mkdtempSync(join(tmpdir(), 'skald-eventstore-')), data === undefined);
  await server.restart();
  return server;
}

const BIN = fileURLToPath(new URL('../../packages/eventstoredb-test-server/dist/bin.js', import.meta.url));

class TestServerProcess implements EventStoreServer {
  connectionString = '';
  private child: ChildProcess | undefined;

  constructor(
    private readonly data: string,
    private readonly isOwnData: boolean,
  ) {}

  async restart(): Promise<void> {
    const port = /:(\d+)\?/.exec(this.connectionString)?.[1] ?? '0';
    const args = [BIN, '--until-stdin-ends', '--port', port, '--data', this.data];
    const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    let said = '';
    for await (const chunk of child.stdout) {
      said += String(chunk);
      const url = /esdb:\S+/.exec(said)?.[0];
      if (url === undefined) continue;
      this.connectionString = url;
      return;
    }
    throw new Error('the test server of EventStoreDB ended before it was ready');
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    if (this.isOwnData) rmSync(this.data, { recursive: true, force: true });
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
