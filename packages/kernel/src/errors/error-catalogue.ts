import { STORE_ERRORS } from './store-errors.js';

/** All errors that Skald raises: what happened, what to do, whether the same call may succeed later. Checked against docs/reference/errors.md. */
export const CATALOGUE = {
  'invalid-duration': {
    what: '{field}: "{value}" is not a duration.',
    fix: 'Write milliseconds as a number, or a number with a unit: 250ms, 5s, 10m, 2h, 7d (up to 1000d).',
    retryable: false,
  },
  'invalid-definition': {
    what: 'The definition of saga {saga} cannot run:\n{findings}\n',
    fix: 'Mend each finding as it says.',
    retryable: false,
  },
  'invalid-participant': { what: 'Participant {participant}: {problem}.', fix: '{remedy}', retryable: false },
  'not-a-saga': {
    what: '{value} is not a saga.',
    fix: 'Decorate the class with @Saga({ name, version }), or pass what defineSaga() gives.',
    retryable: false,
  },
  'not-a-command': { what: 'In saga {saga}, {method} returned {returned} instead of a command.', fix: '{remedy}', retryable: false },
  'standard-decorators': {
    what: '{decorator} was called as a standard decorator; Skald needs TypeScript’s experimental ones.',
    fix: 'Set experimentalDecorators and emitDecoratorMetadata in tsconfig.json, and their like in other tools that compile the code.',
    retryable: false,
  },
  'choice-ambiguous': {
    what: 'In saga {saga}, choice {choice} would take {branches}: its guards do not exclude one another.',
    fix: 'Mend the guards, so that one at most says yes, and resume the saga.',
    retryable: false,
  },
  'choice-undecided': {
    what: 'In saga {saga}, choice {choice} takes none of {branches}: no guard says yes.',
    fix: 'Mend the guards, or say what is taken otherwise, and resume the saga.',
    retryable: false,
  },
  'not-a-list': { what: 'In saga {saga}, step {step} gives {what}.', fix: 'Give a list of items, or split the work.', retryable: false },
  nondeterministic: {
    what: 'Saga {sagaId} does not say again what it said before: {what}.',
    fix: 'Make it depend on the input and on the results of the steps before it alone, deploy that, and resume the saga.',
    retryable: false,
  },
  'duplicate-saga': {
    what: 'Saga {saga} version {version} is registered twice.',
    fix: 'Register it once, or give one of them another name or version.',
    retryable: false,
  },
  'duplicate-participant': {
    what: 'Participant {participant} is registered twice.',
    fix: 'Register it once, or rename one of them.',
    retryable: false,
  },
  'unknown-participant': {
    what: 'Saga {saga}, step {step} asks participant "{participant}", which is not registered (registered: {known}).',
    fix: 'Register it with .participants(…), or correct the name in participant(…).',
    retryable: false,
  },
  'unknown-action': {
    what: 'Participant {participant} has no action "{action}" (actions: {known}).',
    fix: 'Add a public async method of that name, or correct the saga.',
    retryable: false,
  },
  'inputs-missed': { what: 'Partitions {partitions} lost inputs unread.', fix: 'Raise retention.ms above any downtime.', retryable: false },
  'express-overloaded': { what: '{limit} express sagas wait already.', fix: 'Start fewer, or raise expressInFlight.', retryable: true },
  'express-needs-fence': {
    what: 'Express saga {saga}, step {step} asks participant {participant}, whose fence is not in the database of its effects.',
    fix: 'Register it with .participant(Class, { fence: sqliteFence(db) }) or another fence in its own database, or give the saga mode standard.',
    retryable: false,
  },
  'clock-differs': { what: 'This clock is {milliseconds} ms ahead of the broker’s.', fix: 'Set it right.', retryable: true },
  'saga-not-registered': {
    what: 'Saga {saga} version {version} is not registered here.',
    fix: 'Register it with .sagas(…).',
    retryable: true,
  },
  'invalid-input': {
    what: 'The input of saga {saga} is refused by its schema: {issues}.',
    fix: 'Correct the named fields; nothing was started.',
    retryable: false,
  },
  'input-too-large': {
    what: 'The input of saga {saga} is {bytes} bytes of JSON; the limit is {limit}.',
    fix: 'Store the data elsewhere and pass a reference.',
    retryable: false,
  },
  'invalid-saga-id': {
    what: '"{id}" cannot be a saga id.',
    fix: 'Use 1 to 200 characters: well-formed Unicode without control characters.',
    retryable: false,
  },
  'saga-exists': {
    what: 'Saga {sagaId} was started with another input (there {existing}, here {given}, SHA-256 of the canonical JSON).',
    fix: 'Use another id, or the same input.',
    retryable: false,
  },
  'saga-not-found': { what: 'There is no saga {sagaId}.', fix: 'Check the id and the saga’s name.', retryable: false },
  'saga-ended': {
    what: 'Saga {sagaId} has ended ({status}).',
    fix: 'Nothing is left to do; start a new one if it must run again.',
    retryable: false,
  },
  'unknown-signal': {
    what: 'No step of saga {saga} takes a signal "{signal}" (signals: {known}).',
    fix: 'Correct the name, or add a step that takes it.',
    retryable: false,
  },
  'invalid-signal': {
    what: 'The payload of signal {signal} for saga {saga} is refused: {issues}.',
    fix: 'Correct the named fields; nothing was sent.',
    retryable: false,
  },
  'too-many-signals': {
    what: 'Saga {sagaId} keeps {limit} signals that no step has taken yet.',
    fix: 'Look at what it waits for; send only signals that it has a step for.',
    retryable: true,
  },
  'task-token-invalid': {
    what: 'The task token is refused: {problem}.',
    fix: 'Pass the token on as the participant got it, every character.',
    retryable: false,
  },
  'task-result': {
    what: 'What a task ends with is {bytes} bytes of JSON; the limit is {limit}.',
    fix: 'Store the data elsewhere and pass a reference.',
    retryable: false,
  },
  'task-result-invalid': {
    what: 'What a task ends with is no result of {action} of {participant}: {issues}.',
    fix: 'Give what the action would have answered. Nothing was recorded, and the token is as good as before.',
    retryable: false,
  },
  'task-secret': { what: 'Task tokens cannot be signed: {problem}.', fix: '{remedy}', retryable: false },
  'task-over': {
    what: 'The task of step {step} in saga {sagaId} is over: {why}.',
    fix: 'Take back what was done for it, unless it was this very outcome.',
    retryable: false,
  },
  'past-pivot': {
    what: 'Saga {sagaId} is past its pivot: there is only forward.',
    fix: 'Let it complete, or terminate it with a reason.',
    retryable: false,
  },
  'already-compensating': { what: 'Saga {sagaId} is already being compensated.', fix: 'Wait for its end.', retryable: false },
  'not-parked': {
    what: 'In saga {sagaId}, {target} does not wait for a person.',
    fix: 'Look at the saga again; it may have moved on.',
    retryable: false,
  },
  'target-moved': {
    what: 'In saga {sagaId}, {target} was parked anew since you looked.',
    fix: 'Look at the saga again and decide anew.',
    retryable: false,
  },
  'invalid-arguments': {
    what: 'The arguments of a patch of saga {sagaId} cannot be used: {problem}.',
    fix: 'Pass a list of all arguments, as JSON; references instead of large data.',
    retryable: false,
  },
  'action-not-possible': {
    what: 'In saga {sagaId}, {action} is not possible for {target}: {why}.',
    fix: 'Choose one of: {possible}.',
    retryable: false,
  },
  'saga-did-not-complete': {
    what: 'Saga {sagaId} ended {status}: {reason}.',
    fix: 'Look at its history for what failed and what was undone.',
    retryable: false,
  },
  'version-not-deployed': {
    what: 'Saga {saga} version {version} is not deployed here.',
    fix: 'Deploy it; the saga goes on by itself then.',
    retryable: true,
  },
  'definition-changed': {
    what: 'Saga {saga} version {version} is not what was deployed under that version on {since}:\n{differences}\n',
    fix: 'Give the changed saga a new version and register both: instances finish on the version they started with. Only where no instance of it matters, as in development, start with definitions: "replace".',
    retryable: false,
  },
  'attributes-in-the-clear': {
    what: 'The search attributes of saga {saga} ({attributes}) are stored in the clear.',
    fix: 'Keep personal data out of them: ids instead of names. This is a warning.',
    retryable: false,
  },
  'payload-dropped': {
    what: 'The key of saga {sagaId} was dropped: its payloads cannot be read any more, and it cannot go on.',
    fix: 'Terminate it, where it has not ended. Nothing brings the payloads back; another saga needs another id.',
    retryable: false,
  },
  'payload-unreadable': {
    what: 'A payload of saga {sagaId} ({place}) cannot be opened: {problem}.',
    fix: 'Give all processes the same key store and its master keys. If they have it, the payload was altered, or moved: compare with a backup.',
    retryable: true,
  },
  'payload-too-large': {
    what: 'A decision of saga {sagaId} does not fit: {what} is {bytes} bytes, the limit is {limit}.',
    fix: 'Pass references instead of data, then retry the saga.',
    retryable: false,
  },
  'decision-failed': { what: 'A decision of saga {sagaId} threw: {error}.', fix: 'Mend the code and resume the saga.', retryable: false },
  'too-many-directives': {
    what: 'The program of saga {sagaId} does not come to rest.',
    fix: 'Look for a step that is requested for ever.',
    retryable: false,
  },
  'history-unreadable': {
    what: 'Event {revision} of stream {stream} cannot be read: {problem}.',
    fix: 'Deploy the version that wrote it, or restore the store from a backup.',
    retryable: false,
  },
  ...STORE_ERRORS,
  'invalid-cursor': {
    what: '"{after}" does not continue a page of this index.',
    fix: 'Pass the `next` of the page before, or nothing for the first page.',
    retryable: false,
  },
  'invalid-query': {
    what: 'Sagas cannot be listed so: {field} is not right, {problem}.',
    fix: 'Correct the field.',
    retryable: false,
  },
  'address-taken': {
    what: 'The address {address} has a consumer already.',
    fix: 'Stop that one first: messages of one saga keep their order only with one consumer.',
    retryable: false,
  },
  'bus-closed': { what: 'The message bus is closed.', fix: 'Call it before close().', retryable: false },
  'bus-misconfigured': { what: 'The Kafka bus cannot be set up: {problem}.', fix: 'Correct the option.', retryable: false },
  'bus-unavailable': {
    what: 'Kafka does not answer ({what}): {problem}.',
    fix: 'Check the brokers and the network; whether something was sent is unknown, and sending it again is harmless.',
    retryable: true,
  },
  'bus-overloaded': {
    what: '{waiting} messages wait for Kafka, more than the limit of {limit}.',
    fix: 'Wait, and send more slowly; or raise publish.maxWaiting.',
    retryable: true,
  },
  'bus-unauthorised': {
    what: 'Kafka refuses {what}: {problem}.',
    fix: 'Give the client its credentials, or its user the rights; docs/reference/protocol.md lists what Skald needs.',
    retryable: false,
  },
  'message-refused': {
    what: 'A message of saga {sagaId} to {topic} cannot be sent: {problem}.',
    fix: 'Pass references instead of data, and only what JSON can say; see that the topic is there and may be written. The other messages were sent.',
    retryable: false,
  },
  'topics-missing': {
    what: 'These topics are missing, and may not be created from here ({problem}): {topics}.',
    fix: 'Create them, or allow it with topics.missing: create and the right to do so:\n{commands}\n',
    retryable: false,
  },
  'topic-unsuitable': { what: 'Topic {topic} loses messages as it is set: {problem}.', fix: '{remedy}', retryable: false },
  'inbox-partitions-differ': {
    what: 'The inbox {topic} has {there} partitions, not {wanted}; they divide the sagas and cannot be changed under way.',
    fix: 'Set topics.inboxPartitions to {there}. To change it: stop all starts, let every saga end, then use another prefix with {wanted} partitions.',
    retryable: false,
  },
  'no-store': {
    what: 'This process has no store: it can start and steer sagas, but not show them or wait for their end.',
    fix: 'Give Skald.connect() a store, or the events alone where others manage the sagas, or ask a process that has one.',
    retryable: false,
  },
  'app-stopped': { what: 'Skald has been stopped.', fix: 'Start it again; sagas go on where they stood.', retryable: true },
  'timed-out': {
    what: 'No answer for {what} within {milliseconds} ms.',
    fix: 'It goes on by itself; ask again with the same id.',
    retryable: true,
  },
} as const;
