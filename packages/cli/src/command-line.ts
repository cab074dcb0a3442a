import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { Cli } from './cli.js';
import { wordsOf } from './error-words.js';
import { EXIT, EXIT_MEANINGS } from './exit-codes.js';
import type { Terminal } from './terminal/terminal.js';
import { UsageError } from './usage.js';
import { VERBS } from './verbs/all-verbs.js';

/** Columns of help, however wide the terminal is: longer lines read badly. */
const HELP_WIDTH = 80;

/**
 * The command line, as data: what it parses with, and what its help, its completion and its reference are made from. Of verbs that are not meant
 * there is only what a list of verbs shows.
 */
export async function commandLine(cli: Cli, isMeant: (name: string) => boolean = () => true): Promise<Command> {
  const program = new Command('skald')
    .description('Looks at sagas and acts on them.')
    .usage('[options] <verb>')
    .option('--data <path>', 'the store: its file, or the folder with a skald.db')
    .option('--config <file>', 'connections (default: skald.config.json or .mjs, where it is here)')
    .option('--definitions <module>', 'compiled module that exports sagas: classes, definitions or arrays of them')
    .option('--json', 'JSON instead of text: one document, or one a line where there is more to come')
    .version(version(), '-V, --version', 'say which version this is')
    .helpOption('-h, --help', 'say more')
    .helpCommand('help [verb]', 'say more about a verb')
    .addHelpText('after', ['\nExit codes:', ...EXIT_MEANINGS.map(([code, meaning]) => `  ${code}  ${meaning}`)].join('\n'));
  for (const [group, verbs] of Object.entries(VERBS)) {
    program.commandsGroup(group);
    for (const { usage, alias, summary, load } of verbs) {
      const [name = ''] = usage.split(' ');
      if (isMeant(name) || (alias !== undefined && isMeant(alias))) (await load())(program, cli);
      else if (alias === undefined) program.command(usage).summary(summary);
      else program.command(usage).alias(alias).summary(summary);
    }
  }
  prepare(program, cli.terminal);
  return program;
}

function version(): string {
  const manifest: { readonly version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version;
}

/** No list shows it; `completion` brings it. */
const COMPLETE = '__complete';

/** Carries out a command line and answers the exit code. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<number> {
  const cli = new Cli(terminal, env);
  // A value of an option may have a verb's name: then one more is loaded than is needed.
  const program = await commandLine(cli, (name) => args.includes(name) || (name === 'completion' && args.includes(COMPLETE)));
  try {
    await program.parseAsync(args, { from: 'user' });
    return cli.exitCode;
  } catch (error) {
    return await told(error, terminal, program.opts()['json'] === true);
  }
}

/** Settings that commands do not pass on to those below them. */
function prepare(command: Command, terminal: Terminal): void {
  const lines = (write: (line: string) => void) => (text: string) => write(text.replace(/\n$/, ''));
  command
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false, subcommandTerm })
    .configureOutput({
      writeOut: lines(terminal.out),
      writeErr: lines(terminal.err),
      getOutHelpWidth: () => Math.min(terminal.width ?? HELP_WIDTH, HELP_WIDTH),
      getErrHelpWidth: () => Math.min(terminal.width ?? HELP_WIDTH, HELP_WIDTH),
      getOutHasColors: () => terminal.colours,
      getErrHasColors: () => terminal.colours,
      // What is wrong with the words is told like everything else that is wrong.
      outputError: () => {},
    });
  for (const child of command.commands) prepare(child, terminal);
}

/** A verb in a list of verbs; its options are its own affair. */
function subcommandTerm(command: Command): string {
  const words = command.registeredArguments.map((argument) => (argument.required ? `<${argument.name()}>` : `[${argument.name()}]`));
  return [command.name(), ...words].join(' ');
}

async function told(error: unknown, terminal: Terminal, asJson: boolean): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
  const isUsage = error instanceof UsageError || error instanceof CommanderError;
  const { code, message, fix } = wordsOf(error);
  if (asJson) terminal.err(JSON.stringify({ error: { code, message, ...(fix !== undefined && { fix }) } }));
  else for (const line of await errorLines(message, code, fix, terminal.width)) terminal.err(line);
  return isUsage ? EXIT.misunderstood : EXIT.failed;
}

async function errorLines(message: string, code: string, fix: string | undefined, width = Number.POSITIVE_INFINITY): Promise<string[]> {
  const { wrapped } = await import('./terminal/plain-text.js');
  const told = `skald: ${message}${fix === undefined ? '' : ` [${code}]`}`.split('\n').flatMap((line) => wrapped(line, width));
  return [...told, ...(fix === undefined ? [] : wrapped(fix, width - 2).map((line) => `  ${line}`))];
}
