import { audit } from './audit.js';
import { cancel } from './cancel.js';
import { completion } from './completion.js';
import { deadline } from './deadline.js';
import { definitions } from './definitions.js';
import { doctor } from './doctor.js';
import { exporting } from './export-streams.js';
import { fail } from './fail.js';
import { history } from './history.js';
import { importing } from './import-streams.js';
import { list } from './list.js';
import { move } from './move.js';
import { patch } from './patch.js';
import { plan } from './plan.js';
import { replay } from './replay.js';
import { resume } from './resume.js';
import { retry } from './retry.js';
import { show } from './show.js';
import { signal } from './signal.js';
import { skip } from './skip.js';
import { start } from './start.js';
import { startAgain } from './start-again.js';
import { succeed } from './succeed.js';
import { suspend } from './suspend.js';
import { task } from './task.js';
import { terminate } from './terminate.js';
import type { Verb } from './verb.js';

/** Groups of verbs as the help shows them, in its order. */
export const VERBS: Readonly<Record<string, readonly Verb[]>> = {
  'Look:': [list, show, replay, history, plan, doctor, definitions],
  'Prove and carry:': [audit, exporting, importing],
  'For your shell:': [completion],
  'Begin, and tell:': [start, signal, task],
  'Where a person is asked:': [retry, patch, skip, succeed, fail, resume],
  'Steer:': [cancel, startAgain, suspend, move, deadline, terminate],
};
