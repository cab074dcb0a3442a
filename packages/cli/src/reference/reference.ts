import type { Command } from 'commander';
import { Cli } from '../cli.js';
import { commandLine } from '../command-line.js';
import { EXIT_MEANINGS } from '../exit-codes.js';
import { keptTerminal } from '../terminal/kept-terminal.js';

const HEAD = `# The \`skald\` command

Everything about sagas from a terminal: what there is, what happened, what to do about it. This page is made from the command's own definitions
(\`npm run reference\`), and a test compares the two. For the night it is needed: [on call](../how-to/on-call.md).

## Where the sagas are

| given | looks at | asks |
|---|---|---|
| \`--data DIR\` or \`FILE\`, \`SKALD_DATA\` | that store of SQLite; nothing else is looked at | the application that has it open |
| \`skald.config.json\` or \`.mjs\`, \`--config FILE\`, \`SKALD_CONFIG\` | its \`store\` | its \`bus\`, or the application that has the file open |
| nothing | \`skald.db\`, then \`.skald-demo/skald.db\` | the application that has it open |

\`\`\`json
{
  "store": { "connectionString": "esdb://admin:\${ESDB_PASSWORD}@localhost:2113?tls=true", "index": ".skald-index.db" },
  "bus": { "kafka": { "brokers": ["localhost:9092"] }, "prefix": "skald" },
  "definitions": "dist/sagas.js",
  "by": "on-call"
}
\`\`\`

\`store\` is \`{ "file": … }\` or the options of \`connectEventStore\`, with an \`index\`: a file in which what was read is remembered from call to call
(without it every list reads all events). \`bus\` takes the options of \`KafkaBus.connect\`; topics are looked at and never made. A module may
give functions that open them instead. \`\${NAME}\` is a variable of the environment. What is not known, or of the wrong kind, is refused by its
name (exit code 2) before anything is opened. Variables that have the last word over a configuration, and do without one; an empty one says nothing:

| variable | in place of |
|---|---|
| \`SKALD_EVENTSTORE\` | \`store.connectionString\` |
| \`SKALD_EVENTSTORE_PREFIX\`, \`SKALD_INDEX\` | \`store.prefix\`, \`store.index\` |
| \`SKALD_KAFKA_BROKERS\` | \`bus.kafka.brokers\`, with commas between them |
| \`SKALD_KAFKA_PREFIX\` | \`bus.prefix\` |
| \`SKALD_DEFINITIONS\`, \`SKALD_BY\` | \`definitions\`, \`by\` |

## What works when

The command decides nothing: it reads, and asks whoever owns the sagas ([why](../decisions/0032-the-command-line-decides-nothing.md)).

| | to look | to act |
|---|---|---|
| embedded store, its application runs | yes, beside it | yes: the application is asked through \`skald.db-requests\`, and answers |
| embedded store, nothing runs | yes | no: exit code 1, nothing is done; with \`--later\` at the next start of the application |
| a file that managers share, no bus configured | yes | no: exit code 1; configure the bus |
| Kafka with a shared file or EventStoreDB | yes | yes: the managers are asked over the bus |
| a bus and no store | no: exit code 2 | yes, with targets in full (\`step:ship\`) |
| a store and no bus | yes | no: exit code 2 |

\`skald import\` writes to a store itself, and wants that nothing else does. \`start\` and \`start-again\` over a bus need \`--definitions\`; \`definitions lint\`, \`diff\`, \`audit
conform\` and \`gate\` need them always.

## In a script

Results go to standard output, everything else to standard error. With \`--json\` a verb gives one document, or one a line where there may be many
(\`list\`, \`history\`, \`replay\`, \`doctor\`, what is done to many sagas); an error is \`{"error":{"code","message","fix"}}\` on standard error. Where standard
output is no terminal there are no colours and nothing is cut; \`NO_COLOR\` and \`FORCE_COLOR\` are heard. Nobody is asked anything where nobody
sits: a missing \`--reason\` or \`--yes\` is then exit code 2. A reader that goes away (\`| head -1\`) is no error. Times are UTC.

## Exit codes
`;

/** The page of the command line, from its definitions. */
export async function reference(): Promise<string> {
  const program = await commandLine(new Cli(keptTerminal(), {}));
  const codes = EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`);
  const verbs = leaves(program);
  return [
    HEAD,
    '| | |',
    '|---|---|',
    ...codes,
    '',
    '## Verbs',
    '',
    ...verbs.map((verb) => `- [\`${nameOf(verb)}\`](#${nameOf(verb).replaceAll(' ', '-')}): ${verb.summary()}`),
    ...verbs.flatMap((verb) => ['', `### ${nameOf(verb)}`, '', '```text', helpOf(verb), '```']),
    '',
    'Options of every verb:',
    '',
    '```text',
    globalOptionsOf(program),
    '```',
    '',
  ].join('\n');
}

/** Verbs, and those below a group; what is hidden is nobody's business. */
function leaves(command: Command): Command[] {
  return command.commands.flatMap((one) => {
    if (one.name().startsWith('__')) return [];
    return one.commands.length > 0 ? leaves(one) : [one];
  });
}

function nameOf(command: Command): string {
  return command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
}

/** What \`--help\` shows, examples included, without what is the same for all. */
function helpOf(command: Command): string {
  const shown: string[] = [];
  command.configureOutput({ writeOut: (text) => void shown.push(text) }).outputHelp();
  return shown
    .join('')
    .replace(/\nGlobal Options:\n(?: .*\n)*/, '')
    .replace(/^ *-h, --help.*\n/m, '')
    .trimEnd();
}

function globalOptionsOf(program: Command): string {
  const lines = program.helpInformation().split('\n');
  const first = lines.indexOf('Options:') + 1;
  return lines.slice(first, lines.indexOf('', first)).join('\n');
}
