export { report } from './asked.js';
export type { AttributeFilter, AttributeKey, AttributeQuery, AttributeType } from './attribute-filter.js';
export { attributeFilters, attributeKey, attributeType, fitsFilter } from './attribute-filter.js';
export type { Attributes, AttributeValue, ComputedAttributes, RecordedAttribute, RecordedAttributes } from './attributes.js';
export { attributesOf, recordedAttributes } from './attributes.js';
export type { ChildCall, OwedCommand } from './child-call.js';
export type { Decision, Note } from './decide.js';
export { decide, fold } from './decide.js';
export type {
  ChoiceStep,
  Command,
  CommandStep,
  Each,
  ItemCompensation,
  MapStep,
  SagaCompensation,
  SagaDefinition,
  SagaLimits,
  SagaView,
  SignalStep,
  StepDefinition,
  TimerStep,
  Tolerance,
} from './definition.js';
export { deployedForm } from './deployed-form.js';
export { describeDefinition } from './describe.js';
export { diffDefinitions } from './diff-definitions.js';
export type { Duration } from './duration.js';
export { milliseconds } from './duration.js';
export { CATALOGUE } from './error-catalogue.js';
export type { ErrorCode, ErrorEntry, ErrorRecord } from './errors.js';
export { BusinessError, recordError, SagaAborted, SkaldError } from './errors.js';
export type {
  CompensationReason,
  DataOf,
  EventType,
  RecordedCommand,
  SagaEnd,
  SagaEvent,
  StepOpening,
  StepPolicy,
  Target,
} from './events.js';
export { evolve } from './evolve.js';
export { expressSummary } from './express.js';
export { initialState } from './initial-state.js';
export type { Json } from './json.js';
export { canonicalJson } from './json.js';
export { isLater, type Later, later, type Settled } from './later.js';
export { checkLaws, LAWS } from './laws/check-laws.js';
export type { Law, Violation } from './laws/law.js';
export type { LimiterEvent, LimiterState, SlotInputs, SlotsMoved } from './limiter.js';
export { evolveLimiter, freeSlots, grantSlots, initialLimiter, recordSlotInputs, slotInputsOf, slotsAfresh } from './limiter.js';
export type { Finding, LintRule } from './lint.js';
export { lint } from './lint.js';
export { lintChildren, type StartedChild } from './lint-children.js';
export type { MapState } from './map-state.js';
export type {
  Answer,
  Asked,
  Cancel,
  CommandMessage,
  Ending,
  Fault,
  LimitInput,
  Message,
  Operation,
  Operator,
  OperatorAction,
  Outcome,
  RefusalCode,
  Reply,
  ReplyMessage,
  SagaParent,
  Signal,
  Slot,
  Start,
  StartedAgain,
  Task,
  TaskAction,
  TaskClaim,
  Wake,
} from './messages.js';
export { outstanding, type TokenOf } from './outstanding.js';
export type { CancelPlan, PlannedRest, PlannedUndo } from './plan.js';
export { plan } from './plan.js';
export type { Clock, Ids } from './ports/clock.js';
export type {
  AppendOutcome,
  EventStore,
  NewEvent,
  ReadOptions,
  RecordedEvent,
  StreamHead,
  StreamWrite,
  Subscription,
} from './ports/event-store.js';
export type { Fence, FenceRecord, FenceSession } from './ports/fence.js';
export type {
  Address,
  BusConsumer,
  BusMessage,
  ClientMessage,
  Delivery,
  InboxMessage,
  Input,
  MessageBus,
  Outgoing,
  OwnershipListener,
  ParticipantMessage,
  Partitioning,
  TaskInput,
} from './ports/message-bus.js';
export type { KeyStore, PayloadCodec, PayloadPlace, PlainPayload, SagaKey, SealedPayload } from './ports/payload-codec.js';
export type { IndexPage, IndexQuery, SagaIndex, SagaSummary, VersionCount } from './ports/saga-index.js';
export type { PossibleActions, SagaAction, TargetActions } from './possible-actions.js';
export { actionsOf, possibleActions, refusedCancel, refusedOperator, whyNotAgain } from './possible-actions.js';
export type { Probed } from './probed.js';
export type { Directive, Program, TakenSignal } from './program.js';
export type { ReplayChange } from './replay-changes.js';
export { REPLAY_CHANGES, REPLAY_NUMBER } from './replay-changes.js';
export type { RetryPolicy } from './retry.js';
export { DEFAULT_COMPENSATION_RETRY, DEFAULT_RETRY, EXPIRED, HEARTBEAT_TIMEOUT } from './retry.js';
export type { ExpressSettings, LogLevel, LogSettings, RunSettings } from './run-settings.js';
export { LONGEST_EXPRESS } from './run-settings.js';
export type {
  CatchOptions,
  ChoiceData,
  MapData,
  MapOptions,
  RetryOptions,
  RunOptions,
  SagaData,
  SignalData,
  SignalOptions,
  StepData,
  StepEntry,
  StepOptions,
  TimerData,
} from './saga-definition.js';
export { sagaDefinition } from './saga-definition.js';
export type { SagaStatus } from './saga-status.js';
export { isEnded, statusOf } from './saga-status.js';
export { viewOf } from './saga-view.js';
export { isThrottled, slotOwed } from './slots.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './standard-schema.js';
export { describeIssues } from './standard-schema.js';
export type { KeptSignal, Parked, SagaState, StepState, StepStatus, Timer, UndoState } from './state.js';
export { nextDue } from './state.js';
export { policyOf, stepGraph } from './step-graph.js';
export { definitionStream, isInstanceId, isLimitStream, isSagaStream, limitStream } from './stream-names.js';
export type { TaskEnd } from './task-end.js';
export type { TraceContext } from './trace.js';
export { isTraceparent } from './trace.js';
export { WaitingLine } from './waiting-line.js';
