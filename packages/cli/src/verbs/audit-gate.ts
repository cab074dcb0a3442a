import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { byStream, eventsOfLines, type GateVerdict, gate, withChildren } from '@skald/audit';
import { definitionStream, isEnded, type RecordedEvent } from '@skald/kernel';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { type DecryptOptions, decryptOption } from '../connecting/decrypting.js';
import type { OpenStore } from '../connecting/open-store.js';
import { EXIT } from '../exit-codes.js';
import { STATUSES, selected } from '../looking/selection.js';
import { plain } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import type { Verb } from './verb.js';

const ABOUT = `Answers whether these definitions may be deployed over the sagas that are under way: names each saga that could not go on as it began, and why.
For continuous integration: exit code 0 if they may, 3 if not. The sagas come from an export (skald export --running) or from a store.`;

interface Options extends DecryptOptions {
  readonly against?: string;
  readonly replace?: true;
  readonly skipInputs?: true;
}

export const auditGate: Verb = (program, cli) => {
  program
    .command('gate')
    .summary('whether definitions may be deployed over the sagas under way')
    .description(ABOUT)
    .option('--against <file>', 'streams as skald export writes them; default: those under way in the store')
    .option('--replace', 'they will be deployed with definitions: "replace"; a change under a version is then no reason against it')
    .option('--skip-inputs', 'do not hold recorded inputs against the schemas: for schemas that do not accept what they themselves give')
    .addOption(decryptOption())
    .action(async ({ against, ...options }: Options, command: Command) => {
      const candidates = await cli.candidates(command);
      const names = candidates.map(({ program }) => program.name);
      const streams = against === undefined ? await underWay(cli, command, names) : await byStream(eventsIn(against));
      const verdict = await cli.withKeysIfGiven(command, (codec) => gate(streams, candidates, { ...options, codec }));
      cli.exitCode = verdict.mayDeploy ? EXIT.done : EXIT.found;
      if (cli.isJson(command)) cli.json(verdict);
      else tell(verdict, cli.terminal);
    });
};

/** The events of a file that `skald export` wrote. */
export function eventsIn(file: string): AsyncIterable<RecordedEvent> {
  return eventsOfLines(createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY }));
}

function underWay(cli: Cli, command: Command, sagas: readonly string[]): Promise<Map<string, RecordedEvent[]>> {
  return cli.reading(command, async (store) => byStream(withChildren(store.events, await streamsUnderWay(store, sagas))));
}

/** Sagas that have not ended, and what is on record of the versions of these and of their own names. */
export async function streamsUnderWay(store: OpenStore, sagas: readonly string[]): Promise<string[]> {
  const status = STATUSES.filter((one) => !isEnded(one));
  const beyond = { saga: undefined, startedAfter: undefined, startedBefore: undefined, error: undefined };
  const streams: string[] = [];
  const names = new Set(sagas);
  for await (const { sagaId, saga } of selected(await store.index(), { ...beyond, status })) {
    streams.push(sagaId);
    names.add(saga);
  }
  for (const name of names) {
    const stream = definitionStream(name);
    if ((await store.events.read(stream, { limit: 1 })).length > 0) streams.push(stream);
  }
  return streams;
}

function tell({ mayDeploy, running, held, dropped, changed, notes }: GateVerdict, terminal: Terminal): void {
  for (const { sagaId, status, reason } of held) terminal.out(`${plain(sagaId)} (${status}): ${plain(reason)}`);
  for (const { saga, version, differences } of changed) {
    terminal.out(`${plain(saga)} version ${version} is another than the one that was deployed under this version:`);
    for (const difference of differences) terminal.out(`  ${plain(difference)}`);
  }
  for (const sagaId of dropped)
    terminal.err(`${plain(sagaId)}: history unreadable: key dropped; it goes on under no definition: terminate it`);
  for (const note of notes) terminal.err(plain(note));
  const judged = running - dropped.length;
  const could =
    held.length === 0 ? `all ${judged} sagas under way could go on` : `${held.length} of ${judged} sagas under way could not go on`;
  const besides = dropped.length === 0 ? '' : `; ${dropped.length} more could not be read: key dropped`;
  terminal.out(`${mayDeploy ? 'May be deployed' : 'Must not be deployed'}: ${could}${besides}.`);
}
