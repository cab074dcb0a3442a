/** Largest amount that is still exact, in cents. */
export const MAX_CENTS = BigInt(Number.MAX_SAFE_INTEGER);

/**
 * What so many units cost, in cents. Exact: the price counts as the decimal number it was written as. A price may have more than two
 * decimals (1,000 screws at 0.0125); then the line, and not the unit, is rounded to the cent, half up, as on an invoice.
 */
export function lineCents(quantity: number, unitPrice: number): bigint {
  const { digits, scale } = decimal(unitPrice);
  const amount = digits * BigInt(quantity);
  if (scale <= 2) return amount * 10n ** BigInt(2 - scale);
  const unit = 10n ** BigInt(scale - 2);
  return (amount + unit / 2n) / unit;
}

/** A number as `digits / 10^scale`, from its shortest decimal form, which is what a person or a program wrote. */
function decimal(value: number): { readonly digits: bigint; readonly scale: number } {
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  return { digits: BigInt(whole + fraction), scale: fraction.length - Number(exponent) };
}

/** `1265.5` for 126550: the nearest number, which prints exact to the cent. */
export function fromCents(cents: number): number {
  return cents / 100;
}

/** `1,265.50`. */
export function showCents(cents: number): string {
  return fromCents(cents).toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}
