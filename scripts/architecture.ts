import { isBuiltin } from 'node:module';
import { posix } from 'node:path';

/**
 * What a package may import. Names without a scope are siblings; `*` at the end stands for any ending.
 * `tests` adds to `imports` for files that no build contains. `externals` lists the npm packages allowed; without it every
 * declared one is. `builtins: false` forbids Node's own modules.
 */
export interface Arrow {
  readonly imports: readonly string[];
  readonly tests?: readonly string[];
  readonly externals?: readonly string[];
  readonly builtins?: false;
}

const libraries = [
  ...['kernel', 'decorators', 'engine', 'testkit', 'telemetry', 'state-machine', 'orchestrator-function'],
  ...['event-store-*', 'message-bus-*'],
];
const adapter: Arrow = { imports: ['kernel', 'engine'], tests: ['testkit', 'eventstoredb-test-server'] };
const program: Arrow = { imports: ['kernel'], tests: ['testkit', 'engine'] };

/** Who may import whom, by the package's folder under packages/. The first name that fits holds. */
export const arrows: Readonly<Record<string, Arrow>> = {
  kernel: { imports: [], tests: ['testkit'], externals: [], builtins: false },
  decorators: { imports: ['kernel'], externals: ['inversify', 'reflect-metadata'], builtins: false },
  engine: { imports: ['kernel'], tests: ['testkit', 'message-bus-*'] },
  'event-store-*': adapter,
  'fence-*': adapter,
  'message-bus-*': adapter,
  telemetry: adapter,
  'state-machine': program,
  'orchestrator-function': program,
  testkit: { imports: ['kernel', 'engine'] },
  'eventstoredb-test-server': { imports: [] },
  console: { imports: libraries, tests: ['app'] },
  'async-api': { imports: ['kernel', 'decorators', 'message-bus-kafka'], externals: [] },
  audit: {
    imports: ['kernel', 'engine'],
    tests: ['app', 'decorators', 'testkit', 'event-store-*', 'eventstoredb-test-server'],
    externals: [],
  },
  app: { imports: [...libraries, 'console'] },
  cli: { imports: [...libraries, 'app', 'audit', 'console'] },
};

/** Examples, benchmarks and integration tests use the product as anybody would. */
const outermost: Arrow = { imports: ['*'] };

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly isTest: boolean;
  readonly imports: readonly string[];
}

export interface Package {
  /** From the repository's root: `packages/kernel`. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** Folders that its tsconfig.json refers to, from the repository's root. */
  readonly references: readonly string[];
  readonly files: readonly SourceFile[];
}

const scope = '@skald/';

const fits = (pattern: string, name: string): boolean => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name);

/** The arrow of a package, or nothing when the table has no line for it. */
function arrowOf(folder: string): Arrow | undefined {
  if (!folder.startsWith('packages/')) return outermost;
  const name = folder.slice('packages/'.length);
  return Object.entries(arrows).find(([pattern]) => fits(pattern, name))?.[1];
}

/** `zod` of `zod/v4`, `@skald/kernel` of `@skald/kernel/x`. */
function packageNameOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

/** All that breaks the arrows, one sentence each. `shared` are the root's devDependencies, which tests may use. */
export function violations(packages: readonly Package[], shared: readonly string[] = []): string[] {
  return packages.flatMap((one) => {
    const arrow = arrowOf(one.folder);
    if (!arrow) return [`${one.folder} has no line in the arrows of scripts/architecture.ts`];
    const imported = one.files.flatMap((file) =>
      file.imports.flatMap((specifier) => {
        const problem = importProblem(one, arrow, file, specifier, shared);
        return problem ? [`${file.path} imports '${specifier}': ${problem}`] : [];
      }),
    );
    return [...imported, ...referenceProblems(one, packages)];
  });
}

function importProblem(one: Package, arrow: Arrow, file: SourceFile, specifier: string, shared: readonly string[]): string | undefined {
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(file.path), specifier);
    return target.startsWith(`${one.folder}/`) ? undefined : 'a relative path must stay inside its package';
  }
  if (isBuiltin(specifier)) {
    return arrow.builtins === false && !file.isTest ? `${one.manifest.name} must not depend on Node` : undefined;
  }
  const name = packageNameOf(specifier);
  // A benchmark measures the built package, as anybody would use it.
  if (name === one.manifest.name) return file.path.startsWith(`${one.folder}/bench/`) ? undefined : 'inside a package import the file';
  if (!isDeclared(one.manifest, file, name, shared)) return `not declared in ${one.folder}/package.json`;
  if (name.startsWith(scope)) return siblingProblem(one, arrow, file, specifier, name);
  if (arrow.externals && !file.isTest && !arrow.externals.includes(name)) {
    return `${one.manifest.name} may use ${arrow.externals.join(', ') || 'no npm package'}`;
  }
  return undefined;
}

function isDeclared(
  { dependencies, peerDependencies, optionalDependencies, devDependencies }: Manifest,
  file: SourceFile,
  name: string,
  shared: readonly string[],
): boolean {
  const built = { ...dependencies, ...peerDependencies, ...optionalDependencies };
  return Object.hasOwn(built, name) || (file.isTest && (Object.hasOwn(devDependencies ?? {}, name) || shared.includes(name)));
}

function siblingProblem(one: Package, arrow: Arrow, file: SourceFile, specifier: string, name: string): string | undefined {
  if (specifier !== name) return `import what you need from '${name}' itself`;
  const allowed = file.isTest ? [...arrow.imports, ...(arrow.tests ?? [])] : arrow.imports;
  if (allowed.some((pattern) => fits(pattern, name.slice(scope.length)))) return undefined;
  const who = file.isTest ? `tests of ${one.manifest.name}` : one.manifest.name;
  return `${who} may import ${allowed.join(', ') || 'no sibling'}`;
}

/** `tsc -b` builds in the order of the references, so they must say the same as the manifest. */
function referenceProblems({ folder, manifest, references }: Package, packages: readonly Package[]): string[] {
  const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies });
  const expected = packages.filter((other) => declared.includes(other.manifest.name)).map((other) => other.folder);
  return [
    ...expected.filter((path) => !references.includes(path)).map((path) => `${folder}/tsconfig.json lacks a reference to ${path}`),
    ...references
      .filter((path) => !expected.includes(path))
      .map((path) => `${folder}/tsconfig.json refers to ${path}, which is not in its dependencies`),
  ];
}
