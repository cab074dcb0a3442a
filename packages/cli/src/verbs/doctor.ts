import type { SagaDefinition } from '@skald/kernel';
import type { Command } from 'commander';
import { applicationChecks } from '../checks/application-checks.js';
import type { BusFindings } from '../checks/bus-checks.js';
import { type Check, failed } from '../checks/checks.js';
import { storeChecks } from '../checks/store-checks.js';
import type { Cli, Place } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { type Paint, painter, type Style } from '../terminal/paint.js';
import { plain, wrapped } from '../terminal/plain-text.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const ABOUT = `Looks at everything that sagas need: the store and its index, those who decide, what waits for a person or for a version, what is overdue,
the clocks; and says what to do. Of Kafka: brokers, topics and their settings, who takes what, what waits and for how long, dead letters, and
whether this machine's clock agrees. Exit code 3 where something is not as it should be. With --definitions these are looked at too.`;

export const doctor: Verb = (program, cli) => {
  program
    .command('doctor')
    .summary('whether all is well, and what to do if not')
    .description(ABOUT)
    .action(async (_options, command) => {
      const checks = await checksOf(cli, command);
      if (checks.some(({ level }) => level === 'warning' || level === 'bad')) cli.exitCode = EXIT.found;
      if (cli.isJson(command)) return checks.forEach((check) => cli.json(check));
      for (const line of checkLines(checks, painter(cli.terminal.colours), cli.terminal.width)) cli.terminal.out(line);
    });
};

async function checksOf(cli: Cli, command: Command): Promise<Check[]> {
  const place = await cli.placeOf(command);
  const definitions = await cli.definitions(command);
  const asking = askingFindings(cli, command, place);
  const [[store, ...stored], { checks }] = await Promise.all([storeFindings(cli, command, place, definitions, asking), asking]);
  if (!store) return [...checks];
  // Who has a file open that is not there is no question.
  return place.kind === 'embedded' && store.level === 'bad' ? [store] : [store, ...checks, ...stored];
}

/** Of those who decide, and of the way to them. */
async function askingFindings(cli: Cli, command: Command, place: Place): Promise<BusFindings> {
  if (place.kind !== 'connected') return { checks: await applicationChecks(cli, command, place) };
  const { busChecks } = await import('../checks/bus-checks.js');
  return busChecks(cli, command, place);
}

/** The store first, and what it tells. One that does not answer hides nothing of what else there is to be seen. */
async function storeFindings(
  cli: Cli,
  command: Command,
  place: Place,
  definitions: readonly SagaDefinition[] | undefined,
  asking: Promise<BusFindings>,
): Promise<Check[]> {
  const where: Check = { name: 'store', level: 'good', what: whereText(place) };
  if (place.kind === 'connected' && !place.store) return [{ ...where, level: 'note', fix: 'Add "store" to the configuration.' }];
  try {
    return await cli.reading(command, async (store) => {
      const { clockAhead = 0, isUsed = false } = await asking;
      return [where, ...(await storeChecks(store, { now: cli.terminal.now() - clockAhead, definitions, isUsed }))];
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return [{ ...where, ...failed(error) }];
  }
}

function whereText(place: Place): string {
  if (place.kind === 'embedded') return place.file;
  if (!place.store) return 'none is named: sagas can be asked, but not shown';
  if (typeof place.store === 'function') return 'as the configuration opens it';
  if ('file' in place.store) return place.store.file;
  const { prefix = '' } = place.store;
  return `EventStoreDB${prefix === '' ? '' : `, prefix ${plain(prefix)}`}`;
}

const LOOKS: Readonly<Record<Check['level'], readonly [mark: string, style: Style]>> = {
  good: ['✔', 'green'],
  note: ['·', 'cyan'],
  warning: ['!', 'yellow'],
  bad: ['✘', 'red'],
};

function checkLines(checks: readonly Check[], paint: Paint, width = Number.POSITIVE_INFINITY): string[] {
  const widest = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(widest + 4);
  return checks.flatMap(({ name, level, what, fix }) => {
    const [mark, style] = LOOKS[level];
    const [first = '', ...more] = wrapped(what, width - indent.length);
    const advice = fix === undefined ? [] : wrapped(`→ ${fix}`, width - indent.length, '  ');
    return [
      `${paint(style, mark)} ${paint('bold', name.padEnd(widest))}  ${first}`,
      ...more.map((line) => `${indent}${line}`),
      ...advice.map((line) => `${indent}${line.replace('→', paint('dim', '→'))}`),
    ];
  });
}
