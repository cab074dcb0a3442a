import { parseSync } from 'oxc-parser';

/** A node of the syntax tree, as far as these scripts care; positions are offsets into the source. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Comment {
  readonly text: string;
  readonly start: number;
}

/** Something imported, re-exported, or loaded by `import()` or a type's `import()`. */
export interface Import {
  readonly specifier: string;
  readonly start: number;
}

export interface Syntax {
  readonly program: Node;
  readonly comments: readonly Comment[];
  readonly imports: readonly Import[];
}

export function parse(path: string, source: string): Syntax {
  const result = parseSync(path, source);
  const [error] = result.errors;
  if (error) throw new SyntaxError(`${path}: ${error.message}`);
  const program = result.program as unknown as Node;
  return {
    program,
    comments: result.comments.map(({ value, start }) => ({ text: value, start })),
    imports: importsOf(program),
  };
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** Calls `visit` for `node` and all below it, parents first; `ancestors` ends with the parent. */
export function walk(node: Node, visit: (node: Node, ancestors: readonly Node[]) => void, ancestors: readonly Node[] = []): void {
  visit(node, ancestors);
  const below = [...ancestors, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) walk(child, visit, below);
  }
}

export const lineOf = (source: string, offset: number): number => source.slice(0, offset).split('\n').length;

/** `Date.now` for a member expression of plain names, `Date` for an identifier, else an empty string. */
export function dotted(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type !== 'MemberExpression' || node['computed'] === true) return '';
  const object = dotted(node['object']);
  return object === '' ? '' : `${object}.${dotted(node['property'])}`;
}

const importing = new Set(['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration', 'ImportExpression', 'TSImportType']);

function importsOf(program: Node): Import[] {
  const imports: Import[] = [];
  walk(program, (node) => {
    if (!importing.has(node.type) || !isNode(node['source'])) return;
    const specifier = node['source']['value'];
    if (typeof specifier === 'string') imports.push({ specifier, start: node.start });
  });
  return imports;
}
