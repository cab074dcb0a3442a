/** What a page is made of. */
import { text } from './report-data.js';

/** `body` is HTML. */
export function section(title: string, body: string): string {
  const id = title.toLowerCase().replace(/[^a-z]+/g, '-');
  return `<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>\n${body}\n</section>`;
}

/** A table that scrolls where it is wider than its page. `rows` are HTML. */
export function table(caption: string, heads: readonly string[], rows: readonly (readonly string[])[], kind = ''): string {
  const head = heads.map((name) => `<th scope="col">${name}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<div class="wide" tabindex="0" role="group" aria-label="${text(caption)}"><table class="${kind}"><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

/** A table whose rows stand below one another as cards where the page is narrow. The roles stay what they are, whatever the looks. */
export function cards(caption: string, heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((name) => `<th scope="col" role="columnheader">${name}</th>`).join('');
  const cell = (html: string, nth: number) => `<td role="cell" data-head="${heads[nth] ?? ''}"><div>${html}</div></td>`;
  const body = rows.map((row) => `<tr role="row">${row.map(cell).join('')}</tr>`).join('\n');
  return `<table class="cards" role="table" aria-label="${text(caption)}"><thead role="rowgroup"><tr role="row">${head}</tr></thead><tbody role="rowgroup">\n${body}\n</tbody></table>`;
}

/** A table of two columns: what it is, and that. */
export function facts(rows: readonly (readonly [name: string, html: string])[]): string {
  return `<table class="facts"><tbody>${rows.map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`).join('')}</tbody></table>`;
}
