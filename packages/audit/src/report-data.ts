/** Values of a history as HTML, for people: names and values instead of JSON, and nothing that a page could take for its own. */

import { isPlaceholder } from './report-words.js';

/** Deeper than this it is written as it is stored. */
const DEEPEST = 4;
/** Longer than this it stands in a box of its own, which scrolls on a screen and is whole on paper. */
const MOST_MEMBERS = 40;
const MOST_CHARACTERS = 700;

export function data(value: unknown): string {
  if (isPlaceholder(value)) return `<span class="value quiet">${text(simple(value))}</span>`;
  if (value === null || typeof value !== 'object') {
    const shown = simple(value);
    return shown.length > MOST_CHARACTERS ? box(text(shown)) : `<span class="value">${text(shown)}</span>`;
  }
  if (depthOf(value) > DEEPEST) return box(`<pre>${text(written(value))}</pre>`);
  return sizeOf(value) > MOST_MEMBERS || JSON.stringify(value).length > 2 * MOST_CHARACTERS ? box(nested(value)) : nested(value);
}

/** Whoever has no mouse scrolls it with the arrow keys. */
function box(html: string): string {
  return `<div class="long" tabindex="0" role="group" aria-label="A long value, which scrolls">${html}</div>`;
}

/** As JSON, what fits on a line on one. */
function written(value: unknown, indent = ''): string {
  const line = JSON.stringify(value) ?? 'null';
  if (value === null || typeof value !== 'object' || line.length <= 80) return line;
  const inner = `${indent}  `;
  if (Array.isArray(value)) return `[\n${value.map((member) => `${inner}${written(member, inner)}`).join(',\n')}\n${indent}]`;
  const members = Object.entries(value).map(([name, member]) => `${inner}${JSON.stringify(name)}: ${written(member, inner)}`);
  return `{\n${members.join(',\n')}\n${indent}}`;
}

function nested(value: unknown): string {
  if (value === null || typeof value !== 'object') return text(simple(value));
  const entries = Object.entries(value);
  if (entries.length === 0) return '<span class="quiet">nothing</span>';
  if (!Array.isArray(value)) return `<dl>${entries.map(([name, member]) => item(name, member)).join('')}</dl>`;
  if (value.every(isSimple)) return text(value.map(simple).join(', '));
  return `<ol>${value.map((member) => `<li>${isFlat(member) ? text(flat(member)) : nested(member)}</li>`).join('')}</ol>`;
}

function item(name: string, value: unknown): string {
  return `<div><dt>${text(name)}</dt><dd>${nested(value)}</dd></div>`;
}

/** One line for what has only simple members: `item lamp, quantity 2`. */
function flat(value: object): string {
  return Object.entries(value)
    .map(([name, member]) => `${name} ${simple(member)}`)
    .join(', ');
}

function isFlat(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isSimple);
}

function isSimple(value: unknown): boolean {
  return value === null || typeof value !== 'object';
}

function simple(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  if (isPlaceholder(value)) return String(value) === '(encrypted)' ? '(encrypted)' : '(forgotten)';
  return value === null || value === undefined ? 'nothing' : String(value);
}

function depthOf(value: unknown): number {
  if (isSimple(value)) return 0;
  return 1 + Math.max(0, ...Object.values(value as object).map(depthOf));
}

function sizeOf(value: unknown): number {
  if (isSimple(value)) return 1;
  return Object.values(value as object).reduce((sum: number, member) => sum + sizeOf(member), 1);
}

/** Characters that turn the direction of writing, and those that are not seen, are shown instead. */
export function text(raw: string): string {
  return raw
    .replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (char) =>
      char === '\n' ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
    );
}
