import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { type Checkpoint, makeCheckpoint, publicKeyOf, StoreDoesNotHold } from '@skald/audit';
import type { EventStore } from '@skald/kernel';
import type { Cli } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { sentence, signedBy } from './audit-verify.js';
import { givenFile } from './given-file.js';
import type { Verb } from './verb.js';

const ABOUT = `Signs what the store holds now, as one JSON document: the Merkle root of the heads of all streams, the order of all events, the position, the
time, and the checkpoint before. Keep it where whoever can write to the store cannot. The store is verified first, and held against the checkpoint
before, which must be of the same key; what does not hold is not signed.`;

interface Options {
  readonly key: string;
  readonly previous?: string;
  readonly list?: true;
  readonly output?: string;
}

export const auditCheckpoint: Verb = (program, cli) => {
  program
    .command('checkpoint')
    .summary('sign what the store holds now')
    .description(ABOUT)
    .requiredOption('--key <file>', 'the private key (skald audit keygen)')
    .option('--previous <file>', 'the checkpoint before: they become a row in which none can be missing')
    .option('--list', 'with every stream and its head: a difference can then be named, and a copy of the store verified')
    .option('-o, --output <file>', 'where it goes, as a whole or not at all; default: standard output')
    .addHelpText('after', '\nExample:\n  skald audit checkpoint --key audit.key --previous c1.json -o c2.json')
    .action(async (options: Options, command) => {
      const { output } = options;
      if (output !== undefined && existsSync(output)) throw new Error(`${output} is there: a checkpoint is never written over`);
      const checkpoint = await cli.reading(command, ({ events }) => signed(cli, events, options));
      if (!checkpoint) return;
      if (output === undefined) return cli.json(checkpoint);
      writeFileSync(`${output}.part`, `${JSON.stringify(checkpoint)}\n`);
      renameSync(`${output}.part`, output);
      cli.terminal.err(`${output} is written: checkpoint ${checkpoint.number}.`);
    });
};

async function signed(cli: Cli, events: EventStore, { key, previous: file, list }: Options): Promise<Checkpoint | undefined> {
  const { privateKey, publicKey } = givenFile('--key', key, (text) => ({ privateKey: text, publicKey: publicKeyOf(text) }));
  const previous = file === undefined ? undefined : givenFile('--previous', file, (text) => signedBy(publicKey, text));
  try {
    return await makeCheckpoint(events, { privateKey, at: cli.terminal.now(), ...(previous && { previous }), ...(list && { list }) });
  } catch (error) {
    if (!(error instanceof StoreDoesNotHold)) throw error;
    cli.exitCode = EXIT.found;
    for (const finding of error.findings) cli.terminal.err(sentence(finding));
    cli.terminal.err('Nothing is signed: the store does not hold.');
    return undefined;
  }
}
