import { nextDue, type OperatorAction, possibleActions, type Target } from '@skald/kernel';
import { count } from './coverage.js';
import { giveBack } from './outside-tasks.js';
import { PAYLOADS } from './scenario.js';
import type { World } from './world.js';

type Move = (world: World) => void;

const deliverCommand: Move = (world) => {
  if (world.commands.length > 0) world.deliverCommand(0);
  else if (world.replies.length > 0) world.deliverReply(0);
  else tick(world);
};

const deliverReply: Move = (world) => {
  if (world.replies.length > 0) world.deliverReply(0);
  else if (world.commands.length > 0) world.deliverCommand(0);
  else finishRun(world);
};

const finishRun: Move = (world) => {
  const { runs } = world.participants;
  if (runs.length > 0) world.answered(world.participants.finish(world.choices.pick(runs.length), world.now));
  else tick(world);
};

const reorder: Move = (world) => {
  if (world.choices.pick(2) === 0 && world.commands.length > 1) world.deliverCommand(world.choices.pick(world.commands.length));
  else if (world.replies.length > 1) world.deliverReply(world.choices.pick(world.replies.length));
  else deliverReply(world);
};

const duplicate: Move = (world) => {
  if (world.choices.pick(2) === 0) world.deliverCommand(0, true);
  else world.deliverReply(0, true);
};

const drop: Move = (world) => {
  if (world.choices.pick(2) === 0) world.commands.shift();
  else world.replies.shift();
};

/** The clock goes on to what is due next, and wakes the saga in time, twice, or without need. */
function tick(world: World): void {
  const due = nextDue(world.state);
  if (due !== undefined && due > world.now) world.now = due;
  else world.now += 1;
  world.wake();
}

const jump: Move = (world) => {
  world.now += [1, 10, 40, 150, 600][world.choices.pick(5)] ?? 1;
  if (world.choices.pick(3) > 0) world.wake();
};

const replay: Move = (world) => {
  const { choices, sentCommands, sentReplies, requests } = world;
  const what = choices.pick(4);
  const command = what < 2 && sentCommands.length > 0 ? sentCommands[choices.pick(sentCommands.length)] : undefined;
  const reply = what === 2 && sentReplies.length > 0 ? sentReplies[choices.pick(sentReplies.length)] : undefined;
  const request = what === 3 ? requests[choices.pick(requests.length)] : undefined;
  if (command) world.execute(command);
  if (reply) world.receive({ type: 'reply', at: world.now, ...reply });
  if (request) world.receive({ ...request, at: world.now });
};

/** The first command ever sent arrives once more. */
function replayOldest(world: World): void {
  const [command] = world.sentCommands;
  if (command) world.execute(command);
}

const cancel: Move = (world) => {
  if (world.parent && world.choices.pick(2) === 1) return world.parent.goOn();
  if (world.choices.pick(3) === 2) cancelAtOnce(world);
  else deliverReply(world);
};

function cancelAtOnce(world: World): void {
  world.requestCount += 1;
  world.request({ type: 'cancel', at: world.now, request: `r${world.requestCount}`, reason: 'because', by: 'caller' });
}

const ACTIONS: readonly OperatorAction[] = [
  ...(['retry', 'patch', 'skip', 'succeed', 'fail', 'move', 'deadline', 'suspend', 'resume', 'terminate'] as const),
];

const operator: Move = (world) => {
  const { choices, state } = world;
  const targets = [...state.parked.keys()];
  if (targets.length === 0 && state.heldSince === undefined && choices.pick(4) > 0) return deliverReply(world);
  const target = targets[choices.pick(targets.length || 1)];
  const possible: readonly OperatorAction[] = target ? possibleActions(state, target) : ['suspend', 'resume'];
  const rare = choices.pick(8) === 7 ? ACTIONS[choices.pick(ACTIONS.length)] : undefined;
  operate(world, rare ?? possible[choices.pick(possible.length)] ?? 'resume', target, choices.pick(12) === 11);
};

export function operate(world: World, action: OperatorAction, target: Target | undefined, stale = false): void {
  world.requestCount += 1;
  const parked = target && world.state.parked.get(target);
  const { answer } = world.request({
    type: 'operator',
    at: world.now,
    request: `r${world.requestCount}`,
    action,
    by: 'operator',
    reason: 'looked at it',
    ...(target !== undefined && { target }),
    ...(parked && { seen: stale ? parked.revision - 1 : parked.revision }),
    ...(action === 'succeed' && { result: 'declared' }),
    ...(action === 'patch' && { args: [`patched ${world.requestCount}`] }),
    ...(action === 'deadline' && world.choices.pick(4) > 0 && { dueAt: world.now + 100 * (world.choices.pick(6) - 1) }),
    ...(action === 'move' && { dueAt: world.now + 100 * (world.choices.pick(4) - 1) }),
  });
  if (answer && !answer.accepted) count(world.coverage, `operator refused: ${answer.code}`);
  const aimed = parked && action !== 'deadline' && action !== 'suspend' && action !== 'resume' && action !== 'terminate';
  if (stale && aimed && answer?.accepted) world.violations.push(`${action} of ${target} was accepted, decided on what is no longer so`);
}

