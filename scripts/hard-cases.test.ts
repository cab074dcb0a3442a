import { describe, expect, test } from '@jest/globals';
import { HARD_CASES, hardCases, namedByTests, namedIn } from './hard-cases.ts';

describe('The page of hard cases', () => {
  test('has each of them once, with its rule', () => {
    const cases = hardCases();
    expect(cases.map(({ number }) => number).sort()).toEqual([...HARD_CASES].sort());
    expect(cases.filter(({ rule }) => rule === undefined)).toEqual([]);
  });

  test.each(hardCases())('names all tests of $number, and there are some', ({ number, tests }) => {
    expect(namedByTests().get(number)).not.toEqual([]);
    expect(tests).toEqual(namedByTests().get(number));
  });
});

describe('A title', () => {
  test.each([
    ["it('A9: is sent once')", ['A9']],
    ["describe.each(ALL)('A15, O5: %s', (name) => {})", ['A15', 'O5']],
    ['sentence(`A5: keeps both`)', ['A5']],
    ["it('says A9: nothing')", []],
    ["it('A9 is not named without a colon')", []],
  ])('%s', (text, numbers) => {
    expect([...namedIn(text)]).toEqual(numbers);
  });
});
