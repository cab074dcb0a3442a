import type { StandardSchema } from '@skald/kernel';
import type { JsonSchema } from '@skald/message-bus-kafka';

/** `input`: what a schema takes; `output`: what it gives, where it changes what it takes. */
export type Direction = 'input' | 'output';

/** Turns a schema into JSON Schema, draft-07; `undefined` where it cannot. */
export type SchemaConverter = (schema: StandardSchema, direction: Direction) => JsonSchema | undefined;

/** What Standard JSON Schema (https://standardschema.dev/json-schema) adds; zod since 4.2, arktype and valibot have it. */
interface WithJsonSchema {
  readonly jsonSchema?: { readonly [D in Direction]: (options: { readonly target: string }) => Record<string, unknown> };
}

/** The schemas of payloads, by name; what a schema refers to inside itself stands beside it. */
export class PayloadSchemas {
  readonly all: Record<string, JsonSchema> = {};

  constructor(private readonly convert: SchemaConverter | undefined) {}

  /** A reference to the schema; any JSON where there is none, or none that can be turned into JSON Schema. */
  add(name: string, schema: StandardSchema | undefined, direction: Direction): JsonSchema {
    const converted = schema && this.#converted(schema, direction);
    if (!converted) return {};
    const { $schema: _draft, definitions = {}, $defs = {}, ...own } = converted;
    const key = keyOf(name);
    for (const [inner, definition] of Object.entries({ ...(definitions as JsonSchema), ...($defs as JsonSchema) }))
      this.all[`${key}.${keyOf(inner)}`] = hoisted(definition, key) as JsonSchema;
    this.all[key] = hoisted(own, key) as JsonSchema;
    return schemaReference(name);
  }

  #converted(schema: StandardSchema, direction: Direction): JsonSchema | undefined {
    const given = this.convert?.(schema, direction);
    if (given) return given;
    const { jsonSchema } = schema['~standard'] as WithJsonSchema;
    try {
      return jsonSchema?.[direction]({ target: 'draft-07' });
    } catch {
      // By its own specification it throws for what JSON Schema cannot say.
      return undefined;
    }
  }
}

export function schemaReference(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${keyOf(name)}` };
}

/** What AsyncAPI takes as a key of its components. */
export function keyOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, (letter) => `_${letter.codePointAt(0)?.toString(16)}_`);
}

/** References of a schema to itself and to its definitions, as they are in the document. */
function hoisted(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.map((one) => hoisted(one, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (name !== '$ref' || typeof member !== 'string') return [name, hoisted(member, key)];
      const [, inner] = /^#\/(?:definitions|\$defs)\/(.+)$/.exec(member) ?? [];
      if (inner !== undefined) return [name, `#/components/schemas/${key}.${keyOf(inner)}`];
      return [name, member === '#' ? `#/components/schemas/${key}` : member];
    }),
  );
}
