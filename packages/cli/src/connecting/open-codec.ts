import type { PayloadReader } from '@skald/engine';
import type { PayloadCodec } from '@skald/kernel';
import { UsageError } from '../usage.js';

/** A codec, and what there is to be closed with it. */
export interface OpenCodec {
  readonly codec: PayloadReader;
  close?(): void | Promise<void>;
}

/** What an application gives: its codec, or a function that opens one where it is needed. */
export type GivenCodec = PayloadReader | (() => PayloadReader | OpenCodec | Promise<PayloadReader | OpenCodec>);

/** Opens nothing before something has to be opened: most histories need no key, and whoever reads them may have none. */
export class CodecOnDemand implements PayloadCodec {
  private opening: Promise<OpenCodec> | undefined;

  /** `where` it was given, for people. */
  constructor(
    private readonly given: GivenCodec,
    private readonly where: string,
  ) {}

  open: PayloadReader['open'] = async (payloads) => (await this.opened()).codec.open(payloads);

  dropped: PayloadReader['dropped'] = async (sagaIds) => (await this.opened()).codec.dropped(sagaIds);

  seal: PayloadCodec['seal'] = async (payloads) => (await this.whole()).seal(payloads);

  digest: PayloadCodec['digest'] = async (sagaId, text) => (await this.whole()).digest(sagaId, text);

  /** For whoever has something to say. Rejects with `UsageError` where it can only be read with. */
  async whole(): Promise<PayloadCodec> {
    const { codec } = await this.opened();
    if ('seal' in codec && 'digest' in codec) return codec as PayloadCodec;
    throw new UsageError(
      `${this.where} gives a codec that opens and does not seal; what is said over a bus needs what aesGcmCodec() gives`,
    );
  }

  async close(): Promise<void> {
    const { close } = (await this.opening) ?? {};
    await close?.();
  }

  private opened(): Promise<OpenCodec> {
    this.opening ??= this.ask();
    return this.opening;
  }

  private async ask(): Promise<OpenCodec> {
    const answer = typeof this.given === 'function' ? await this.given() : this.given;
    if (isCodec(answer)) return { codec: answer };
    if (isObject(answer) && isCodec(answer.codec)) return answer;
    throw new UsageError(`${this.where} gives no codec: what aesGcmCodec() gives is wanted, a function that gives it, or { codec, close }`);
  }
}

export function isGivenCodec(value: unknown): value is GivenCodec {
  return typeof value === 'function' || isCodec(value);
}

function isCodec(value: unknown): value is PayloadReader {
  return isObject(value) && typeof value['open'] === 'function' && typeof value['dropped'] === 'function';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
