import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { Cli } from '../cli.js';
import { commandLine } from '../command-line.js';
import { keptTerminal } from '../terminal/kept-terminal.js';
import { reference } from './reference.js';

const cli = new Cli(keptTerminal(), {});
const program = await commandLine(cli);

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

describe('The reference of the command line', () => {
  test('says what the command says (else run: npm run reference)', async () => {
    expect(readFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), 'utf8')).toBe(await reference());
  });
});

describe('The help', () => {
  test.each(all(program).map((command) => [command.name(), command] as const))(
    'of %s fits 80 columns, and says what each part is',
    (_name, command) => {
      const shown: string[] = [];
      command.configureOutput({ writeOut: (text) => void shown.push(text) }).outputHelp();
      const lines = shown.join('').split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(command.description()).not.toBe('');
      for (const option of command.options) expect(option.description).not.toBe('');
    },
  );
});

describe('The list of verbs', () => {
  test('says of each what it says of itself, and needs none of them for that', async () => {
    const listed = await commandLine(cli, () => false);
    const said = (command: Command) => ({
      name: command.name(),
      aliases: command.aliases(),
      summary: command.summary(),
      arguments: command.registeredArguments.map((argument) => [argument.name(), argument.required, argument.variadic]),
      group: command.helpGroup(),
    });
    const whole = program.commands.filter((command) => !command.name().startsWith('__'));
    expect(listed.commands.map(said)).toEqual(whole.map(said));
    expect(listed.helpInformation()).toBe(program.helpInformation());
  });
});
