import { join } from 'node:path';
import { type HistoryEvent, readHistory, stateOf } from '@skald/engine';
import { openSqliteStore } from '@skald/event-store-sqlite';
import { stateView } from '../state-view.js';
import { timeline } from '../timeline.js';
import { parsed, UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const DEFAULT_FOLDER = '.skald-demo';
const STORE_FILE = 'skald.db';

const HELP = `skald replay <saga id> [--data DIR] [--at REVISION] [--json]

Tells what happened to a saga, from its events: what was asked of whom, each outcome, retries, compensations, what operators did.
Work that ran side by side stands in columns. The store is only read, also while its owner runs.

  --data DIR      folder of ${STORE_FILE} (default ${DEFAULT_FOLDER})
  --at REVISION   the saga's state after that event instead: each step, what was owed, what was due
  --json          the events instead, one JSON object a line; with --at, those up to there`;

interface Request {
  readonly sagaId: string;
  readonly data: string;
  readonly at: number | undefined;
  readonly json: boolean;
}

export const replay: Verb = {
  name: 'replay',
  summary: 'tell what happened to a saga',
  help: HELP,
  async run(args, terminal) {
    const { sagaId, data, at, json } = parse(args);
    const events = await historyOf(join(data, STORE_FILE), sagaId);
    const last = events.length - 1;
    if (at !== undefined && at > last) throw new Error(`${sagaId} has no revision ${at}: it has 0 to ${last}`);
    const shown = at === undefined ? events : events.slice(0, at + 1);
    const options = { colours: terminal.colours, ...(terminal.width !== undefined && { width: terminal.width }) };
    if (json) for (const event of shown) terminal.out(JSON.stringify(event));
    else
      for (const line of at === undefined ? timeline(shown, options) : stateView(stateOf(shown), { ...options, last })) terminal.out(line);
  },
};

function parse(args: readonly string[]): Request {
  const options = { data: { type: 'string' }, at: { type: 'string' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parsed({ args: [...args], options, allowPositionals: true, strict: true });
  const [sagaId, ...more] = positionals;
  if (sagaId === undefined || more.length > 0) throw new UsageError('one saga id is wanted, as in: skald replay order-1001');
  if (values.at !== undefined && !/^\d{1,15}$/.test(values.at))
    throw new UsageError(`--at ${values.at}: a revision is a whole number from 0 on`);
  const at = values.at === undefined ? undefined : Number(values.at);
  return { sagaId, data: values.data ?? DEFAULT_FOLDER, at, json: values.json ?? false };
}

async function historyOf(file: string, sagaId: string): Promise<HistoryEvent[]> {
  const store = await openSqliteStore({ file, readOnly: true });
  try {
    return await readHistory(store.events, sagaId);
  } finally {
    await store.close();
  }
}
