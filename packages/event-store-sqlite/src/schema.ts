import { ERROR_NAME } from './page-query.js';

/** Stands in the file's header: tells a Skald store from any other SQLite database. "SKLD" in ASCII. */
export const APPLICATION_ID = 0x534b_4c44;

/** The same of a file that holds an index alone. "SKLI" in ASCII. */
export const INDEX_APPLICATION_ID = 0x534b_4c49;

/** Raised when columns, or what is written in them, become others: an index of another format is made anew, in a store's file too. */
export const INDEX_FORMAT = 2;

/** Raised when an older Skald could misread what a newer one writes. */
export const FORMAT = 1;

/** Position and clearings of the index. */
export const META_SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/** `streams` holds the heads; an event knows its stream by number. */
export const SCHEMA = `
CREATE TABLE streams (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT;

CREATE TABLE events (
  position INTEGER PRIMARY KEY,
  stream_id INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL,
  metadata TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_by_stream ON events (stream_id, revision);

${META_SCHEMA}`;

/**
 * Disposable: made again, empty, where it is missing. A list by status, with or without a saga's name, reads one of the two list indexes
 * from its end; attributes and errors have their own; `due_at` and `owes` have partial indexes, so that recovery and timers touch only the rows they are after.
 */
export const INDEX_SCHEMA = `
CREATE TABLE sagas (
  id INTEGER PRIMARY KEY,
  saga_id TEXT NOT NULL UNIQUE,
  saga TEXT NOT NULL,
  version INTEGER NOT NULL,
  status TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  since INTEGER NOT NULL,
  due_at INTEGER,
  owes INTEGER NOT NULL,
  error TEXT,
  attributes TEXT
) STRICT;
CREATE INDEX sagas_by_status ON sagas (status, started_at);
CREATE INDEX sagas_by_name ON sagas (saga, status, started_at);
CREATE INDEX sagas_due ON sagas (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sagas_owing ON sagas (saga_id) WHERE owes = 1;
CREATE INDEX sagas_by_error ON sagas (${ERROR_NAME}, started_at) WHERE error IS NOT NULL;

CREATE TABLE saga_attributes (
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  value ANY NOT NULL,
  started_at INTEGER NOT NULL,
  saga INTEGER NOT NULL,
  PRIMARY KEY (name, type, value, started_at, saga)
) STRICT, WITHOUT ROWID;
CREATE INDEX saga_attributes_of ON saga_attributes (saga);

INSERT OR REPLACE INTO meta (key, value) VALUES ('indexed', 0), ('index_format', ${INDEX_FORMAT});
`;

/** Before the index of another format is made anew. */
export const DROP_INDEX = 'DROP TABLE IF EXISTS sagas; DROP TABLE IF EXISTS saga_attributes;';
