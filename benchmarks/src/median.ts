/** To two decimals. */
export function median(all: readonly number[]): number {
  const sorted = [...all].sort((one, other) => one - other);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return rounded(((low ?? Number.NaN) + (high ?? Number.NaN)) / 2);
}

export const rounded = (value: number): number => Math.round(value * 100) / 100;
