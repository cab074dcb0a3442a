import {
  type Answer,
  type Asked,
  CATALOGUE,
  type Cancel,
  type ClientMessage,
  type CommandMessage,
  type Ending,
  type ErrorRecord,
  type InboxMessage,
  type LimitInput,
  type Operator,
  type Outcome,
  type Reply,
  type Signal,
  type Slot,
  type Start,
  type StartedAgain,
  type Target,
  type TaskInput,
} from '@skald/kernel';
import {
  type Field,
  field,
  type JsonSchema,
  json,
  list,
  matching,
  object,
  oneOf,
  optional,
  prose,
  shape,
  text,
  texts,
  variants,
  whole,
} from './shape.js';

/**
 * The JSON of each message. Members are only ever added, and then they may be missing; a change that a participant in another language
 * would not survive is a new type (`skald.command.v2`) beside the old one. Described for people in docs/reference/protocol.md.
 */

const sagaId = text();
const id = text();
const operation = oneOf('action', 'compensation', 'seal');
const purpose = oneOf('step', 'compensation');

/** The trace stands in the headers. */
export const command = shape<Omit<CommandMessage, 'trace'>>({
  sagaId,
  incarnation: id,
  step: id,
  round: whole(0),
  attempt: whole(0),
  operation,
  purpose,
  key: text(),
  undoRound: whole(0),
  participant: id,
  action: id,
  args: list,
  result: json,
  firstRequestedAt: whole(0),
  dueAt: whole(0),
  validUntil: optional(whole(0)),
  replyTo: optional(id),
  taskToken: optional(text(4_000)),
});

const error = shape<ErrorRecord>({ name: prose, message: prose, data: json });
type OutcomeOf<Type extends Outcome['type']> = Extract<Outcome, { readonly type: Type }>;

const outcome = variants<Outcome, 'type'>('type', {
  succeeded: shape<OutcomeOf<'succeeded'>>({
    type: oneOf('succeeded'),
    result: json,
    compensable: optional(oneOf(false)),
    afterUndo: optional(whole(0)),
  }),
  failed: shape<OutcomeOf<'failed'>>({
    type: oneOf('failed'),
    kind: oneOf('business', 'technical'),
    error,
    effect: oneOf('none', 'unknown'),
  }),
  deferred: shape<OutcomeOf<'deferred'>>({ type: oneOf('deferred') }),
  undone: shape<OutcomeOf<'undone'>>({ type: oneOf('undone'), executed: oneOf(true, false) }),
  sealed: shape<OutcomeOf<'sealed'>>({ type: oneOf('sealed'), doubt: optional(oneOf(true)) }),
  refused: shape<OutcomeOf<'refused'>>({ type: oneOf('refused'), reason: oneOf('undone', 'sealed', 'expired') }),
  unknowable: shape<OutcomeOf<'unknowable'>>({ type: oneOf('unknowable') }),
});

const reply = shape<Omit<Reply, 'trace'>>({
  sagaId,
  incarnation: id,
  step: id,
  round: whole(0),
  attempt: whole(0),
  operation,
  purpose,
  undoRound: whole(0),
  outcome,
});

const startedAgain = shape<StartedAgain>({ of: sagaId, by: prose, reason: prose });

/** `type` stands in the header, `at` is stamped by the owner. */
const start = shape<Omit<Start, 'at' | 'type' | 'trace'>>({
  request: id,
  sagaId,
  saga: id,
  version: whole(0),
  incarnation: id,
  input: json,
  inputHash: text(),
  deadline: optional(whole(0)),
  again: optional(startedAgain),
  limited: optional(oneOf(true)),
});

const asked = shape<Omit<Asked, 'at' | 'type' | 'trace' | 'limited'>>({
  operation,
  sagaId,
  saga: id,
  version: whole(0),
  incarnation: id,
  input: json,
  inputHash: text(),
  deadline: optional(whole(0)),
  deadlineAt: optional(whole(0)),
  by: shape<Asked['by']>({
    sagaId,
    incarnation: id,
    step: id,
    round: whole(0),
    attempt: whole(0),
    undoRound: whole(0),
    detached: optional(oneOf(true)),
  }),
});

