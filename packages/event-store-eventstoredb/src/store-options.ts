export interface HostAndPort {
  readonly host: string;
  /** Default 2113. */
  readonly port?: number;
}

/** What a connection string says, in parts; for what does not fit one: certificates from memory, passwords from a vault. */
export interface ConnectionSettings {
  /** One server, or several of a cluster, which are asked for the others. */
  readonly hosts: readonly HostAndPort[];
  /** The one host is a DNS name of the whole cluster (`esdb+discover://`). Default false. */
  readonly discover?: boolean;
  /** False: no TLS, and then no user either. Default: TLS with the system's certificates. */
  readonly tls?: false | { readonly ca?: Buffer; readonly cert?: Buffer; readonly key?: Buffer };
  readonly username?: string;
  readonly password?: string;
  /** In the server's log. */
  readonly connectionName?: string;
  /** Whom to connect to in a cluster. Appends and reads go to the leader whatever this says. Default leader. */
  readonly nodePreference?: 'leader' | 'follower' | 'random' | 'read_only_replica';
}

/** All in milliseconds. */
export interface Timeouts {
  /** How long one attempt waits for its answer. Default 5,000. A server answers appends within 2 s, be it that they timed out. */
  readonly answer: number;
  /** How long a call tries again before it says what it knows. Default 15,000. */
  readonly patience: number;
  /** How long a read of all streams waits for the next event: the server may have to pass over many of others. Default 300,000. */
  readonly scan: number;
  /** How long a subscription may hear nothing before it is renewed. Default 60,000. */
  readonly quiet: number;
}

export interface EventStoreOptions {
  /**
   * `esdb://[user:password@]host[:2113][,host…]?tls=…` or `esdb+discover://…`, as EventStoreDB 20.10 to 24 and KurrentDB 25 and later document it.
   * This, or `settings`. Default: `settings` are given.
   */
  readonly connectionString?: string;
  /** Of the client, instead of a connection string. Default: `connectionString` is given. */
  readonly settings?: ConnectionSettings;
  /** Put before the name of every stream, for a server that is shared: `shop.` makes `shop.order-42`, category `shop.order`. Default none. */
  readonly prefix?: string;
  /**
   * The sagas whose events `readAll` and subscriptions give; the server looks at the names of the streams. Default: every event that Skald wrote
   * under `prefix`, which the server sends with those of others, to be told apart here.
   */
  readonly sagas?: readonly string[];
  /** The server’s `--max-append-size`, in bytes. Default 1 MiB, the default of 20.10 to 25.0. */
  readonly maxAppendSize?: number;
  /** Number of appends sent and not yet answered, at most. Default 256. */
  readonly maxUnacknowledged?: number;
  /** In milliseconds: `answer` of an attempt (5,000), `patience` of a call (15,000), `scan` for the next event of a read (300,000), `quiet` until a subscription is renewed (60,000). Default: as in brackets. */
  readonly timeouts?: Partial<Timeouts>;
  /** Told what went wrong and is being tried again; the error says it in plain words, its `cause` is what was thrown. Default: nobody is told. */
  readonly onTrouble?: (what: string, error: unknown) => void;
}

export const DEFAULT_TIMEOUTS: Timeouts = { answer: 5_000, patience: 15_000, scan: 300_000, quiet: 60_000 };
export const DEFAULT_MAX_APPEND_SIZE = 1024 * 1024;
export const DEFAULT_MAX_UNACKNOWLEDGED = 256;
