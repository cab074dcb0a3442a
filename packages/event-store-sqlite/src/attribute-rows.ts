import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Attributes, attributeKey, attributesOf, attributeType, recordedAttributes } from '@skald/kernel';

/**
 * The table of search attributes: an entry for each attribute of each saga, in the order in which lists need them. It is written only for sagas
 * that have some; what a list shows of them stands in the saga's own row.
 */
export class AttributeRows {
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare('INSERT INTO saga_attributes (name, type, value, started_at, saga) VALUES (?, ?, ?, ?, ?)');
    this.#remove = db.prepare('DELETE FROM saga_attributes WHERE saga = ?');
  }

  add(id: number, startedAt: number, attributes: Attributes | undefined): void {
    for (const [name, value] of Object.entries(attributes ?? {})) {
      this.#insert.run(name, attributeType(value), attributeKey(value), startedAt, id);
    }
  }

  replace(id: number, startedAt: number, attributes: Attributes | undefined): void {
    this.#remove.run(id);
    this.add(id, startedAt, attributes);
  }
}

/** The column of a saga's row. */
export function attributesText(attributes: Attributes | undefined): string | null {
  return attributes === undefined ? null : JSON.stringify(recordedAttributes(attributes));
}

export function attributesFrom(text: unknown): { readonly attributes?: Attributes } {
  const attributes = typeof text === 'string' ? attributesOf(JSON.parse(text)) : undefined;
  return attributes ? { attributes } : {};
}
