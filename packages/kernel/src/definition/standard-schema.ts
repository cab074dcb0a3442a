/** The part of Standard Schema (https://standardschema.dev, v1) that Skald calls: any zod, valibot or arktype schema has it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Issues as one line for a person: `lines.0.quantity: must be positive; total: …`. */
export function describeIssues(issues: readonly SchemaIssue[]): string {
  return issues.map((issue) => `${(issue.path ?? []).map(segment).join('.') || '(value)'}: ${issue.message}`).join('; ');
}

function segment(part: PropertyKey | { readonly key: PropertyKey }): string {
  return String(typeof part === 'object' ? part.key : part);
}
