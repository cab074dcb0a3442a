import type { Verb } from './verb.js';

/** What a list of verbs shows of one, without what it needs to be carried out. */
export interface VerbEntry {
  /** Its name and its arguments. */
  readonly usage: string;
  readonly alias?: string;
  readonly summary: string;
  load(): Promise<Verb>;
}

/**
 * Groups of verbs as the help shows them, in its order. Each is loaded when it is meant, with all that it needs: whoever asks for help waits for
 * none of them. A test holds what is said here against what each says of itself.
 */
export const VERBS: Readonly<Record<string, readonly VerbEntry[]>> = {
  'Look:': [
    { usage: 'list', alias: 'ls', summary: 'which sagas there are, the newest first', load: async () => (await import('./list.js')).list },
    { usage: 'show <saga-id>', summary: 'where a saga stands, and what can be done', load: async () => (await import('./show.js')).show },
    { usage: 'replay <saga-id>', summary: 'tell what happened to a saga', load: async () => (await import('./replay.js')).replay },
    { usage: 'history <saga-id>', summary: 'its events as they are stored', load: async () => (await import('./history.js')).history },
    {
      usage: 'plan <saga-id>',
      summary: 'what a cancel would undo, and in which order',
      load: async () => (await import('./plan.js')).plan,
    },
    { usage: 'doctor', summary: 'whether all is well, and what to do if not', load: async () => (await import('./doctor.js')).doctor },
    {
      usage: 'definitions',
      summary: 'what sagas are made of: list, lint, diff, diagram',
      load: async () => (await import('./definitions.js')).definitions,
    },
  ],
  'Prove and carry:': [
    {
      usage: 'audit',
      summary: 'whether histories are genuine, and decided as they should be',
      load: async () => (await import('./audit.js')).audit,
    },
    {
      usage: 'export [saga-ids...]',
      summary: 'write histories as lines of JSON',
      load: async () => (await import('./export-streams.js')).exporting,
    },
    {
      usage: 'import <file>',
      summary: 'take in histories that were exported',
      load: async () => (await import('./import-streams.js')).importing,
    },
  ],
  'For your shell:': [
    {
      usage: 'completion <shell>',
      summary: 'completion for bash, zsh and fish',
      load: async () => (await import('./completion.js')).completion,
    },
  ],
  'Begin, and tell:': [
    { usage: 'start <saga> [input]', summary: 'start a saga', load: async () => (await import('./start.js')).start },
    {
      usage: 'signal <saga-id> <name> [payload]',
      summary: 'tell a saga what a step of it waits for',
      load: async () => (await import('./signal.js')).signal,
    },
    {
      usage: 'task',
      summary: 'say how a step ended that waits for its token: complete, fail, heartbeat',
      load: async () => (await import('./task.js')).task,
    },
  ],
  'Where a person is asked:': [
    { usage: 'retry [saga-id] [target]', summary: 'ask again for what is parked', load: async () => (await import('./retry.js')).retry },
    {
      usage: 'patch [saga-id] [target]',
      summary: 'ask again for what is parked, with other arguments',
      load: async () => (await import('./patch.js')).patch,
    },
    { usage: 'skip [saga-id] [target]', summary: 'go on without what is parked', load: async () => (await import('./skip.js')).skip },
    {
      usage: 'succeed [saga-id] [target] [result]',
      summary: 'what is parked did happen, with this result',
      load: async () => (await import('./succeed.js')).succeed,
    },
    { usage: 'fail [saga-id] [target]', summary: 'a parked pivot did not happen', load: async () => (await import('./fail.js')).fail },
    { usage: 'resume [saga-id]', summary: 'go on', load: async () => (await import('./resume.js')).resume },
    {
      usage: 'dead-letters',
      summary: 'messages that could not be read: list, send-back',
      load: async () => (await import('./dead-letters.js')).deadLetters,
    },
  ],
  'Steer:': [
    { usage: 'cancel [saga-id]', summary: 'turn back, and undo what was done', load: async () => (await import('./cancel.js')).cancel },
    {
      usage: 'start-again <saga-id>',
      summary: 'begin another saga in place of one that has ended',
      load: async () => (await import('./start-again.js')).startAgain,
    },
    { usage: 'suspend [saga-id]', summary: 'request nothing new until resumed', load: async () => (await import('./suspend.js')).suspend },
    {
      usage: 'move <saga-id> <step>',
      summary: 'let a step that waits wait until another time',
      load: async () => (await import('./move.js')).move,
    },
    { usage: 'deadline [saga-id]', summary: 'give a saga more time, or less', load: async () => (await import('./deadline.js')).deadline },
    {
      usage: 'terminate [saga-id]',
      summary: 'end as it stands, undo nothing',
      load: async () => (await import('./terminate.js')).terminate,
    },
  ],
};
