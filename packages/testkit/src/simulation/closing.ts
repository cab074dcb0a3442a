import { nextDue, statusOf, type Target } from '@skald/kernel';
import { operate, sendSignal } from './adversary.js';
import { count } from './coverage.js';
import { LEASE } from './model-fence.js';
import { endTask } from './outside-tasks.js';
import { inspectSummary } from './summary-inspection.js';
import type { World } from './world.js';

const MAX_ROUNDS = 600;

/**
 * The world becomes fair: participants work, messages arrive, timers fire, code is mended, and an operator resolves what is parked. Then
 * the network delivers everything it ever carried once more. After that nothing may be left to do.
 */
export function closeFairly(world: World): void {
  world.participants.fair = true;
  world.scenario.repaired = true;
  const attended = world.choices.weigh([3, 1]) === 0;
  settle(world, attended);
  deliverAllAgain(world);
  settle(world, attended);
  world.parent?.close();
  const status = statusOf(world.state);
  if (status === 'running' || status === 'throttled' || status === 'compensating') world.violations.push(`came to rest while ${status}`);
  if (status === 'suspended' && attended) world.violations.push('came to rest suspended, with an operator there');
  if (status === 'suspended') count(world.coverage, 'left suspended, no operator came');
  world.check();
  const ended = inspectSummary(world.history, world.state, (violation) => void world.violations.push(violation));
  if (ended) count(world.coverage, 'could have been an express saga');
}

function settle(world: World, attended: boolean): void {
  const tries = new Map<Target, number>();
  for (let round = 0; round < MAX_ROUNDS; round++) if (!step(world, attended, tries)) return;
  world.violations.push('does not come to rest');
}

/** One thing that is left to do; false when there is none. */
function step(world: World, attended: boolean, tries: Map<Target, number>): boolean {
  const { participants } = world;
  if (world.replies.length > 0) world.deliverReply(0);
  else if (world.commands.length > 0) world.deliverCommand(0);
  else if (participants.runs.length > 0) world.answered(participants.finish(0, world.now));
  else if (statusOf(world.state) === 'throttled') world.receive({ type: 'slot', at: world.now });
  else return answer(world) || endTask(world) || childEnds(world) || wake(world) || (attended && attend(world, tries));
  return true;
}

/** Somebody at last says what a step waits for; or its time runs out first, where it has one. */
function answer(world: World): boolean {
  const { state, scenario, choices } = world;
  if (state.phase !== 'running' || state.parked.size > 0 || state.heldSince !== undefined) return false;
  for (const step of scenario.definition.steps) {
    const known = state.steps.get(step.id);
    if (step.kind !== 'signal' || known?.status !== 'waiting') continue;
    // Kept and not taken: the saga only waits for the outcome of a pivot to turn back, and takes nothing any more.
    if (state.signals.has(step.signal) && state.signals.get(step.signal)?.length !== 0) continue;
    if (state.timers.has(`step:${step.id}`) && choices.pick(2) === 1) continue;
    sendSignal(world, step.signal, `closing ${world.requests.length}`, 'yes');
    return true;
  }
  return false;
}

/** Children come to their ends. */
function childEnds(world: World): boolean {
  const told = world.participants.children.goOn(world.choices, true);
  if (typeof told === 'object') world.answered(told);
  return told !== false;
}

function wake(world: World): boolean {
  const due = nextDue(world.state);
  if (due === undefined) return false;
  // Later than due, so that the leases of interrupted runs are over by the next attempt.
  world.now = Math.max(world.now, due) + LEASE;
  world.wake();
  return true;
}

function attend(world: World, tries: Map<Target, number>): boolean {
  const { state } = world;
  const [target] = state.parked.keys();
  if (state.heldSince !== undefined) operate(world, 'resume', undefined);
  else if (target === undefined) return false;
  else {
    const tried = tries.get(target) ?? 0;
    tries.set(target, tried + 1);
    operate(world, tried < 2 ? 'retry' : target === 'program' ? 'terminate' : 'succeed', target);
  }
  return true;
}

function deliverAllAgain(world: World): void {
  for (const command of [...world.sentCommands]) world.execute(command);
  for (const reply of [...world.sentReplies]) world.receive({ type: 'reply', at: world.now, ...reply });
  for (const request of [...world.requests])
    if (request.type === 'start' || request.type === 'signal' || request.type === 'task' || request.type === 'asked')
      world.receive({ ...request, at: world.now });
}
