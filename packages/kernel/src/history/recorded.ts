/** One entry of a saga's history. `at` is the time of the decision that recorded it, in epoch milliseconds. */
export interface Recorded<Type extends string, Data> {
  readonly type: Type;
  readonly at: number;
  readonly data: Data;
}

/** An attempt of a step. */
export interface Attempt {
  readonly step: string;
  readonly round: number;
  readonly attempt: number;
}