const signal = shape<Omit<Signal, 'at' | 'type'>>({ request: id, name: id, payload: json, by: optional(prose) });

const task = shape<Omit<TaskInput, 'type'>>({
  request: id,
  token: text(4_000),
  action: oneOf('complete', 'fail', 'heartbeat'),
  result: json,
  error: optional(error),
});

const cancel = shape<Omit<Cancel, 'at' | 'type'>>({ request: id, reason: prose, by: prose });

const operator = shape<Omit<Operator, 'at' | 'type'>>({
  request: id,
  action: oneOf('retry', 'patch', 'skip', 'succeed', 'fail', 'move', 'deadline', 'suspend', 'resume', 'terminate'),
  target: optional(matching<Target>(/^(?:(?:step|compensation):[\s\S]+|program)$/, '"step:…", "compensation:…" or "program"')),
  seen: optional(whole(0)),
  by: prose,
  reason: prose,
  result: json,
  dueAt: optional(whole(0)),
  args: optional(list),
});

const ending = shape<Ending>({
  status: oneOf('running', 'throttled', 'compensating', 'suspended', 'completed', 'compensated', 'failed', 'cancelled', 'terminated'),
  output: json,
  reason: optional(prose),
});

const slot = shape<Omit<Slot, 'at' | 'type'>>({ since: optional(whole(0)) });

const limit = shape<Omit<LimitInput, 'at' | 'type'>>({
  do: oneOf('ask', 'return', 'set'),
  saga: optional(sagaId),
  since: optional(whole(0)),
  running: optional(whole(0)),
});

const accepted = shape<Extract<Answer, { readonly accepted: true }>>({
  accepted: oneOf(true),
  revision: whole(0),
  existing: optional(oneOf(true)),
  pending: optional(oneOf(true)),
  ending: optional(ending),
});

type Refused = Extract<Answer, { readonly accepted: false }>;
const refused = shape<Refused>({
  accepted: oneOf(false),
  code: oneOf(...(Object.keys(CATALOGUE) as Refused['code'][])),
  details: optional(texts),
});

const answered = shape<Pick<ClientMessage, 'sagaId' | 'request'>>({ sagaId, request: id });

/** Who asked stands beside the answer, since several clients read one partition. */
export interface Answered {
  readonly client: string;
  readonly message: ClientMessage;
}

const named = shape<{ readonly client: string }>({ client: id });

export const answer: Field<Answered> = field(
  { allOf: [answered.schema, named.schema], oneOf: [accepted.schema, refused.schema] },
  (value, at) => {
    const members = object(value, at);
    const body: Field<Answer> = oneOf(true, false)(members['accepted'], 'accepted') ? accepted : refused;
    return { ...named(members, at), message: { kind: 'answer', ...answered(members, at), answer: body(members, at) } };
  },
);

const sent = shape<{ readonly sagaId: string; readonly client?: string }>({ sagaId, client: optional(id) });

function input(schema: JsonSchema, body: (value: unknown, at: string) => InboxMessage['input']): Field<InboxMessage> {
  return field({ allOf: [sent.schema, schema] }, (value, at) => ({ kind: 'input', ...sent(value, at), input: body(value, at) }));
}

/** By the type of the input. */
export const inputs: { readonly [Type in InboxMessage['input']['type']]: Field<InboxMessage> } = {
  start: input(start.schema, (value, at) => ({ type: 'start', ...start(value, at) })),
  asked: input(asked.schema, (value, at) => ({ type: 'asked', ...asked(value, at) })),
  signal: input(signal.schema, (value, at) => ({ type: 'signal', ...signal(value, at) })),
  task: input(task.schema, (value, at) => ({ type: 'task', ...task(value, at) })),
  cancel: input(cancel.schema, (value, at) => ({ type: 'cancel', ...cancel(value, at) })),
  operator: input(operator.schema, (value, at) => ({ type: 'operator', ...operator(value, at) })),
  reply: input(reply.schema, (value, at) => ({ type: 'reply', ...reply(value, at) })),
  wake: input({}, () => ({ type: 'wake' })),
  slot: input(slot.schema, (value, at) => ({ type: 'slot', ...slot(value, at) })),
  limit: input(limit.schema, (value, at) => ({ type: 'limit', ...limit(value, at) })),
};
