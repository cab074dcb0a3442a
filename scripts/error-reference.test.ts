import { describe, expect, it } from '@jest/globals';
import { CATALOGUE } from '../packages/kernel/src/errors/error-catalogue.ts';
import { errorReference, renderErrors } from './error-reference.ts';
import { readText, repositoryFiles } from './repository.ts';

const codes = Object.keys(CATALOGUE);
const page = readText(errorReference);

describe('The reference of errors', () => {
  it('has a section for each code of the catalogue, and none besides', () => {
    expect([...page.matchAll(/^## (.+)$/gm)].map(([, code]) => code)).toEqual(codes);
  });

  it('says what the catalogue says (else run: node scripts/error-reference.ts)', () => {
    expect(page).toBe(renderErrors(CATALOGUE));
  });
});

describe('The catalogue of errors', () => {
  it.each(Object.entries(CATALOGUE))('%s says in sentences what happened and what to do', (code, { what, fix }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(what).toMatch(/[.\n]$/);
    expect(fix).toMatch(/([.\n]|^\{remedy\})$/);
  });

  it('has no code that nothing raises', () => {
    const sources = repositoryFiles().filter((path) => /^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !path.endsWith('.test.ts'));
    const text = sources
      .filter((path) => !/kernel.src.(error-catalogue|store-errors)\.ts$/.test(path))
      .map(readText)
      .join('\n');
    expect(codes.filter((code) => !text.includes(`'${code}'`))).toEqual([]);
  });
});
