import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { type Unread, withDeadLetters } from '../connecting/dead-letters-at.js';
import { plain } from '../terminal/plain-text.js';
import { Trouble } from '../trouble.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const ABOUT = `Sends messages that could not be read back where they stood, once what could not read them is mended. What can still not be read becomes a dead
letter anew. What was done in the meantime is not done twice.`;

interface Options {
  readonly of?: string;
  readonly yes?: true;
}

export const deadLettersSendBack: Verb = (group, cli) => {
  group
    .command('send-back')
    .summary('send them where they stood')
    .description(ABOUT)
    .option('--of <address>', 'only those for inbox, express, or this participant')
    .option('-y, --yes', 'do not ask whether they are meant')
    .action(async ({ of: named, yes }: Options, command: Command) => {
      await withDeadLetters(cli, command, named, async (bus, unread) => {
        if (unread.length > 0 && !yes) await confirm(cli, unread);
        for (const { of, address } of unread) {
          const sent = await bus.sendBack(address);
          if (cli.isJson(command)) cli.json({ of, sent });
          else cli.terminal.out(`${plain(of)}: ${sent} sent back`);
        }
        if (unread.length === 0 && !cli.isJson(command)) cli.terminal.err('There are none.');
      });
    });
};

async function confirm({ terminal: { person } }: Cli, unread: readonly Unread[]): Promise<void> {
  const what = unread.map(({ of, count }) => `${count} for ${plain(of)}`).join(', ');
  if (!person) throw new UsageError(`${what} would be meant: --yes does it, skald dead-letters list says which they are`);
  const answer = await person.ask(`send back ${what}? [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) throw new Trouble('not-confirmed', 'Nothing was done.');
}
