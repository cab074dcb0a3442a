import { writeFileSync } from 'node:fs';
import { reference } from './reference.js';

writeFileSync(new URL('../../../../docs/reference/cli.md', import.meta.url), await reference());
