/** What the server does instead of answering. */
export type Reaction =
  /** Nothing, for ever. */
  | 'silence'
  /** All connections are cut. */
  | 'cut'
  /** The server dies, as by kill -9. */
  | 'kill'
  /** UNAVAILABLE: "Server Is Not Ready". */
  | 'unavailable'
  /** CANCELLED, as a server does to long calls when it shuts down. */
  | 'cancelled'
  /** The write timed out on the server: an error of this one append, ABORTED elsewhere. */
  | 'timeout'
  /** An error of this one append that the client does not know; UNAVAILABLE elsewhere. */
  | 'too-busy'
  /** NOT_FOUND with the leader's endpoint. */
  | 'not-leader'
  /** ABORTED: the live buffer of a subscription overflowed. */
  | 'too-slow';

export interface Fault {
  readonly on: 'append' | 'read' | 'subscription' | 'features' | 'gossip';
  readonly reaction: Reaction;
  /** Appends only: whether the events are stored before. Default false. */
  readonly written?: boolean;
  /** Subscriptions only: after so many events. Default 0: at once. */
  readonly after?: number;
  /** Only calls for streams that begin so; the stream of $all is named so. */
  readonly stream?: string;
  /** Lets so many pass first. Default 0. */
  readonly skip?: number;
  /** Default 1. */
  readonly times?: number;
  /** With `not-leader`; default: this server itself, as after an election that it won. */
  readonly leader?: Endpoint;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Faults that wait for their call. */
export class Faults {
  #planned: { readonly fault: Fault; skip: number; times: number }[] = [];
  /** How many have struck. */
  struck = 0;

  inject(fault: Fault): void {
    this.#planned.push({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 });
  }

  clear(): void {
    this.#planned = [];
  }

  take(on: Fault['on'], stream = ''): Fault | undefined {
    for (const planned of this.#planned) {
      if (planned.fault.on !== on || !stream.startsWith(planned.fault.stream ?? '')) continue;
      if (planned.skip-- > 0) continue;
      planned.times--;
      if (planned.times <= 0) this.#planned = this.#planned.filter((one) => one !== planned);
      this.struck++;
      return planned.fault;
    }
    return undefined;
  }
}
