import type { Finding } from '@skald/kernel';
import { EXIT } from '../exit-codes.js';
import { painter } from '../terminal/paint.js';
import { plain } from '../terminal/plain-text.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

interface Options {
  readonly strict?: boolean;
}

export const definitionsLint: Verb = (program, cli) => {
  program
    .command('lint')
    .summary('what is wrong with them')
    .description(
      'Says what is wrong with the sagas of a module (--definitions), and what to do about it. Exit code 3 where one could not run.',
    )
    .option('--strict', 'warnings count too')
    .action(async ({ strict }: Options, command) => {
      const definitions = await cli.definitions(command);
      if (!definitions) throw new UsageError('which sagas? name a compiled module that exports them: --definitions <module>');
      const { lintSagas } = await import('@skald/app');
      const findings = lintSagas(definitions);
      if (findings.some(({ severity }) => strict || severity === 'error')) cli.exitCode = EXIT.found;
      if (cli.isJson(command)) return findings.forEach((finding) => cli.json(finding));
      const { terminal } = cli;
      for (const line of findings.flatMap((finding) => told(finding, terminal.colours))) terminal.out(line);
      const count = `${definitions.length} saga${definitions.length === 1 ? '' : 's'}`;
      terminal.err(findings.length === 0 ? `${count}, and nothing is wrong.` : `${count}, ${findings.length} findings.`);
    });
};

function told({ saga, step, rule, severity, message, fix }: Finding, colours: boolean): string[] {
  const paint = painter(colours);
  const [mark, style] = severity === 'error' ? (['✘', 'red'] as const) : (['!', 'yellow'] as const);
  const where = `${plain(saga)}${step === undefined ? '' : `, ${plain(step)}`}`;
  return [`${paint(style, `${mark} ${where}`)}: ${plain(message)} ${paint('dim', `[${rule}]`)}`, `    ${plain(fix)}`];
}
