import { UsageError } from '../usage.js';

/** The saga that is named, or undefined for all of them. */
export function oneOrAll(sagaId: string | undefined, { all }: { readonly all?: true }): string | undefined {
  if (sagaId !== undefined && all) throw new UsageError('a saga id or --all, not both');
  if (sagaId === undefined && !all) throw new UsageError('a saga id is wanted, or --all');
  return sagaId;
}
