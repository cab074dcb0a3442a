import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { prepareFolder, rememberFinished } from './data-folder.js';
import { UsageError } from './options.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skald-data-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const named = { fresh: false, isDefault: false };
const byDefault = { fresh: false, isDefault: true };
const fresh = { fresh: true, isDefault: false };
const parameters = { orders: 5 };
const others = { orders: 6 };
const work = () => writeFileSync(join(folder, 'orders.db'), '');
const isKept = () => existsSync(join(folder, 'orders.db'));

describe('a folder', () => {
  test('without a run is for a new one', async () => {
    expect(await prepareFolder(join(folder, 'in', 'it'), parameters, named)).toBe('new');
  });

  test.each([
    ['named', named],
    ['the default', byDefault],
  ])('with a run that was interrupted, %s, is for carrying on, and for nothing else', async (_, use) => {
    await prepareFolder(folder, parameters, use);
    work();
    expect(await prepareFolder(folder, parameters, use)).toBe('continued');
    await expect(prepareFolder(folder, others, use)).rejects.toThrow(UsageError);
    expect(isKept()).toBe(true);
  });

  test('with a finished run keeps it when somebody named the folder', async () => {
    await prepareFolder(folder, parameters, named);
    work();
    rememberFinished(folder, parameters);
    expect(await prepareFolder(folder, parameters, named)).toBe('continued');
    await expect(prepareFolder(folder, others, named)).rejects.toThrow('orders: 5 then, 6 now');
    expect(isKept()).toBe(true);
  });

  test.each([[parameters], [others]])('with a finished run gives way to the next when it is the default: %j', async (next) => {
    await prepareFolder(folder, parameters, byDefault);
    work();
    rememberFinished(folder, parameters);
    expect(await prepareFolder(folder, next, byDefault)).toBe('new');
    expect(isKept()).toBe(false);
  });

  test('begins anew when asked to, and other files stay', async () => {
    await prepareFolder(folder, parameters, named);
    work();
    writeFileSync(join(folder, 'demo.json'), 'damaged');
    writeFileSync(join(folder, 'mine.txt'), '');
    expect(await prepareFolder(folder, others, fresh)).toBe('new');
    expect({ kept: isKept(), mine: existsSync(join(folder, 'mine.txt')) }).toEqual({ kept: false, mine: true });
  });

  test('with a store of something else is left alone', async () => {
    writeFileSync(join(folder, 'skald.db'), 'somebody else’s');
    await expect(prepareFolder(folder, parameters, named)).rejects.toThrow('not of this demo');
  });

  test('whose store a process works on is not cleared', async () => {
    const store = await openSqliteStore({ file: join(folder, 'skald.db') });
    await expect(prepareFolder(folder, parameters, fresh)).rejects.toMatchObject({ code: 'store-in-use' });
    await store.close();
    expect(await prepareFolder(folder, parameters, fresh)).toBe('new');
  });
});
