import type { describe as Describe, expect as Expect, it as It } from '@jest/globals';

interface TestFramework {
  readonly describe: typeof Describe;
  readonly expect: typeof Expect;
  readonly it: typeof It;
}

/** From the global scope, not by import: `@jest/globals` throws when it is loaded outside Jest, and the rest of this package is used there too. */
const framework = globalThis as unknown as TestFramework;
export const describe: TestFramework['describe'] = framework.describe;
export const expect: TestFramework['expect'] = framework.expect;
export const it: TestFramework['it'] = framework.it;
