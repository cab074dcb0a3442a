import { describe, expect, it } from '@jest/globals';
import { columns } from './columns.js';
import { painter } from './paint.js';
import { shortened, widthOfText, wrapped } from './plain-text.js';

const paint = painter(false);

describe('A line of a terminal', () => {
  it('has columns that stand below each other in any script', () => {
    const rows = [
      ['李雷', '✔', 'ends'],
      ['Zoë', '✔', 'here'],
      ['👩‍💻', '✔', 'too'],
    ].map((row) => row.map((text) => ({ text })));
    const lines = columns(rows, { paint });
    const places = lines.map((line) => widthOfText(line.slice(0, line.indexOf('✔'))));
    expect(new Set(places)).toEqual(new Set([6]));
  });

  it.each([
    ['a text that fits', 'lamp', 4, 'lamp'],
    ['letters', 'lampshade', 5, 'lamp…'],
    ['characters of two columns', '东方红太阳升', 6, '东方…'],
    ['no half of a character', 'ab👩‍💻cd', 4, 'ab…'],
  ])('is cut where it is full: %s', (_what, text, width, cut) => {
    expect(shortened(text, width)).toBe(cut);
    expect(widthOfText(cut)).toBeLessThanOrEqual(width);
  });

  it('is cut as fast where a megabyte stands in it', () => {
    expect(shortened('字'.repeat(500_000), 20)).toBe(`${'字'.repeat(9)}…`);
  });

  it('goes on below its own beginning', () => {
    expect(wrapped('→ Start the application, then look again.', 20, '  ')).toEqual(['→ Start the', '  application, then', '  look again.']);
  });
});
