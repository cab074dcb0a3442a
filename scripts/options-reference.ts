import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText, repositoryFiles, root } from './repository.ts';
import { isNode, type Node, parse, walk } from './syntax.ts';

/** The page that every option is written to: `node scripts/options-reference.ts`. A test compares the two. */
export const optionsReference = 'docs/reference/options.md';

/** An option, from its declaration and the comment above it. */
export interface Option {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  /** Of the comment, without the sentence that says the default. */
  readonly text: string;
  readonly default: string | undefined;
}

export interface OptionsInterface {
  /** `package/Interface`. */
  readonly id: string;
  readonly path: string;
  readonly isExported: boolean;
  readonly own: readonly Option[];
  /** What it extends, as it is written: `Pick<EngineOptions, 'clock'>`. */
  readonly heritage: readonly string[];
}

/** Where options are given, and the interfaces that declare them. */
const SECTIONS: readonly (readonly [title: string, ...interfaces: string[]])[] = [
  ['`@Saga`, `defineSaga`', 'decorators/SagaOptions'],
  ['`@SagaStep`, `.step`', 'decorators/SagaStepOptions'],
  ['`retry`, `compensationRetry`', 'kernel/RetryOptions'],
  ['`@SagaTimer`, `.wait`', 'decorators/SagaTimerOptions'],
  ['`@SagaSignal`, `.signal`', 'decorators/SagaSignalOptions'],
  ['`@SagaChoice`, `.choice`', 'decorators/SagaChoiceOptions'],
  ['`@SagaMap`, `.map`', 'decorators/SagaMapOptions'],
  ['`child`', 'decorators/ChildOptions'],
  ['`Skald.embedded`', 'app/EmbeddedOptions'],
  ['`Skald.connect`', 'app/ConnectOptions'],
  ['`sagas.start`', 'app/StartOptions'],
  ['`sagas.startAgain`', 'app/StartAgainOptions'],
  ['`sagas.signal`', 'app/SignalOptions'],
  ['`sagas.bulk`', 'app/BulkOptions'],
  ['`openSqliteStore`', 'event-store-sqlite/SqliteStoreOptions'],
  ['`connectEventStore`', 'event-store-eventstoredb/EventStoreOptions'],
  ['`KafkaBus.connect`', 'message-bus-kafka/KafkaBusOptions'],
  ['`KafkaBus.connect`: `topics`', 'message-bus-kafka/TopicOptions'],
  ['`KafkaBus.connect`: `publish`', 'message-bus-kafka/PublishOptions'],
  ['`KafkaBus.connect`: `consume`', 'message-bus-kafka/ConsumeOptions'],
  ['`postgresFence`', 'fence-postgres/PostgresFenceOptions'],
  ['`aesGcmCodec`', 'engine/AesGcmOptions'],
  ['`sqliteKeyStore`', 'event-store-sqlite/SqliteKeyStoreOptions'],
  ['`asyncApi`', 'async-api/AsyncApiOptions'],
];

/** Exported, and no option of an application: each with where it is described. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'app/CommonOptions': 'part of `Skald.embedded` and `Skald.connect`',
  'audit/CheckpointOptions': 'the command line',
  'audit/GateOptions': 'the command line',
  'audit/ReplayOptions': 'the command line',
  'audit/VerifyOptions': 'the command line',
  'cli/TimelineOptions': 'the command line',
  'decorators/BuilderOptions': 'as `@Saga`',
  'engine/AskOptions': 'set by the application',
  'engine/ClientOptions': 'set by the application',
  'engine/EngineOptions': 'part of `Skald.embedded` and `Skald.connect`',
  'engine/ProjectionOptions': 'set by the application',
  'engine/SealedBusOptions': 'set by the application',
  'kernel/CatchOptions': 'part of `@SagaStep`',
  'kernel/MapOptions': 'part of `@SagaMap`',
  'kernel/ReadOptions': 'a port',
  'kernel/SignalOptions': 'part of `@SagaSignal`',
  'kernel/RunOptions': 'part of `@Saga`',
  'kernel/StepOptions': 'part of `@SagaStep`',
};

/** Sizes that no option changes: where they stand in the code, and what they limit. */
const LIMITS: readonly (readonly [path: string, constant: string, what: string])[] = [
  ['packages/app/src/start-input.ts', 'MAX_INPUT_BYTES', 'input of a saga, in bytes of JSON'],
  ['packages/app/src/signals.ts', 'MAX_PAYLOAD_BYTES', 'payload of a signal, in bytes of JSON'],
  ['packages/engine/src/participants/actions.ts', 'MAX_RESULT_BYTES', 'result of an action, in characters of JSON'],
  ['packages/engine/src/participants/actions.ts', 'MAX_ERROR_MESSAGE', 'message of an error, in characters; what is longer is cut off'],
  ['packages/engine/src/participants/actions.ts', 'MAX_ERROR_DATA', 'data of an error, in characters of JSON; more is left out'],
  ['packages/engine/src/turn.ts', 'MAX_EVENT_BYTES', 'data of one event, in bytes'],
  ['packages/engine/src/turn.ts', 'MAX_WRITE_EVENTS', 'events of one decision'],
  ['packages/engine/src/turn.ts', 'MAX_WRITE_BYTES', 'all events of one decision, in bytes'],
  ['packages/kernel/src/deciding/signals.ts', 'MOST_KEPT', 'signals of a saga that no step has taken'],
  ['packages/kernel/src/step-graph/step-map.ts', 'MOST_ITEMS', 'items of a step'],
  ['packages/kernel/src/deciding/attributes.ts', 'MAX_ATTRIBUTES', 'search attributes of a saga'],
  ['packages/kernel/src/deciding/attributes.ts', 'MAX_ATTRIBUTE_TEXT', 'text of a search attribute, in characters'],
  ['packages/kernel/src/lint/lint.ts', 'MAX_ATTEMPTS', 'attempts of a retry policy, unless without end'],
];

