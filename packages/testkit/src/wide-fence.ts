import type { Fence, FenceRecord } from '@skald/kernel';

/** Runs many sessions at the same time, without transactions: for tests about who runs when. */
export class WideFence implements Fence {
  readonly kind = 'transactional';
  readonly records = new Map<string, FenceRecord>();

  /** `concurrency`: commands at the same time. */
  constructor(readonly concurrency: number) {}

  session<T>(work: Parameters<Fence['session']>[0]): Promise<T> {
    const session = {
      get: (key: string) => this.records.get(key),
      put: (key: string, record: FenceRecord) => void this.records.set(key, record),
      savepoint: <S>(inner: () => Promise<S>) => inner(),
    };
    return work(session) as Promise<T>;
  }

  async prune(): Promise<number> {
    return 0;
  }
}
