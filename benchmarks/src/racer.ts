/** One of the processes that are measured: `racer.js manager|participant plain|skald brokers prefix folder`; told by its parent what to do. */
import type { Kind, Manager, Participant, Role, Setting } from './contestant.js';
import { type Measured, measure } from './load.js';
import { plainManager, plainParticipant } from './plain-contestant.js';
import { skaldManager, skaldParticipant } from './skald-contestant.js';

export type Request = { readonly measure: number; readonly seconds: number } | 'cpu' | 'close';
/** Answers in the order of the requests; first of all `'ready'`. */
export type Answer = 'ready' | Measured | { readonly cpu: number } | { readonly failed: string };

const [role, kind, brokers = '', prefix = '', folder = ''] = process.argv.slice(2) as [Role, Kind, string, string, string];
const setting: Setting = { brokers: brokers.split(','), prefix, folder };

async function open(): Promise<Manager | Participant> {
  if (role === 'manager') return kind === 'plain' ? plainManager(setting) : skaldManager(setting);
  return kind === 'plain' ? plainParticipant(setting) : skaldParticipant(setting);
}

const tell = (answer: Answer): void => void process.send?.(answer);

async function answer(racer: Manager | Participant, request: Request): Promise<void> {
  if (request === 'close') {
    await racer.close();
    process.disconnect();
  } else if (request === 'cpu') {
    const { user, system } = process.cpuUsage();
    tell({ cpu: (user + system) / 1_000 });
  } else if ('run' in racer) tell(await measure((id) => racer.run(id), request.measure, request.seconds));
}

try {
  const racer = await open();
  process.on('message', (request: Request) => void answer(racer, request).catch((error: unknown) => tell({ failed: String(error) })));
  tell('ready');
} catch (error) {
  tell({ failed: String(error) });
}
