import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { Cli } from './cli.js';
import { commandLine } from './command-line.js';
import { keptTerminal } from './kept-terminal.js';
import { reference } from './reference.js';

const program = commandLine(new Cli(keptTerminal(), {}));

function all(command: Command): Command[] {
  return [command, ...command.commands.flatMap(all)];
}

describe('The reference of the command line', () => {
  test('says what the command says (else run: npm run reference)', () => {
    expect(readFileSync(new URL('../../../docs/reference/cli.md', import.meta.url), 'utf8')).toBe(reference());
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
