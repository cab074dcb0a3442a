import { audit } from './audit.js';
import { cancel } from './cancel.js';
import { exporting } from './export-streams.js';
import { fail } from './fail.js';
import { history } from './history.js';
import { importing } from './import-streams.js';
import { list } from './list.js';
import { move } from './move.js';
import { replay } from './replay.js';
import { resume } from './resume.js';
import { retry } from './retry.js';
import { show } from './show.js';
import { signal } from './signal.js';
import { skip } from './skip.js';
import { start } from './start.js';
import { succeed } from './succeed.js';
import { suspend } from './suspend.js';
import { terminate } from './terminate.js';
import type { Verb } from './verb.js';

/** Groups of verbs as the help shows them, in its order. */
export const VERBS: Readonly<Record<string, readonly Verb[]>> = {
  'Look:': [list, show, replay, history],
  'Prove and carry:': [audit, exporting, importing],
  'Begin, and tell:': [start, signal],
  'Where a person is asked:': [retry, skip, succeed, fail, resume],
  'Steer:': [cancel, suspend, move, terminate],
};
