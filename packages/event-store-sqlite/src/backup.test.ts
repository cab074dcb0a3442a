import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import { madeUpEvents, madeUpSummary } from '@skald/testkit';
import { openSqliteStore } from './open-store.js';

// #region backup
function backUp(file: string, target: string): void {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    db.prepare('VACUUM INTO ?').run(target);
  } finally {
    db.close();
  }
}
// #endregion

describe('A backup of a store that is in use', () => {
  it.each([[false], [true]])('is a store that was whole at one moment (shared: %p)', async (shared) => {
    const folder = mkdtempSync(join(tmpdir(), 'skald-'));
    const [file, copy] = [join(folder, 'skald.db'), join(folder, 'copy.db')];
    const store = await openSqliteStore({ file, shared });
    const append = (stream: string) =>
      store.events.append([{ stream, expectedRevision: -1, events: madeUpEvents(3), summary: madeUpSummary(stream, { owes: true }) }]);
    await append('order-1');
    backUp(file, copy);
    await append('order-2');
    const restored = await openSqliteStore({ file: copy });
    expect(await restored.events.readAll(0, 10)).toEqual(await store.events.read('order-1'));
    expect(await restored.index.owing('', 10)).toEqual(['order-1']);
    expect(await restored.index.position()).toBe(3);
    await Promise.all([restored.close(), store.close()]);
    rmSync(folder, { recursive: true });
  });
});
