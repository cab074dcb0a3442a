import { readFileSync } from 'node:fs';
import { makeCheckpoint, readCheckpoint, verifyAll } from '@skald/audit';
import { EXIT } from '../exit-codes.js';
import { sentence } from './audit-verify.js';
import type { Verb } from './verb.js';

const ABOUT = `Signs what the store holds now, as one JSON document on standard output: the Merkle root of the heads of all streams, the position, the time, and
the checkpoint before. Keep it where whoever can write to the store cannot. The store is verified first; what does not hold is not signed.`;

interface Options {
  readonly key: string;
  readonly previous?: string;
  readonly list?: true;
}

export const auditCheckpoint: Verb = (program, cli) => {
  program
    .command('checkpoint')
    .summary('sign what the store holds now')
    .description(ABOUT)
    .requiredOption('--key <file>', 'the private key (skald audit keygen)')
    .option('--previous <file>', 'the checkpoint before: they become a row in which none can be missing')
    .option('--list', 'with every stream and its head: a difference can then be named, and a copy of the store verified')
    .addHelpText('after', '\nExample:\n  skald audit checkpoint --key audit.key --previous c1.json > c2.json')
    .action(async ({ key, previous, list }: Options, command) => {
      const privateKey = readFileSync(key, 'utf8');
      const before = previous === undefined ? undefined : readCheckpoint(readFileSync(previous, 'utf8'));
      await cli.reading(command, async ({ events }) => {
        const { findings, unexplained } = await verifyAll(events);
        if (findings.length + unexplained > 0) {
          cli.exitCode = EXIT.found;
          for (const finding of findings) cli.terminal.err(sentence(finding));
          return cli.terminal.err('Nothing is signed: the store does not hold.');
        }
        const row = before && { previous: before };
        cli.json(await makeCheckpoint(events, { privateKey, at: cli.terminal.now(), ...row, ...(list && { list }) }));
      });
    });
};
