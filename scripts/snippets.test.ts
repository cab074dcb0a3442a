import { describe, expect, test } from '@jest/globals';
import { regionOf, render } from './snippets.ts';

const source = `import x from 'x';
class A {
  // #region method
  go(): void {
    // #region inner
    this.stop();
    // #endregion
  }
  // #endregion
}
`;
const sourceOf = (path: string): string | undefined => (path === 'a.ts' ? source : undefined);
const block = (marker: string, body = 'old();', language = 'ts'): string =>
  `Text.\n\n${marker}\n\`\`\`${language}\n${body}\n\`\`\`\n\nMore.\n`;

describe('a region', () => {
  test('is dedented and loses the marks inside it', () => {
    expect(regionOf(source, 'method')).toEqual(['go(): void {', '  this.stop();', '}']);
  });

  test('may lie inside another', () => {
    expect(regionOf(source, 'inner')).toEqual(['this.stop();']);
  });

  test('that is not there, or does not end, is none', () => {
    expect(regionOf(source, 'other')).toBeUndefined();
    expect(regionOf('// #region open\nx', 'open')).toBeUndefined();
  });

  test('without a name is the whole file', () => {
    expect(regionOf('a\n  // #region x\n  b\n  // #endregion\n', undefined)).toEqual(['a', '  b']);
  });
});

describe('a document', () => {
  test('gets the code of its source, and stays as it is the second time', () => {
    const { text, problems } = render('d.md', block('<!-- snippet: a.ts#inner -->'), sourceOf);
    expect(problems).toEqual([]);
    expect(text).toBe(block('<!-- snippet: a.ts#inner -->', 'this.stop();'));
    expect(render('d.md', text, sourceOf).text).toBe(text);
  });

  test.each([
    ['a block with a reason', block('<!-- no-snippet: shows what does not compile -->')],
    ['a block in another language', block('', 'npm install', 'sh')],
    ['text about `<!-- snippet: a.ts -->`', 'Write `<!-- snippet: a.ts -->` above it.\n'],
  ])('may contain %s', (_what, text) => {
    expect(render('d.md', text, sourceOf)).toEqual({ text, problems: [] });
  });

  test.each([
    ['a TypeScript block without a marker', block(''), 'd.md:4: a TypeScript block needs a snippet marker'],
    ['no-snippet without a reason', block('<!-- no-snippet: -->'), 'd.md:4: a TypeScript block needs a snippet marker'],
    ['a source that is not there', block('<!-- snippet: b.ts#inner -->'), 'd.md:3: b.ts does not exist'],
    ['a region that is not there', block('<!-- snippet: a.ts#other -->'), 'd.md:3: a.ts has no region "other"'],
    ['a marker without a block', '<!-- snippet: a.ts#inner -->\n\nText.\n', 'd.md:1: no code block follows this marker'],
    ['a marker at the end', '<!-- snippet: a.ts#inner -->\n', 'd.md:1: no code block follows this marker'],
  ])('is refused for %s', (_what, text, problem) => {
    expect(render('d.md', text, sourceOf).problems).toEqual([expect.stringContaining(problem)]);
  });
});
