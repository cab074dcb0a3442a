import { Argument, type Command } from 'commander';
import type { Cli } from '../cli.js';
import { completionLine, SCRIPTS, SHELLS, type Shell } from '../reference/completion-scripts.js';
import { type Completion, completionsOf } from '../reference/completions.js';
import { plain } from '../terminal/plain-text.js';
import type { Verb } from './verb.js';

const ABOUT = 'Prints what a shell must evaluate so that the tabulator completes verbs, options, their values, and ids of sagas.';
const EXAMPLES = `
Examples:
  eval "$(skald completion bash)"          in ~/.bashrc
  eval "$(skald completion zsh)"           in ~/.zshrc, after compinit
  skald completion fish | source           in ~/.config/fish/config.fish`;

/** Ids of sagas that are looked through. */
const LOOKED_AT = 500;
const SHOWN = 50;

export const completion: Verb = (program, cli) => {
  program
    .command('completion')
    .summary('completion for bash, zsh and fish')
    .description(ABOUT)
    .addArgument(new Argument('<shell>', 'which').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: Shell) => cli.terminal.out(SCRIPTS[shell]));
  program
    .command('__complete <shell> [words...]', { hidden: true })
    .description('What the last word may become; for the scripts of skald completion.')
    .action(async (shell: Shell, words: readonly string[], _options, command) => {
      for (const { value, about } of await completionsOf(program, words, (beginning) => sagaIds(cli, command, words, beginning))) {
        cli.terminal.out(completionLine(shell, plain(value), plain(about)));
      }
    });
};

/** Of the store that the words name, or that is here. Where there is none, or it cannot be read, there is nothing to complete. */
async function sagaIds(cli: Cli, command: Command, words: readonly string[], beginning: string): Promise<readonly Completion[]> {
  const at = words.indexOf('--data');
  const named = at >= 0 ? words[at + 1] : words.find((word) => word.startsWith('--data='))?.slice('--data='.length);
  if (named !== undefined) command.setOptionValue('data', named);
  try {
    const place = await cli.placeOf(command);
    // Others would have to be connected to first, and nobody waits that long for a tabulator.
    if (place.kind !== 'embedded') return [];
    const { sagas } = await cli.reading(command, async (store) => (await store.index()).list({ limit: LOOKED_AT }));
    const fitting = sagas.filter(({ sagaId }) => sagaId.startsWith(beginning)).slice(0, SHOWN);
    return fitting.map(({ sagaId, status }) => ({ value: sagaId, about: status }));
  } catch {
    return [];
  }
}
