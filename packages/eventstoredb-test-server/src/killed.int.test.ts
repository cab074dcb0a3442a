import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EventStoreDBClient, NO_STREAM } from '@eventstore/db-client';
import { expect, it } from '@jest/globals';
import { idsOf, someEvents, someStream } from './protocol-suite/suite-target.js';

const BIN = fileURLToPath(new URL('../dist/bin.js', import.meta.url));

async function start(folder: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [BIN, '--port', '0', '--data', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(child.stdout, 'data');
  return { child, url: /esdb:\S+/.exec(String(line))?.[0] ?? '' };
}

it('J1: whatever a server acknowledged before kill -9 is there when it is started again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skald-'));
  const acknowledged = new Map<string, string[]>();
  for (let round = 0; round < 3; round++) {
    const { child, url } = await start(folder);
    const client = EventStoreDBClient.connectionString(url);
    const write = async (): Promise<void> => {
      for (;;) {
        const [stream, events] = [someStream(), someEvents(3)];
        await client.appendToStream(stream, events, { expectedRevision: NO_STREAM });
        acknowledged.set(
          stream,
          events.map(({ id }) => id),
        );
        if (acknowledged.size === 150 * (round + 1)) child.kill('SIGKILL');
      }
    };
    await Promise.allSettled([1, 2, 3, 4].map(write));
    await client.dispose();
  }
  const { child, url } = await start(folder);
  const client = EventStoreDBClient.connectionString(url);
  for (const [stream, ids] of acknowledged) expect(await idsOf(client, stream)).toEqual(ids);
  await client.dispose();
  child.kill('SIGTERM');
  await once(child, 'exit');
  rmSync(folder, { recursive: true });
});
