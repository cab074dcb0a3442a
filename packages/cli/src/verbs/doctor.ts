import type { Command } from 'commander';
import { applicationChecks } from '../application-checks.js';
import type { Check } from '../checks.js';
import type { Cli, Place } from '../cli.js';
import { EXIT } from '../exit-codes.js';
import { type Paint, painter, type Style } from '../paint.js';
import { wrapped } from '../plain-text.js';
import { storeChecks } from '../store-checks.js';
import { UsageError } from '../usage.js';
import type { Verb } from './verb.js';

const ABOUT = `Looks at everything that sagas need: the store and its index, those who decide, what waits for a person or for a version, what is overdue,
the clocks; and says what to do. Exit code 3 where something is not as it should be. With --definitions these are looked at too.`;

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
  const where: Check = { name: 'store', level: 'good', what: whereText(place) };
  if (place.kind === 'connected' && !place.store) {
    return [{ ...where, level: 'note', fix: 'Add "store" to the configuration.' }, ...(await applicationChecks(cli, command, place))];
  }
  try {
    const stored = await cli.reading(command, (store) => storeChecks(store, { now: cli.terminal.now(), definitions }));
    return [where, ...(await applicationChecks(cli, command, place)), ...stored];
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return [{ ...where, level: 'bad', what: error instanceof Error ? error.message : String(error) }];
  }
}

function whereText(place: Place): string {
  if (place.kind === 'embedded') return place.file;
  if (!place.store) return 'none is named: sagas can be asked, but not shown';
  if (typeof place.store === 'function') return 'as the configuration opens it';
  return 'file' in place.store ? place.store.file : 'EventStoreDB';
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
