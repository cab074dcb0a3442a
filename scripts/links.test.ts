import { existsSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readText, repositoryFiles, root } from './repository.ts';

interface Link {
  readonly from: string;
  readonly to: string;
  readonly anchor: string | undefined;
}

const documents = repositoryFiles().filter((path) => path.endsWith('.md'));
const textOf = (path: string) => readText(path).replaceAll(/^(`{3,})[^\n]*\n[\s\S]*?^\1$/gm, '');

/** Links from one place of the repository to another. */
const links: readonly Link[] = documents.flatMap((from) =>
  [...textOf(from).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].map(([, path = '', anchor]) => ({
    ...{ from, anchor },
    to: path === '' ? from : normalize(relative(root, join(root, dirname(from), path))),
  })),
);

/** As GitHub makes them of headings. */
function anchorsOf(path: string): readonly string[] {
  const headings = [...textOf(path).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title);
  return headings.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  );
}

const nameOf = ({ from, to, anchor }: Link) => `${from} → ${to}${anchor === undefined ? '' : `#${anchor}`}`;

describe('Links between documents', () => {
  test('lead to what is there', () => {
    expect(links.filter(({ to }) => !existsSync(join(root, to))).map(nameOf)).toEqual([]);
    const anchored = links.filter(({ to, anchor }) => anchor !== undefined && to.endsWith('.md'));
    expect(anchored.filter(({ to, anchor = '' }) => !anchorsOf(to).includes(anchor)).map(nameOf)).toEqual([]);
  });

  test('lead from the front page to every document', () => {
    const reached = new Set(['README.md']);
    for (const path of reached)
      for (const { from, to } of links) if (from === path) reached.add(existsSync(join(root, to, 'README.md')) ? `${to}/README.md` : to);
    expect(documents.filter((path) => !reached.has(path))).toEqual([]);
  });
});
