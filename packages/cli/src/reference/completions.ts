import type { Command, Option } from 'commander';

export interface Completion {
  readonly value: string;
  readonly about: string;
}

/** Ids of sagas that begin so. */
export type SagaIds = (beginning: string) => Promise<readonly Completion[]>;

/** What the last of `words` may become: verbs, options, their values, ids of sagas. From the same definitions that parse them. */
export async function completionsOf(program: Command, words: readonly string[], sagaIds: SagaIds): Promise<Completion[]> {
  const beginning = words.at(-1) ?? '';
  const { command, given, open } = walked(program, words.slice(0, -1));
  const found = open
    ? valuesOf(open)
    : beginning.startsWith('-')
      ? optionsOf(command)
      : await argumentsOf(command, given, () => sagaIds(beginning));
  return found.filter(({ value }) => value.startsWith(beginning));
}

interface Walked {
  readonly command: Command;
  /** Arguments that the command has already. */
  readonly given: number;
  /** An option that still wants its value. */
  readonly open: Option | undefined;
}

function walked(program: Command, words: readonly string[]): Walked {
  let command = program;
  let given = 0;
  let open: Option | undefined;
  for (const word of words) {
    if (open) {
      open = undefined;
      continue;
    }
    if (word.startsWith('-')) {
      const option = all(command).find(({ short, long }) => word === short || word === long);
      open = option?.required ? option : undefined;
      continue;
    }
    const next = given === 0 ? command.commands.find((one) => one.name() === word || one.aliases().includes(word)) : undefined;
    if (next) command = next;
    else given += 1;
  }
  return { command, given, open };
}

/** A command's own options, and those of the commands above it. */
function all(command: Command): Option[] {
  return [...command.options, ...(command.parent ? all(command.parent) : [])];
}

function optionsOf(command: Command): Completion[] {
  return all(command).flatMap(({ long, description }) => (long ? [{ value: long, about: description }] : []));
}

function valuesOf({ argChoices, description }: Option): Completion[] {
  return (argChoices ?? []).map((value) => ({ value, about: description }));
}

async function argumentsOf(command: Command, given: number, sagaIds: () => Promise<readonly Completion[]>): Promise<readonly Completion[]> {
  const visible = command.commands.filter((one) => !one.name().startsWith('__'));
  if (visible.length > 0 && given > 0) return [];
  if (visible.length > 0) return visible.map((one) => ({ value: one.name(), about: one.summary() }));
  const argument = command.registeredArguments[given] ?? command.registeredArguments.findLast(({ variadic }) => variadic);
  if (argument?.argChoices) return argument.argChoices.map((value) => ({ value, about: argument.description }));
  return argument && /^saga-ids?$/.test(argument.name()) ? sagaIds() : [];
}
