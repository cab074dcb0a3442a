import { audit } from './audit.js';
import { exporting } from './export-streams.js';
import { history } from './history.js';
import { importing } from './import-streams.js';
import { list } from './list.js';
import { replay } from './replay.js';
import { show } from './show.js';
import type { Verb } from './verb.js';

/** Groups of verbs as the help shows them, in its order. */
export const VERBS: Readonly<Record<string, readonly Verb[]>> = {
  'Look:': [list, show, replay, history],
  'Prove and carry:': [audit, exporting, importing],
};
