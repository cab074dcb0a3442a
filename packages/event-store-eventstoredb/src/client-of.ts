import { EventStoreDBClient, type SingleNodeOptions } from '@eventstore/db-client';
import type { ConnectionSettings, EventStoreOptions, HostAndPort } from './store-options.js';

const PORT = 2113;

/** Throws where the options make no sense; connects to nothing yet. */
export function clientOf({ connectionString, settings }: EventStoreOptions): EventStoreDBClient {
  if ((connectionString === undefined) === (settings === undefined)) throw new Error('give either connectionString or settings');
  if (connectionString !== undefined) return EventStoreDBClient.connectionString(connectionString);
  return fromSettings(settings as ConnectionSettings);
}

/** For messages: hosts without a password. */
export function serverOf({ connectionString, settings }: EventStoreOptions): string {
  if (connectionString !== undefined) return connectionString.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/, '');
  return (settings?.hosts ?? []).map(({ host, port = PORT }) => `${host}:${port}`).join(',');
}

function fromSettings(settings: ConnectionSettings): EventStoreDBClient {
  const { hosts, discover = false, tls, username, password, connectionName, nodePreference } = settings;
  const [first] = hosts;
  if (!first) throw new Error('settings.hosts is empty');
  const named = connectionName === undefined ? {} : { connectionName };
  const preferred = nodePreference === undefined ? {} : { nodePreference };
  const credentials = username === undefined ? undefined : { username, password: password ?? '' };
  const channel = tls === false ? { insecure: true } : certificates(tls ?? {});
  if (discover) return new EventStoreDBClient({ discover: endpoint(first), ...named, ...preferred }, channel, credentials);
  if (hosts.length > 1) return new EventStoreDBClient({ endpoints: hosts.map(endpoint), ...named, ...preferred }, channel, credentials);
  const single: SingleNodeOptions = { endpoint: endpoint(first), ...named };
  return new EventStoreDBClient(single, channel, credentials);
}

function endpoint({ host, port = PORT }: HostAndPort): { address: string; port: number } {
  return { address: host, port };
}

function certificates({ ca, cert, key }: Exclude<ConnectionSettings['tls'], false | undefined>) {
  return {
    ...(ca && { rootCertificate: ca }),
    ...(cert && { userCertFile: cert }),
    ...(key && { userKeyFile: key }),
  };
}
