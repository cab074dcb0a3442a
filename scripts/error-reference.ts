import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../packages/kernel/dist/index.js';
import { root } from './repository.ts';

interface Entry {
  readonly what: string;
  readonly fix: string;
  readonly retryable: boolean;
}

/** The page that the catalogue of errors is written to: `node scripts/error-reference.ts`, after a build. A test compares the two. */
export const errorReference = 'docs/reference/errors.md';

/** Every code with what happened, what to do, and whether the same call may succeed later. */
export function renderErrors(catalogue: Readonly<Record<string, Entry>> = CATALOGUE): string {
  const entries = Object.entries(catalogue);
  const lines = [
    '# Errors',
    '',
    'Every error that Skald raises is a `SkaldError` from `@skald/kernel`. Switch on its `code`; `message` says what happened and what to do,',
    '`details` holds what is set in *italics* below, `retryable` says whether the same call may succeed later, `cause` is what lay beneath.',
    '',
    'What a participant throws is no `SkaldError`: it is recorded in the saga with its own name and message. Declared failures extend',
    '`BusinessError`; a saga’s own method ends its saga by `SagaAborted`.',
    '',
    ...entries.map(([code]) => `- [\`${code}\`](#${code})`),
    ...entries.flatMap(([code, entry]) => ['', ...section(code, entry)]),
  ];
  return `${lines.join('\n')}\n`;
}

function section(code: string, { what, fix, retryable }: Entry): string[] {
  return [
    `## ${code}`,
    '',
    prose(what),
    '',
    `- What to do: ${fix === '{remedy}' ? 'as the message says.' : prose(fix)}`,
    `- Retryable: ${retryable ? 'yes' : 'no'}.`,
  ];
}

/** Placeholders in italics, on one line. */
function prose(template: string): string {
  return template
    .replaceAll(/\{(\w+)\}/g, '*$1*')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

if (import.meta.main) {
  writeFileSync(join(root, errorReference), renderErrors());
  console.log(`${errorReference}: ${Object.keys(CATALOGUE).length} errors`);
}