/** An operator moves a step that waits; or nobody waits, and time goes on. */
const move: Move = (world) => {
  const waiting = [...world.state.steps.values()].filter(({ status }) => status === 'waiting');
  const step = waiting[world.choices.pick(waiting.length || 1)];
  if (step && world.choices.pick(3) === 2) operate(world, 'move', `step:${step.id}`);
  else tick(world);
};

/** The limiter says that there is a slot: where the saga waits for it, has it, or never asked. */
const grant: Move = (world) => {
  const { limits } = world.scenario.definition;
  if (limits || world.choices.pick(8) === 7) world.receive({ type: 'slot', at: world.now });
  else tick(world);
};

/** The deadline is moved; or time goes on. */
const moveDeadline: Move = (world) => {
  const { state, choices } = world;
  if (state.timers.has('deadline') && choices.pick(2) === 1) operate(world, 'deadline', undefined);
  else tick(world);
};

/** A signal comes: early, in time or late, new or once more, to a step that is there, or by a name that several take. */
const signal: Move = (world) => {
  const { choices, scenario } = world;
  const takers = scenario.definition.steps.filter((step) => step.kind === 'signal');
  const taker = takers[choices.pick(takers.length || 1)];
  if (!taker) return deliverReply(world);
  sendSignal(world, taker.signal, `g${choices.pick(6)}`, PAYLOADS[choices.weigh([4, 1, 1, 1])] ?? 'yes');
};

/** One of two signals, with what the saga likes to hear or not. */
function signalAtOnce(world: World): void {
  const taker = world.scenario.definition.steps.find((step) => step.kind === 'signal');
  const said = world.choices.pick(3);
  if (taker) sendSignal(world, taker.signal, said === 2 ? 'g2' : 'g1', said === 1 ? 'no' : 'yes');
}

export function sendSignal(world: World, name: string, request: string, payload: string): void {
  const { answer, events } = world.request({ type: 'signal', at: world.now, request, name, payload });
  if (!answer?.accepted) count(world.coverage, `signal refused: ${answer?.code}`);
  else if (events.length === 0) count(world.coverage, 'signal repeated');
}

/** A child goes on; or there is none, and time does. */
const childGoesOn: Move = (world) => {
  const told = world.participants.children.goOn(world.choices, false);
  if (typeof told === 'object') world.answered(told);
  else if (!told) tick(world);
};

/** A task token comes back; or none was handed out, and time goes on. */
const task: Move = (world) => {
  if (!giveBack(world)) tick(world);
};

/** A person speaks for whoever has the token. */
function speakFor(world: World): boolean {
  const deferred = [...world.state.steps.values()].filter(({ status }) => status === 'deferred');
  const step = deferred[world.choices.pick(deferred.length || 1)];
  if (step) operate(world, (['move', 'succeed', 'fail'] as const)[world.choices.pick(3)] ?? 'move', `step:${step.id}`);
  return step !== undefined;
}

const crash: Move = (world) => {
  if (world.choices.pick(3) === 2) world.commands.length = 0;
  world.crash();
};

const rare: Move = (world) => {
  const what = world.choices.pick(4);
  if (what === 2 && speakFor(world)) return;
  if (what !== 3) return tick(world);
  count(world.coverage, 'fault');
  world.receive({ type: 'fault', at: world.now, error: { name: 'payload-too-large', message: 'too large' } });
};

/** What can happen next, the tame first, each with its weight. */
const MOVES: readonly (readonly [Move, number])[] = [
  [deliverCommand, 4],
  [deliverReply, 4],
  [tick, 3],
  [finishRun, 2],
  [reorder, 2],
  [duplicate, 1],
  [drop, 1],
  [jump, 2],
  [replay, 1],
  [cancel, 1],
  [operator, 2],
  [move, 1],
  [moveDeadline, 1],
  [grant, 1],
  [signal, 2],
  [task, 2],
  [childGoesOn, 2],
  [crash, 1],
  [rare, 1],
];
const WEIGHTS = MOVES.map(([, weight]) => weight);

/** Few moves, for enumerating all ways a small saga can go. */
const FEW_MOVES: readonly Move[] = [deliverCommand, deliverReply, tick, finishRun, drop, replayOldest, cancelAtOnce];
const FEW_WITH_SIGNALS: readonly Move[] = [...FEW_MOVES, signalAtOnce];
const FEW_WITH_TASKS: readonly Move[] = [...FEW_MOVES, task];
const FEW_WITH_CHILDREN: readonly Move[] = [...FEW_MOVES, childGoesOn];
const FEW_WITH_A_PARENT: readonly Move[] = [...FEW_MOVES, (world) => world.parent?.goOn()];

export function disturb(world: World, repertoire: 'many' | 'few' = 'many'): void {
  const isTold = world.scenario.definition.steps.some(({ kind }) => kind === 'signal');
  const isDeferred = world.scenario.definition.steps.some((step) => step.kind === 'command' && step.callback);
  const hasChild = [...world.scenario.steps.values()].some(({ child }) => child);
  const few = world.parent
    ? FEW_WITH_A_PARENT
    : isTold
      ? FEW_WITH_SIGNALS
      : isDeferred
        ? FEW_WITH_TASKS
        : hasChild
          ? FEW_WITH_CHILDREN
          : FEW_MOVES;
  if (repertoire === 'few') few[world.choices.pick(few.length)]?.(world);
  else MOVES[world.choices.weigh(WEIGHTS)]?.[0](world);
}
