import type { HistoryEvent } from '@skald/engine';
import { type DecryptOptions, decryptOption, shownHistory } from '../connecting/decrypting.js';
import { type Cell, columns } from '../terminal/columns.js';
import { painter } from '../terminal/paint.js';
import { json, moment, plain } from '../terminal/plain-text.js';
import { wholeNumber } from '../terminal/whole-number.js';
import type { Verb } from './verb.js';

interface Options extends DecryptOptions {
  readonly from: number;
  readonly type?: string;
}

export const history: Verb = (program, cli) => {
  program
    .command('history <saga-id>')
    .summary('its events as they are stored')
    .description(
      'Shows the events of a saga as they are stored: revision, time (UTC), type, data. With --json one event a line, with its hash.',
    )
    .option('--from <revision>', 'from this one on', wholeNumber('--from', 0), 0)
    .option('--type <type>', 'only events of this type, as in StepFailed')
    .addOption(decryptOption())
    .action(async (sagaId: string, { from, type, ...options }: Options, command) => {
      const all = await shownHistory(cli, command, sagaId, options);
      const events = all.filter((event) => event.revision >= from && (type === undefined || event.type === type));
      if (cli.isJson(command)) for (const event of events) cli.json(event);
      else {
        const { colours, width } = cli.terminal;
        for (const line of columns(events.map(row), { paint: painter(colours), width })) cli.terminal.out(line);
      }
    });
};

function row({ revision, at, type, data }: HistoryEvent): Cell[] {
  return [
    { text: String(revision), style: 'dim' },
    { text: moment(at), style: 'dim' },
    { text: plain(type), style: 'bold' },
    { text: json(data) },
  ];
}
