import type { DatabaseSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';

const KEYS = [
  ['streams', 'name'],
  ['events', 'stream_id,revision'],
] as const;

/**
 * What Skald reads by must be a table in which that is unique. Where somebody has made the tables anew without, a stream may be listed twice: whoever reads
 * the stream sees the one, whoever reads all events sees both, and no hash tells. Throws `store-corrupt`.
 */
export function checkTables(db: DatabaseSync, file: string): void {
  const unique = db.prepare(`
    SELECT 1 FROM sqlite_schema t JOIN pragma_index_list(t.name) l ON l."unique" = 1 AND l.partial = 0
    WHERE t.type = 'table' AND t.name = ?
    AND (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) = ?`);
  for (const [table, columns] of KEYS) {
    if (unique.get(table, columns) !== undefined) continue;
    throw new SkaldError('store-corrupt', { file, problem: `${table} is not the table that Skald makes: in it ${columns} is not unique` });
  }
}
