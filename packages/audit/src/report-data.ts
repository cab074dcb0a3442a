/** Values of a history as HTML, for people: names and values instead of JSON, and nothing that a page could take for its own. */

/** Deeper than this, and longer, it is written as it is stored. */
const DEEPEST = 4;
const MOST_MEMBERS = 60;

export function data(value: unknown): string {
  if (value === null || typeof value !== 'object') return `<span class="value">${text(simple(value))}</span>`;
  if (depthOf(value) > DEEPEST || sizeOf(value) > MOST_MEMBERS) return `<pre>${text(JSON.stringify(value, undefined, 2))}</pre>`;
  return nested(value);
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
