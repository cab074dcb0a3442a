import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openParticipantDatabase } from './sqlite-fence.js';

const PACKAGE = fileURLToPath(new URL('../dist/index.js', import.meta.url));
const KEYS = 200;

/** Opens a database that is not there yet when all the others do, and counts each key that nobody has counted. */
const SERVICE = `
  const { openParticipantDatabase, sqliteFence } = await import(${JSON.stringify(PACKAGE)});
  process.stdout.write('here');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const db = openParticipantDatabase(process.argv[1]);
  db.exec('CREATE TABLE IF NOT EXISTS counter (key TEXT)');
  const count = db.prepare('INSERT INTO counter VALUES (?)');
  const fence = sqliteFence(db);
  for (let n = 0; n < ${KEYS}; n++) {
    await fence.session(async (session) => {
      const key = 'key-' + n;
      if (await session.get(key)) return;
      await session.put(key, { type: 'succeeded', compensable: false });
      // Others come meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
      count.run(key);
    });
  }
  process.exit(0);
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('A fence between processes', () => {
  it('N1, N5: opens a new file in all of them at once, and each effect is made once', async () => {
    const file = join(folder, 'shop.db');
    const children = [1, 2, 3].map(() =>
      spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', SERVICE, file], { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    const ends = children.map((child) => new Promise((resolve) => child.once('close', resolve)));
    await Promise.all(children.map(({ stdout }) => new Promise((resolve) => stdout.once('data', resolve))));
    for (const { stdin } of children) stdin.write('go');
    expect(await Promise.all(ends)).toEqual([0, 0, 0]);
    const db = openParticipantDatabase(file);
    expect(db.prepare('SELECT count(*) AS effects, count(DISTINCT key) AS keys FROM counter').get()).toEqual({ effects: KEYS, keys: KEYS });
    db.close();
  });
});
