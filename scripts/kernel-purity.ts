import { isTest } from './repository.ts';
import { dotted, lineOf, type Node, type Syntax, walk } from './syntax.ts';

/**
 * What the compiler cannot keep out of the kernel. Timers, `process`, `fetch` and `node:*` do not compile there, because its
 * tsconfig knows neither the DOM nor Node; the names below belong to the language itself and answer differently from run to
 * run or from machine to machine.
 */
const impure: Readonly<Record<string, string>> = {
  'Date.now': 'time arrives in messages',
  'Math.random': 'chance arrives in messages',
  'performance.now': 'time arrives in messages',
  WeakRef: 'depends on the garbage collector',
  FinalizationRegistry: 'depends on the garbage collector',
  Intl: 'depends on the locale of the machine',
};
const impureGlobals = [
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'process',
  'performance',
  'crypto',
  'fetch',
  'globalThis',
];
const localeMethods = new Set([
  'localeCompare',
  'toLocaleString',
  'toLocaleDateString',
  'toLocaleTimeString',
  'toLocaleLowerCase',
  'toLocaleUpperCase',
]);

export function kernelPurity(path: string, text: string, { program, imports }: Syntax): string[] {
  if (!path.startsWith('packages/kernel/src/') || isTest(path)) return [];
  const problems: string[] = [];
  const add = (node: { readonly start: number }, what: string, why: string): void => {
    problems.push(`${path}:${lineOf(text, node.start)}: ${what} in the kernel: ${why}`);
  };
  for (const found of imports) if (!found.specifier.startsWith('.')) add(found, `import of ${found.specifier}`, 'it has no dependencies');
  walk(program, (node, ancestors) => {
    const found = impurity(node, ancestors.at(-1));
    if (found) add(node, ...found);
  });
  return problems;
}

function impurity(node: Node, parent: Node | undefined): [what: string, why: string] | undefined {
  const name = dotted(node);
  const isValue = name !== '' && !isPropertyName(node, parent);
  const why = isValue && Object.hasOwn(impure, name) ? impure[name] : undefined;
  if (why !== undefined) return [name, why];
  if (isValue && impureGlobals.includes(name)) return [name, 'it reaches out of the kernel'];
  if (node.type === 'NewExpression' && dotted(node['callee']) === 'Date' && (node['arguments'] as unknown[]).length === 0) {
    return ['new Date()', 'time arrives in messages'];
  }
  if (node.type === 'CallExpression' && dotted(node['callee']) === 'Date') return ['Date()', 'time arrives in messages'];
  const method = node.type === 'MemberExpression' ? dotted(node['property']) : '';
  return localeMethods.has(method) ? [method, 'depends on the locale of the machine'] : undefined;
}

/** `process` in `{ process: 1 }`, `state.process` or `interface { process: string }` is a name of ours, not the global. */
function isPropertyName(node: Node, parent: Node | undefined): boolean {
  if (!parent || node.type !== 'Identifier') return false;
  if (parent.type === 'MemberExpression') return parent['property'] === node && parent['computed'] !== true;
  return parent['key'] === node && parent['computed'] !== true && parent['shorthand'] !== true;
}
