import {
  type Checkpoint,
  checkRow,
  checkSignature,
  checkTime,
  type Finding,
  readCheckpoint,
  type Verification,
  verifyAgainst,
  verifyStream,
} from '@skald/audit';
import type { Cli } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { durationOf } from '../terminal/moments.js';
import { duration, moment, plain } from '../terminal/plain-text.js';
import type { Terminal } from '../terminal/terminal.js';
import { UsageError } from '../usage.js';
import { givenFile } from './given-file.js';
import { oneOrAll } from './one-or-all.js';
import type { Verb } from './verb.js';

const ABOUT = `Verifies histories: each event holds the SHA-256 of what it says and of the event before it, so that one that was changed, dropped,
inserted or moved is found, and where. Needs no key and no code.

What the chain alone cannot tell is a cut tail, or a history that was written anew as a whole, hashes and all. Checkpoints that are kept elsewhere
can: --against. Several of them, in their order, must follow one another without a hole. What came after the newest is covered by none.`;

interface Options {
  readonly all?: true;
  readonly against?: readonly string[];
  readonly publicKey?: string;
  readonly maxAge?: number;
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
    .option('--max-age <time>', 'the newest checkpoint must not be older, as in 2d: else newer ones may have been taken away', maxAgeOf)
    .option('--copy', 'the store is a copy, an import elsewhere: its events have other positions')
    .action(async (sagaId: string | undefined, options: Options, command) => {
      const checkpoints = trusted(options, cli);
      const one = oneOrAll(sagaId, options);
      if (one !== undefined && checkpoints.length > 0) throw new UsageError('a checkpoint is of the whole store: give --all');
      const verification = await cli.reading(command, ({ events }) =>
        one === undefined ? verifyAgainst(events, checkpoints, options.copy === true) : verifyStream(events, one),
      );
      const findings = [...verification.findings, ...tooOld(checkpoints, options.maxAge, cli.terminal.now())];
      const { events, streams, position, unexplained } = verification;
      const verified = { events, streams, position, findings, unexplained };
      cli.exitCode = isGood(verified) ? EXIT.done : EXIT.found;
      if (!cli.isJson(command)) return tell(verified, checkpoints, cli.terminal);
      const newest = checkpoints.at(-1);
      cli.json({ ...verified, checkpoints: checkpoints.map(({ number }) => number), ...(newest && { newest: shownOf(newest, verified) }) });
    });
};

function maxAgeOf(text: string): number {
  const age = durationOf(text);
  if (age !== undefined) return age;
  throw new UsageError(`--max-age ${text}: a time is wanted, as in 12h or 2d`);
}

function isGood({ findings, unexplained }: Verification): boolean {
  return findings.length === 0 && unexplained === 0;
}

/** Those whose signatures fit, in their order. Throws what is wrong, and with which. */
function trusted({ against = [], publicKey, maxAge }: Options, { terminal }: Cli): Checkpoint[] {
  if (against.length === 0) {
    if (maxAge !== undefined) throw new UsageError('--max-age is the age of a checkpoint: give --against');
    return [];
  }
  if (publicKey === undefined) throw new UsageError('--public-key is wanted: a checkpoint proves nothing without it');
  const key = givenFile('--public-key', publicKey, (text) => text);
  const checkpoints = against.map((file) =>
    givenFile('--against', file, (text) => {
      const checkpoint = signedBy(key, text);
      checkTime(checkpoint, terminal.now());
      return checkpoint;
    }),
  );
  checkRow(checkpoints);
  return checkpoints;
}

/** A checkpoint that was signed with the key that belongs to this one. Throws `BadCheckpoint`. */
export function signedBy(publicKey: string, text: string): Checkpoint {
  const checkpoint = readCheckpoint(text);
  checkSignature(checkpoint, publicKey);
  return checkpoint;
}

function tooOld(checkpoints: readonly Checkpoint[], maxAge: number | undefined, now: number): Finding[] {
  const newest = checkpoints.at(-1);
  if (!newest || maxAge === undefined || now - newest.at <= maxAge) return [];
  const message = `the newest checkpoint, number ${newest.number}, was made ${duration(now - newest.at)} ago: newer ones may have been taken away`;
  return [{ kind: 'dropped', message }];
}

/** How far it reaches, for whoever expects a newer one, or another key. */
function shownOf({ number, at, position, key, events }: Checkpoint, verified: Verification) {
  return { number, at, position, key, eventsAfter: Math.max(0, verified.events - events) };
}

function tell(verification: Verification, checkpoints: readonly Checkpoint[], terminal: Terminal): void {
  const { events, streams, findings, unexplained } = verification;
  for (const finding of findings) terminal.out(sentence(finding));
  if (unexplained > 0) terminal.out(`and ${unexplained} more that were not looked into`);
  const against = checkpoints.length === 0 ? '' : `, and against checkpoint ${checkpoints.map(({ number }) => number).join(', ')}`;
  const looked = `${events} events of ${streams} ${streams === 1 ? 'stream' : 'streams'} verified${against}`;
  if (!isGood(verification)) terminal.err(`${looked}: ${findings.length + unexplained} found.`);
  else terminal.out(`${looked}: nothing was changed, dropped, inserted or moved.`);
  const newest = checkpoints.at(-1);
  if (newest) return tellNewest(shownOf(newest, verification), terminal);
  if (isGood(verification)) terminal.err('A cut tail is found only against a checkpoint: skald audit checkpoint, then verify --against.');
}

function tellNewest({ number, at, position, key, eventsAfter }: ReturnType<typeof shownOf>, terminal: Terminal): void {
  terminal.err(`Checkpoint ${number} was made on ${moment(at)} at position ${position}, and signed with the key ${key}.`);
  if (eventsAfter > 0) terminal.err(`${eventsAfter} events came after it: of these only the chain is verified.`);
}

export function sentence({ stream, revision, kind, message }: Finding): string {
  const where = stream === undefined ? 'the store' : `${plain(stream)}${revision === undefined ? '' : `, revision ${revision}`}`;
  return `${where}: ${kind}: ${plain(message)}`;
}
