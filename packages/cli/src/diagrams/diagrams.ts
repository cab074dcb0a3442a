import { type DefinitionGraph, type GraphStep, lastSteps } from './definition-graph.js';

declare global {
  /** Graphviz's types name it for browsers; here is none. */
  interface SVGSVGElement {
    readonly nodeName: string;
  }
}

/** What is written in the box of a step, line by line. */
function linesOf({ id, waits, isPivot, isGuarded, isOptional, compensation }: GraphStep): string[] {
  return [
    id,
    ...(waits === undefined ? [] : [`waits: ${waits}`]),
    ...(isPivot ? ['pivot'] : []),
    ...(isGuarded ? ['if its guard says so'] : []),
    ...(isOptional ? ['may fail'] : []),
    ...(compensation === undefined ? [] : [`↩ ${compensation}`]),
  ];
}

/** As https://mermaid.js.org draws it: in Markdown on GitHub and GitLab, without any tool. */
export function mermaid(graph: DefinitionGraph): string {
  const numbers = new Map(graph.steps.map(({ id }, at) => [id, `s${at}`]));
  const text = (lines: readonly string[]) => `"${lines.map((line) => line.replaceAll('"', '#quot;')).join('<br/>')}"`;
  const boxes = graph.steps.map((step) => {
    const label = text(linesOf(step));
    const [open, close] = step.kind === 'choice' ? ['{', '}'] : step.waits === undefined ? ['[', ']'] : ['([', '])'];
    return `  ${numbers.get(step.id)}${open}${label}${close}${step.isPivot ? ':::pivot' : ''}`;
  });
  const arrows = graph.steps.flatMap(({ id, after, isGuarded, instead, branch }) => {
    if (instead !== undefined) return [`  ${numbers.get(instead)} -. where it fails .-> ${numbers.get(id)}`];
    const arrow = isGuarded ? '-.->' : '-->';
    const label = (before: string) => (before === branch?.of ? `|${branch.name}|` : '');
    if (after.length === 0) return [`  begin ${arrow} ${numbers.get(id)}`];
    return after.map((before) => `  ${numbers.get(before)} ${arrow}${label(before)} ${numbers.get(id)}`);
  });
  return [
    '---',
    `title: ${graph.name}, version ${graph.version}`,
    '---',
    'flowchart TD',
    '  begin((" "))',
    ...boxes,
    '  done((" "))',
    ...arrows,
    ...lastSteps(graph).map((id) => `  ${numbers.get(id)} --> done`),
    '  classDef pivot stroke-width:3px',
  ].join('\n');
}

/** As Graphviz reads it. */
export function dot(graph: DefinitionGraph): string {
  const boxes = graph.steps.map((step) => {
    const shape = step.kind === 'choice' ? ', shape=diamond' : step.waits === undefined ? '' : ', style="rounded,dashed"';
    const pivot = step.isPivot ? ', penwidth=3' : '';
    return `  ${dotText(step.id)} [label=${dotText(linesOf(step).join('\n'))}${shape}${pivot}];`;
  });
  const arrows = graph.steps.flatMap(({ id, after, isGuarded, instead, branch }) => {
    if (instead !== undefined) return [`  ${dotText(instead)} -> ${dotText(id)} [style=dotted, label="where it fails", fontsize=9];`];
    const style = isGuarded ? ' [style=dashed]' : '';
    if (after.length === 0) return [`  "(begin)" -> ${dotText(id)}${style};`];
    return after.map((before) => {
      const label = before === branch?.of ? ` [label=${dotText(branch.name)}, fontsize=9]` : '';
      return `  ${dotText(before)} -> ${dotText(id)}${style}${label};`;
    });
  });
  return [
    `digraph ${dotText(graph.name)} {`,
    `  label=${dotText(`${graph.name}, version ${graph.version}`)}; labelloc=t; fontname="Helvetica";`,
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];',
    '  edge [arrowsize=0.7];',
    '  "(begin)" [shape=circle, label="", width=0.15, style=filled, fillcolor=black];',
    '  "(end)" [shape=doublecircle, label="", width=0.12, style=filled, fillcolor=black];',
    ...boxes,
    ...arrows,
    ...lastSteps(graph).map((id) => `  ${dotText(id)} -> "(end)";`),
    '}',
  ].join('\n');
}

/** Ids of steps hold no parentheses: the two that begin and end are nobody's. */
function dotText(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `"${escaped}"`;
}

/** Drawn by Graphviz, which is brought along as WebAssembly: no browser, no installation. */
export async function svg(graph: DefinitionGraph): Promise<string> {
  const { instance } = await import('@viz-js/viz');
  return (await instance()).renderString(dot(graph), { format: 'svg' });
}
