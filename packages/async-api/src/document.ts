import type { JsonSchema } from '@skald/message-bus-kafka';

/** The part of AsyncAPI 3 that is written here. */
export interface AsyncApiDocument {
  readonly asyncapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: 'application/json';
  readonly servers?: Readonly<Record<string, AsyncApiServer>>;
  readonly channels: Readonly<Record<string, Channel>>;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly components: {
    readonly messages: Readonly<Record<string, MessageObject>>;
    readonly schemas: Readonly<Record<string, JsonSchema>>;
  };
}

export interface AsyncApiServer {
  /** `kafka-1:9092`. */
  readonly host: string;
  readonly protocol: 'kafka' | 'kafka-secure';
  readonly description?: string;
}

export interface Reference {
  readonly $ref: string;
}

export interface Channel {
  readonly address: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, Reference>>;
  readonly bindings: { readonly kafka: Readonly<Record<string, unknown>> };
}

export interface MessageObject {
  readonly name: string;
  readonly title: string;
  readonly summary?: string;
  readonly contentType?: 'application/json';
  readonly headers: JsonSchema;
  readonly payload?: JsonSchema;
  readonly bindings: { readonly kafka: Readonly<Record<string, unknown>> };
}

export interface Operation {
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly summary: string;
  readonly messages: readonly Reference[];
  readonly bindings?: { readonly kafka: Readonly<Record<string, unknown>> };
  readonly reply?: {
    readonly address: { readonly location: string; readonly description: string };
    readonly channel: Reference;
    readonly messages: readonly Reference[];
  };
}