/** Interfaces of options in the packages, by id. */
export function optionsInterfaces(): ReadonlyMap<string, OptionsInterface> {
  const paths = repositoryFiles().filter(
    (path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !/\.(?:[\w-]*test|contract)\.ts$/.test(path),
  );
  const found = paths.flatMap((path) => {
    const source = readText(path);
    return /interface \w*Options\b/.test(source) ? interfacesIn(path, source) : [];
  });
  return new Map(found.map((one) => [one.id, one]));
}

function interfacesIn(path: string, source: string): OptionsInterface[] {
  const { program, comments } = parse(path, source);
  const found: OptionsInterface[] = [];
  walk(program, (node, ancestors) => {
    if (node.type !== 'TSInterfaceDeclaration') return;
    const text = (part: unknown) => (isNode(part) ? source.slice(part.start, part.end) : '');
    const body = (node['body'] as Node)['body'] as readonly Node[];
    const comment = (before: number, after: number) => comments.filter(({ start }) => start >= before && start < after).at(-1)?.text ?? '';
    // A parameter tells a reader nothing; what it is where nothing is known does.
    const parameters = ((node['typeParameters'] as Node | undefined)?.['params'] ?? []) as readonly Node[];
    const meaning = new Map(parameters.map((one) => [text(one['name']), text(one['default'])]));
    const own = body.flatMap((member, at) => {
      if (member.type !== 'TSPropertySignature') return [];
      const about = comment(body[at - 1]?.end ?? (node['body'] as Node).start, member.start);
      const type = text((member['typeAnnotation'] as Node | undefined)?.['typeAnnotation']);
      return [
        optionOf(
          text(member['key']),
          type.replaceAll(/\b[A-Z]\b/g, (name) => meaning.get(name) || name),
          member['optional'] === true,
          about,
        ),
      ];
    });
    const heritage = ((node['extends'] ?? []) as readonly Node[]).map(text);
    const isExported = ancestors.at(-1)?.type === 'ExportNamedDeclaration';
    found.push({ id: `${path.split('/')[1]}/${text(node['id'])}`, path, isExported, own, heritage });
  });
  return found;
}

function optionOf(name: string, type: string, isOptional: boolean, comment: string): Option {
  const about = comment
    .replace(/^\*/, '')
    .replaceAll(/\s*\n\s*\*?\s*/g, ' ')
    .trim();
  const sentences = about.split(/(?<=[.)])\s+(?=[A-Z`])/);
  const said = sentences.filter((sentence) => /^Default\b/.test(sentence));
  const text = sentences.filter((sentence) => !said.includes(sentence)).join(' ');
  const value = said.map((sentence) => sentence.replace(/^Default:?\s+/, '').replace(/\.$/, '')).join('; ');
  return { name, type: type.replaceAll(/\s+/g, ' '), isOptional, text, default: value === '' ? undefined : value };
}

/** Its own options and those it extends, the own first. */
export function optionsOf(id: string, all: ReadonlyMap<string, OptionsInterface>): Option[] {
  const one = all.get(id);
  if (!one) throw new Error(`there is no interface ${id}`);
  const inherited = one.heritage.flatMap((written) => inheritedOptions(written, id, all));
  const own = new Set(one.own.map(({ name }) => name));
  return [...one.own, ...inherited.filter(({ name }) => !own.has(name))];
}

function inheritedOptions(written: string, by: string, all: ReadonlyMap<string, OptionsInterface>): Option[] {
  const [, how, wrapped = '', names = ''] = /^(Pick|Omit)<\s*(\w+)(?:<[^>]*>)?\s*,\s*([^>]*)>$/.exec(written) ?? [];
  const name = how ? wrapped : (/^\w+/.exec(written)?.[0] ?? '');
  const options = optionsOf(resolve(name, by, all), all);
  const named = [...names.matchAll(/'(\w+)'/g)].map(([, one]) => one);
  if (how === 'Pick') return options.filter((option) => named.includes(option.name));
  return how === 'Omit' ? options.filter((option) => !named.includes(option.name)) : options;
}

/** A name means what its own package, else the kernel, else any package declares, and never itself. */
function resolve(name: string, by: string, all: ReadonlyMap<string, OptionsInterface>): string {
  const candidates = [`${by.split('/')[0]}/${name}`, `kernel/${name}`, `engine/${name}`];
  const found = [...candidates, ...all.keys()].find((id) => id !== by && all.has(id) && id.endsWith(`/${name}`));
  if (found === undefined) throw new Error(`${by} extends ${name}, which is not found`);
  return found;
}

/** What is not documented as it must be, a sentence each. */
export function problems(all: ReadonlyMap<string, OptionsInterface> = optionsInterfaces()): string[] {
  const shown = SECTIONS.flatMap(([, ...ids]) => ids);
  const missing = [...all.values()]
    .filter(({ id, isExported }) => isExported && id.endsWith('Options') && isPublic(id) && !shown.includes(id) && !(id in ELSEWHERE))
    .map(({ id, path }) => `${id} (${path}) has no section; add it to scripts/options-reference.ts`);
  const undocumented = shown.flatMap((id) =>
    optionsOf(id, all).flatMap((option) => problemsOf(option).map((problem) => `${id}.${option.name} ${problem}`)),
  );
  return [...missing, ...new Set(undocumented)];
}

const UNIT = /millisecond|byte|MiB|character|epoch|0 to 1|\d|\bnumber of\b|at most so many|whole number/i;

function problemsOf({ type, isOptional, text, default: value }: Option): string[] {
  return [
    ...(text === '' && value === undefined ? ['says nothing of itself'] : []),
    ...(isOptional && value === undefined ? ['has no default: end its comment with a sentence "Default …."'] : []),
    ...(/\bnumber\b/.test(type) && !UNIT.test(`${text} ${value}`) ? ['is a number, and does not say of what'] : []),
  ];
}

/** Exported by the package, and by one that an application uses. */
function isPublic(id: string): boolean {
  const [folder = '', name = ''] = id.split('/');
  if (folder === 'testkit' || folder === 'eventstoredb-test-server') return false;
  return new RegExp(`\\b${name}\\b`).test(readText(`packages/${folder}/src/index.ts`));
}

export function renderOptions(all: ReadonlyMap<string, OptionsInterface> = optionsInterfaces()): string {
  const lines = [
    '# Options',
    '',
    'Everything that can be set, from the comments in the code. Durations are numbers of milliseconds or texts with a unit: `250ms`, `5s`, `10m`, `2h`, `7d`.',
    'What has no default must be given.',
    ...SECTIONS.flatMap(([title, ...ids]) => ['', `## ${title}`, '', ...table(ids.flatMap((id) => optionsOf(id, all)))]),
    ...['', '## Limits', '', 'No option changes these.', '', '| at most | of |', '|---|---|'],
    ...LIMITS.map(([path, constant, what]) => `| ${limitOf(path, constant)} | ${what} |`),
  ];
  return `${lines.join('\n')}\n`;
}

function table(options: readonly Option[]): string[] {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = options.map(({ name, type, isOptional, text, default: value }) => {
    return `| \`${name}\` | \`${cell(type)}\` | ${isOptional ? cell(value ?? '') : 'required'} | ${cell(text)} |`;
  });
  return ['| option | type | default | |', '|---|---|---|---|', ...rows];
}

function limitOf(path: string, constant: string): string {
  const [, written] = new RegExp(`const ${constant} = ([^;]+);`).exec(readText(path)) ?? [];
  if (written === undefined) throw new Error(`${path} has no constant ${constant}`);
  const product = written.split('*').reduce((value, factor) => value * Number(factor.trim().replaceAll('_', '')), 1);
  return product.toLocaleString('en');
}

if (import.meta.main) {
  const wrong = problems();
  for (const problem of wrong) console.error(problem);
  if (wrong.length > 0) process.exitCode = 1;
  writeFileSync(join(root, optionsReference), renderOptions());
  console.log(`${optionsReference}: ${SECTIONS.length} sections`);
}
