import type { Terminal } from './terminal.js';
import { parsed, UsageError } from './usage.js';
import { replay } from './verbs/replay.js';
import type { Verb } from './verbs/verb.js';

const VERBS: readonly Verb[] = [replay];

const HELP = `skald <verb> [options]

${VERBS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

skald <verb> --help says more. Exit code: 0 done, 1 it could not be done, 2 it could not be understood.`;

/** Options before the verb that take a value: the verb is the first word that is none of theirs. */
const BEFORE_VERB = { data: { type: 'string' } } as const;

/** Carries out a command line and answers the exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const at = verbAt(args);
    const asksHelp = args.includes('--help') || args.includes('-h');
    if (at === undefined) {
      if (!asksHelp && args.length > 0) throw new UsageError('a verb is missing');
      terminal.out(HELP);
      return asksHelp ? 0 : 2;
    }
    const verb = VERBS.find(({ name }) => name === args[at]);
    if (!verb) throw new UsageError(`there is no verb "${args[at]}"; there is ${VERBS.map(({ name }) => name).join(', ')}`);
    if (asksHelp) terminal.out(verb.help);
    else await verb.run(args.toSpliced(at, 1), terminal);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    terminal.err(`skald: ${error instanceof Error ? error.message : String(error)}${isUsage ? '\nskald --help says what there is.' : ''}`);
    return isUsage ? 2 : 1;
  }
}

function verbAt(args: readonly string[]): number | undefined {
  const { tokens } = parsed({ args: [...args], options: BEFORE_VERB, allowPositionals: true, strict: false, tokens: true });
  return tokens.find((token) => token.kind === 'positional')?.index;
}
