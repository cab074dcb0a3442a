/** A statement about one order changed the one row it was about. Anything else is a bug, and throws, so that nothing of it is kept. */
export function onlyRow({ changes }: { readonly changes: number | bigint }, orderId: string): void {
  if (changes !== 1) throw new Error(`order ${orderId} is not here`);
}
