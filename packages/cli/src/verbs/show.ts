import { type DecryptOptions, decryptOption, shownHistory } from '../connecting/decrypting.js';
import { sagaFacts } from '../looking/saga-facts.js';
import { sagaView } from '../looking/saga-view.js';
import type { Verb } from './verb.js';

export const show: Verb = (program, cli) => {
  program
    .command('show <saga-id>')
    .summary('where a saga stands, and what can be done')
    .description(
      'Shows where a saga stands: its steps and how long each took, what falls due, what waits for a person, and the command lines that would help.',
    )
    .addOption(decryptOption())
    .option('--items', 'each item of a map; of more than 20, only those that did not simply succeed are shown otherwise')
    .action(async (sagaId: string, options: DecryptOptions & { readonly items?: boolean }, command) => {
      const facts = sagaFacts(await shownHistory(cli, command, sagaId, options));
      if (cli.isJson(command)) return cli.json(facts);
      const { colours, width } = cli.terminal;
      for (const line of sagaView(facts, { colours, width, now: cli.terminal.now(), allItems: options.items })) cli.terminal.out(line);
    });
};
