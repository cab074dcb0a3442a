import { readFileSync } from 'node:fs';
import {
  type Checkpoint,
  checkRow,
  checkSignature,
  compareWithCheckpoint,
  type Finding,
  readCheckpoint,
  type Verification,
  verifyAll,
  verifyStream,
} from '@skald/audit';
import type { EventStore } from '@skald/kernel';
import { EXIT } from '../exit-codes.js';
import { plain } from '../plain-text.js';
import type { Terminal } from '../terminal.js';
import { UsageError } from '../usage.js';
import { oneOrAll } from './one-or-all.js';
import type { Verb } from './verb.js';

const ABOUT = `Verifies histories: each event holds the SHA-256 of what it says and of the event before it, so that one that was changed, dropped,
inserted or moved is found, and where. Needs no key and no code.

What the chain alone cannot tell is a cut tail, or a history that was written anew as a whole, hashes and all. Checkpoints that are kept elsewhere
can: --against. Several of them, in their order, must follow one another without a hole.`;

interface Options {
  readonly all?: true;
  readonly against?: readonly string[];
  readonly publicKey?: string;
  readonly copy?: true;
}

export const auditVerify: Verb = (program, cli) => {
  program
    .command('verify [saga-id]')
    .summary('find events that were changed, dropped, inserted or moved')
    .description(ABOUT)
    .option('--all', 'every stream of the store')
    .option('--against <file...>', 'hold the store against checkpoints too')
    .option('--public-key <file>', 'the key by which checkpoints are verified')
    .option('--copy', 'the store is a copy, an import elsewhere: its events have other positions')
    .action(async (sagaId: string | undefined, options: Options, command) => {
      const checkpoints = trusted(options);
      const one = oneOrAll(sagaId, options);
      if (one !== undefined && checkpoints.length > 0) throw new UsageError('a checkpoint is of the whole store: give --all');
      const verification = await cli.reading(command, ({ events }) => verify(events, one, checkpoints, options.copy === true));
      cli.exitCode = isGood(verification) ? EXIT.done : EXIT.found;
      if (cli.isJson(command)) return cli.json({ ...verification, checkpoints: checkpoints.map(({ number }) => number) });
      tell(verification, checkpoints, cli.terminal);
    });
};

function isGood({ findings, unexplained }: Verification): boolean {
  return findings.length === 0 && unexplained === 0;
}

/** Those whose signatures fit, in their order. Throws `BadCheckpoint`. */
function trusted({ against = [], publicKey }: Options): Checkpoint[] {
  if (against.length === 0) return [];
  if (publicKey === undefined) throw new UsageError('--public-key is wanted: a checkpoint proves nothing without it');
  const key = readFileSync(publicKey, 'utf8');
  const checkpoints = against.map((file) => {
    const checkpoint = readCheckpoint(readFileSync(file, 'utf8'));
    checkSignature(checkpoint, key);
    return checkpoint;
  });
  checkRow(checkpoints);
  return checkpoints;
}

async function verify(
  store: EventStore,
  sagaId: string | undefined,
  checkpoints: readonly Checkpoint[],
  isCopy: boolean,
): Promise<Verification> {
  const verification = sagaId === undefined ? await verifyAll(store) : await verifyStream(store, sagaId);
  const findings = [...verification.findings];
  for (const checkpoint of checkpoints) findings.push(...(await compareWithCheckpoint(store, checkpoint, isCopy)));
  return { ...verification, findings };
}

function tell(verification: Verification, checkpoints: readonly Checkpoint[], terminal: Terminal): void {
  const { events, streams, findings, unexplained } = verification;
  for (const finding of findings) terminal.out(sentence(finding));
  if (unexplained > 0) terminal.out(`and ${unexplained} more that were not looked into`);
  const against = checkpoints.length === 0 ? '' : `, and against checkpoint ${checkpoints.map(({ number }) => number).join(', ')}`;
  const looked = `${events} events of ${streams} ${streams === 1 ? 'stream' : 'streams'} verified${against}`;
  if (!isGood(verification)) return terminal.err(`${looked}: ${findings.length + unexplained} found.`);
  terminal.out(`${looked}: nothing was changed, dropped, inserted or moved.`);
  if (checkpoints.length === 0)
    terminal.err('A cut tail is found only against a checkpoint: skald audit checkpoint, then verify --against.');
}

export function sentence({ stream, revision, kind, message }: Finding): string {
  const where = stream === undefined ? 'the store' : `${plain(stream)}${revision === undefined ? '' : `, revision ${revision}`}`;
  return `${where}: ${kind}: ${plain(message)}`;
}
