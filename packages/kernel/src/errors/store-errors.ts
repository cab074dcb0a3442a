/** Of event stores, indexes and fences. */
export const STORE_ERRORS = {
  'store-in-use': {
    what: 'The store {file} is in use by process {pid} on {host}.',
    fix: 'One process owns a store, unless all of them open it as shared. Stop the other one, or use another file.',
    retryable: true,
  },
  'store-corrupt': {
    what: 'The file {file} is not a Skald store, or is damaged: {problem}.',
    fix: 'Restore it from a backup, or choose another file. Nothing was written to it.',
    retryable: false,
  },
  'store-newer': {
    what: 'The store {file} has format {found}; this Skald knows {known}.',
    fix: 'Use the newer Skald that wrote it.',
    retryable: false,
  },
  'store-unavailable': {
    what: 'The store {file} cannot be opened: {problem}.',
    fix: 'Check that the folder exists and can be written to.',
    retryable: true,
  },
  'store-full': {
    what: 'The store cannot grow: {problem}.',
    fix: 'Free disk space. Nothing was lost: Skald goes on by itself when it can write again.',
    retryable: true,
  },
  'store-failed': {
    what: 'The store failed: {problem}.',
    fix: 'Check the disk and its log. What was acknowledged is stored; what was not is tried again.',
    retryable: true,
  },
  'store-busy': {
    what: 'Other processes wrote to the store {file} without pause for {milliseconds} ms.',
    fix: 'Nothing was stored; it is tried again. If it lasts, look for a process that holds a transaction open, or share the store among fewer.',
    retryable: true,
  },
  'index-cleared': {
    what: 'The index in {file} was cleared by another process while this one brought it up to date.',
    fix: 'Begin again: what that process does not put back, this one will.',
    retryable: true,
  },
  'index-outdated': {
    what: 'The index in {file} is missing, or was written by another version of Skald, and the store was opened for reading only.',
    fix: 'Start the application on it once: it makes the index anew. Events can be read as they are.',
    retryable: true,
  },
  'store-read-only': {
    what: 'The store {file} was opened for reading only.',
    fix: 'Open it without readOnly; one process at a time owns it.',
    retryable: false,
  },
  'store-unreachable': {
    what: 'The event store at {server} does not answer: {problem}.',
    fix: 'Check that it runs and can be reached from here. The same call may be made again, with the same events.',
    retryable: true,
  },
  'store-access-denied': {
    what: 'The event store at {server} does not permit to {action}.',
    fix: 'Give the user of the connection the rights that the documentation of the adapter lists.',
    retryable: false,
  },
  'invalid-connection': {
    what: 'The connection to the event store cannot be made: {problem}.',
    fix: 'Correct the connection string, or pass settings.',
    retryable: false,
  },
  'stream-deleted': {
    what: 'The stream {stream} was deleted for ever (a tombstone stands in its place).',
    fix: 'Start another saga with another id.',
    retryable: false,
  },
  'store-closed': { what: 'The store is closed.', fix: 'Call it before stop().', retryable: false },
  'fence-unavailable': {
    what: 'The database of the fence {table} cannot be reached: {problem}.',
    fix: 'Check that it runs and that the pool may connect. Nothing happened; the command is tried again.',
    retryable: true,
  },
  'fence-not-ready': {
    what: 'The fence’s table {table} cannot be used: {problem}.',
    fix: 'Grant the role the right to create and change it, or create it with what postgresFenceSchema() gives. Nothing happened.',
    retryable: true,
  },
  'fence-rolled-back': {
    what: 'The transaction of the fence {table} was rolled back: {problem}.',
    fix: 'Nothing happened; the step’s retry policy says when it is tried again.',
    retryable: true,
  },
  'fence-unknown': {
    what: 'The fence {table} lost its connection while it committed, and could not find out within {milliseconds} ms whether it did: {problem}.',
    fix: 'Ask again under the same key when the database can be reached: what was committed is answered, what was not is done.',
    retryable: true,
  },
  'fence-misused': { what: 'In a participant with a fence in PostgreSQL, {problem}.', fix: '{remedy}', retryable: false },
} as const;
