import type { SagaIndex } from '@skald/kernel';
import { openIndexFile } from './index-file.js';
import { OwnFileIndex } from './own-file-index.js';
import { type Ownership, takeOwnership } from './ownership.js';
import { translate } from './sqlite-errors.js';
import { IN_MEMORY, locate } from './store-file.js';

export interface SqliteIndex {
  readonly index: SagaIndex;
  close(): Promise<void>;
}

/**
 * Opens an index without events, for a store that keeps none: a file that can be deleted at any time, while it is not open. Made where
 * there is none, and anew where it is damaged; its folder must exist. Rejects with `store-in-use` (each process needs a file of its own),
 * `store-unavailable`, or `store-corrupt` where the file is something else.
 */
export async function openSqliteIndex({ file: name }: { readonly file: string }): Promise<SqliteIndex> {
  const file = locate(name);
  let ownership: Ownership | undefined;
  try {
    ownership = file === IN_MEMORY ? undefined : takeOwnership(file);
    const index = new OwnFileIndex(file, () => openIndexFile(file));
    return {
      index,
      async close() {
        index.close();
        ownership?.release();
      },
    };
  } catch (error) {
    ownership?.release();
    throw translate(error, file, 'open');
  }
}
