/** W3C trace context: passed on as it is, looked at by nobody here. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** `00-<32 hex>-<16 hex>-<2 hex>`, and the same of versions to come. */
export function isTraceparent(text: string): boolean {
  return /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/.test(text);
}
