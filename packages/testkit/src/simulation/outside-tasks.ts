/**
 * Somebody outside who was handed a task token: works, tells how it ended, tells it twice, or tells something else.
 *
 * Invariants, reported as violations
 * T1  A token ends its task once: what contradicts the first outcome is refused.
 * T2  A token of another life, step or round is refused.
 */
import type { CommandMessage, StepOptions, TaskAction } from '@skald/kernel';
import type { Choices } from './choices.js';
import { count } from './coverage.js';
import type { KeyRecord } from './model-fence.js';
import type { World } from './world.js';

export interface OutsideTask {
  readonly incarnation: string;
  readonly step: string;
  readonly round: number;
  readonly record: KeyRecord;
  /** What came of it in the world, and was said. */
  state: 'open' | 'completed' | 'failed' | 'over';
}

/** One step in five may be answered later, half of those with heartbeats. */
export function drawCallback(choices: Choices): Pick<StepOptions, 'callback'> {
  const how = choices.pick(10);
  return how < 8 ? {} : { callback: { timeout: 160, ...(how === 9 && { heartbeat: 45 }) } };
}

export function taskOf({ incarnation, step, round }: CommandMessage, record: KeyRecord): OutsideTask {
  return { incarnation, step, round, record, state: 'open' };
}

const ERROR = { name: 'Declined', message: 'no' };

/** A token comes back, one of those that were ever handed out. */
export function giveBack(world: World): boolean {
  const { choices, participants } = world;
  const task = participants.tasks[choices.pick(participants.tasks.length || 1)];
  if (!task) return false;
  const how = choices.weigh([4, 2, 3, 1]);
  if (how === 2) world.now += 20 * choices.pick(2);
  if (how === 3) forge(world, task);
  else tell(world, task, (['complete', 'fail', 'heartbeat'] as const)[how] ?? 'complete');
  return true;
}

export function tell(world: World, task: OutsideTask, action: TaskAction): void {
  const { record } = task;
  // Whoever says that it failed has taken back what was begun.
  if (action === 'fail' && task.state === 'open') record.standing = Math.max(0, record.standing - 1);
  const accepted = send(world, task, action);
  if (action === 'heartbeat') return;
  const outcome = action === 'complete' ? 'completed' : 'failed';
  if (accepted && task.state !== 'open' && task.state !== outcome)
    world.violations.push(`T1 task ${task.step}#${task.round} ${outcome}, and had ${task.state}`);
  if (task.state === 'open') task.state = accepted ? outcome : 'over';
}

function forge(world: World, task: OutsideTask): void {
  const forged = [
    { ...task, incarnation: 'another' },
    { ...task, step: 'another' },
    { ...task, round: task.round + 1_000 },
  ];
  if (send(world, forged[world.choices.pick(3)] ?? task, 'complete'))
    world.violations.push(`T2 a forged token of ${task.step} was accepted`);
}

function send(world: World, { incarnation, step, round }: OutsideTask, action: TaskAction): boolean {
  world.requestCount += 1;
  const { answer, events } = world.request({
    ...{ type: 'task', at: world.now, request: `t${world.requestCount}`, incarnation, step, round, action },
    ...(action === 'complete' && { result: step }),
    ...(action === 'fail' && { error: ERROR }),
  });
  const accepted = answer?.accepted === true;
  if (!accepted && answer?.code === 'task-over') count(world.coverage, `task over: ${answer.details?.['why']?.replace(/ \(.*/, '')}`);
  if (accepted && events.length === 0) count(world.coverage, action === 'heartbeat' ? 'heartbeat not recorded' : 'task repeated');
  return accepted;
}

/** In a fair world somebody ends what is open, unless its time runs out first. */
export function endTask(world: World): boolean {
  const { state, participants, choices } = world;
  if (state.phase !== 'running') return false;
  for (const task of participants.tasks) {
    const step = state.steps.get(task.step);
    if (task.state !== 'open' || step?.status !== 'deferred' || step.round !== task.round || choices.pick(3) === 2) continue;
    tell(world, task, choices.pick(4) === 3 ? 'fail' : 'complete');
    return true;
  }
  return false;
}
