export type { Decision, Note } from './decide.js';
export { decide, fold } from './decide.js';
export { refuseAsked, report } from './deciding/asked.js';
export type { Attributes, AttributeValue, ComputedAttributes, RecordedAttribute, RecordedAttributes } from './deciding/attributes.js';
export { attributesOf, recordedAttributes } from './deciding/attributes.js';
export { isOfAnotherLife, isThrottled, slotOwed } from './deciding/slots.js';
export { answersEverything } from './definition/anything.js';
export type { AttributeFilter, AttributeKey, AttributeQuery, AttributeType } from './definition/attribute-filter.js';
export { attributeFilters, attributeKey, attributeType, fitsFilter } from './definition/attribute-filter.js';
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
} from './definition/definition.js';
export { deployedForm } from './definition/deployed-form.js';
export { describeDefinition } from './definition/describe.js';
export { diffDefinitions } from './definition/diff-definitions.js';
export type { Duration } from './definition/duration.js';
export { milliseconds } from './definition/duration.js';
export { isLater, type Later, later, type Settled } from './definition/later.js';
export type { Probed } from './definition/probed.js';
export type { RetryPolicy } from './definition/retry.js';
export { DEFAULT_COMPENSATION_RETRY, DEFAULT_RETRY, EXPIRED, HEARTBEAT_TIMEOUT } from './definition/retry.js';
export type { ExpressSettings, LogLevel, LogSettings, RunSettings } from './definition/run-settings.js';
export { LONGEST_EXPRESS } from './definition/run-settings.js';
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
} from './definition/saga-definition.js';
export { sagaDefinition } from './definition/saga-definition.js';
export type { SchemaIssue, SchemaResult, StandardSchema } from './definition/standard-schema.js';
export { describeIssues } from './definition/standard-schema.js';
export { CATALOGUE } from './errors/error-catalogue.js';
export type { ErrorCode, ErrorEntry, ErrorRecord } from './errors/errors.js';
export { BusinessError, recordError, SagaAborted, SkaldError } from './errors/errors.js';
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
} from './history/events.js';
export { evolve } from './history/evolve.js';
export { expressSummary } from './history/express.js';
export { initialState } from './history/initial-state.js';
export type { ReplayChange } from './history/replay-changes.js';
export { REPLAY_CHANGES, REPLAY_NUMBER } from './history/replay-changes.js';
export type { Json } from './json.js';
export { canonicalJson } from './json.js';
export { checkLaws, LAWS } from './laws/check-laws.js';
export type { Law, Violation } from './laws/law.js';
export type { LimiterEvent, LimiterState, Place, SlotInputs, SlotsMoved } from './limits/limiter.js';
export {
  evolveLimiter,
  freeSlots,
  grantSlots,
  initialLimiter,
  passSlotsOn,
  recordSlotInputs,
  slotInputsOf,
  slotsAfresh,
} from './limits/limiter.js';
export { WaitingLine } from './limits/waiting-line.js';
export type { Finding, LintRule } from './lint/lint.js';
export { lint } from './lint/lint.js';
export { type Families, lintChildren, type StartedChild } from './lint/lint-children.js';
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
export { FENCE_MEMORY, forgettable } from './ports/fence.js';
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
export type { Directive, Program, TakenSignal } from './program.js';
export { type ChildCall, childOf, type OwedCommand } from './state/child-call.js';
export { indexOfItem, itemId, itemsOf, type MapState, mapIdOf, mapOf } from './state/map-state.js';
export { outstanding, type TokenOf } from './state/outstanding.js';
export type { SagaStatus } from './state/saga-status.js';
export { isEnded, statusOf } from './state/saga-status.js';
export { viewOf } from './state/saga-view.js';
export type { KeptSignal, Parked, SagaState, StepState, StepStatus, Timer, UndoState } from './state/state.js';
export { isHeld, nextDue, standsAfterAll } from './state/state.js';
export type { TaskEnd } from './state/task-end.js';
export type { CancelPlan, PlannedRest, PlannedUndo } from './steering/plan.js';
export { plan } from './steering/plan.js';
export type { PossibleActions, SagaAction, TargetActions } from './steering/possible-actions.js';
export { actionsOf, possibleActions, refusedCancel, refusedOperator, whyNotAgain } from './steering/possible-actions.js';
export { policyOf, stepGraph } from './step-graph/step-graph.js';
export { definitionStream, isInstanceId, isLimitStream, isSagaStream, limitStream } from './stream-names.js';
export type { TraceContext } from './trace.js';
export { isTraceparent } from './trace.js';
