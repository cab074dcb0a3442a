import { DatabaseSync } from 'node:sqlite';
import { type SagaIndex, SkaldError } from '@skald/kernel';
import { INDEX_SCHEMA, META_SCHEMA } from './schema.js';

/** What a reader has of a store whose index another Skald wrote: its events are all there, and nothing may be made anew from here. */
export class OutdatedIndex implements SagaIndex {
  constructor(private readonly file: string) {}

  readonly get = () => this.#refuse();
  readonly list = () => this.#refuse();
  readonly count = () => this.#refuse();
  readonly unended = () => this.#refuse();
  readonly due = () => this.#refuse();
  readonly throttled = () => this.#refuse();
  readonly owing = () => this.#refuse();
  readonly position = () => this.#refuse();
  readonly put = () => this.#refuse();
  readonly clear = () => this.#refuse();

  async #refuse(): Promise<never> {
    throw new SkaldError('index-outdated', { file: this.file });
  }
}

/** An index without sagas, for what needs one to be made. */
export function emptyIndex(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec(`${META_SCHEMA} ${INDEX_SCHEMA}`);
  return db;
}
