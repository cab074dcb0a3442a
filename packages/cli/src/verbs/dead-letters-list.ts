import type { DeadLetter } from '@skald/message-bus-kafka';
import type { Command } from 'commander';
import type { Cli } from '../cli.js';
import { withDeadLetters } from '../connecting/dead-letters-at.js';
import { type Cell, columns } from '../terminal/columns.js';
import { painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import { wholeNumber } from '../terminal/whole-number.js';
import type { Verb } from './verb.js';

interface Options {
  readonly of?: string;
  readonly limit: number;
  readonly value?: true;
}

interface Shown extends DeadLetter {
  readonly of: string;
}

export const deadLettersList: Verb = (group, cli) => {
  group
    .command('list')
    .summary('why they could not be read')
    .description(
      'Lists messages that could not be read and were not sent back, the oldest first: for whom, of which saga, where they stood, and why.',
    )
    .option('--of <address>', 'only those for inbox, express, or this participant')
    .option('--limit <n>', 'at most so many of each', wholeNumber('--limit', 1), 50)
    .option('--value', "with what stands in them, which may be nobody else's business")
    .action(async ({ of: named, limit, value }: Options, command: Command) => {
      const letters = await withDeadLetters(cli, command, named, async (bus, unread) => {
        const found: Shown[] = [];
        for (const { of, address } of unread) found.push(...(await bus.deadLetters(address, limit)).map((letter) => ({ ...letter, of })));
        return found;
      });
      if (cli.isJson(command)) return letters.forEach((letter) => cli.json(document(letter, value === true)));
      show(cli, letters, value === true);
    });
};

function document({ of, key, value, headers: _, ...where }: Shown, withValue: boolean) {
  return { of, ...(key && { sagaId: key.toString() }), ...where, ...(withValue && value && { value: value.toString() }) };
}

function show({ terminal }: Cli, letters: readonly Shown[], withValue: boolean): void {
  if (letters.length === 0) return terminal.err('There are none.');
  const { colours, width } = terminal;
  const paint = painter(colours);
  const headings = ['FOR', 'SAGA', 'WHERE', 'WHY'].map((text): Cell => ({ text, style: 'dim' }));
  const rows = letters.map(({ of, key, topic, partition, offset, reason, problem }): Cell[] => [
    { text: plain(of), style: 'bold' },
    { text: plain(key?.toString() ?? '') },
    { text: `${plain(topic)} ${partition}/${offset}`, style: 'dim' },
    { text: plain(`${reason}: ${problem}`) },
  ]);
  const lines = columns([headings, ...rows], { paint, width });
  for (const [at, line] of lines.entries()) {
    terminal.out(line);
    const { value } = letters[at - 1] ?? {};
    if (withValue && value) terminal.out(`  ${plain(value.toString())}`);
  }
  terminal.err('Mended what could not read them? skald dead-letters send-back');
}
