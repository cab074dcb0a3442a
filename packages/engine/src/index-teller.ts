import type { PayloadCodec, SagaIndex } from '@skald/kernel';
import type { IndexProjection } from './index-projection.js';
import { maskedSummary } from './payloads/seal-turns.js';
import type { Turn } from './turn.js';

export interface IndexTellerPorts {
  readonly index: SagaIndex;
  /** Feeds the index where its store does not: it tells by itself, and exactly. */
  readonly projection?: IndexProjection | undefined;
  readonly codec?: PayloadCodec | undefined;
}

/** Tells the index what no write carried. */
export class IndexTeller {
  private telling = Promise.resolve();

  constructor(private readonly ports: IndexTellerPorts) {}

  async tell(turns: readonly Turn[]): Promise<void> {
    const { index, projection, codec } = this.ports;
    if (projection) return;
    const summaries = turns.flatMap(({ write, summary }) => (!write && summary ? [codec ? maskedSummary(summary) : summary] : []));
    if (summaries.length === 0) return;
    // One after the other: the position that is put must not be one of before.
    const told = this.telling.then(async () => index.put(summaries, await index.position()));
    this.telling = told.catch(() => undefined);
    await told;
  }
}
