import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { faultOf, finalErrors, problemOf, protocolError } from './kafka-errors.js';
import { applyRemedies } from './kafkajs-remedies.js';
import { kafkajsLog, type LogLine } from './log.js';
import { settingsOf } from './options.js';
import { SocketLeash } from './socket-leash.js';

const require = createRequire(import.meta.url);
const { KafkaJSAggregateError, KafkaJSProtocolError, KafkaJSNumberOfRetriesExceeded, KafkaJSConnectionError } = require('kafkajs');

describe('The faults of kafkajs that are kept from the user', () => {
  it('its timers: an idle connection sets none, and a throttled one looks again when it may', () => {
    expect(applyRemedies()).toBe(true);
    const RequestQueue = require('kafkajs/src/network/requestQueue');
    const logger = { debug: () => {}, warn: () => {} };
    const queue = new RequestQueue({ requestTimeout: 1_000, enforceRequestTimeout: false, clientId: 'a', broker: 'b', logger });
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.maybeThrottle(60_000);
    queue.pending.push({});
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
    expect(queue.throttleCheckTimeoutId).toBeNull();
  });

  it('its connections: half a response is not continued by the next socket, and what cannot be read ends the connection', async () => {
    applyRemedies();
    const Connection = require('kafkajs/src/network/connection');
    const said: Buffer[] = [];
    const server = createServer((socket) => {
      const bytes = said.shift();
      if (bytes) socket.end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const logger = { namespace: () => logger, debug: () => {}, info: () => {}, warn: write, error: write };
    const socketFactory = new SocketLeash().socketFactory;
    const connection = new Connection({ host: '127.0.0.1', port, logger, socketFactory, connectionTimeout: 1_000, requestTimeout: 1_000 });
    const over = async () => {
      for (let looks = 0; looks < 200 && connection.isConnected(); looks += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const response = (correlationId: number) => Buffer.from([0, 0, 0, 6, 0, 0, 0, correlationId, 1, 2]);
    // Half of one; the whole of another; a length that is none.
    said.push(response(1).subarray(0, 7), response(2), Buffer.from([255, 255, 255, 255, 0]));
    for (let n = 0; n < 3; n += 1) {
      expect(connection.connect()).toBe(connection.connect());
      await connection.connect();
      await over();
    }
    expect(lines).toEqual(['Response without match', expect.stringContaining('an unreadable response')]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('its errors: the innermost says what happened, and what is unknown is tried again', () => {
    const protocol = (type: string) => new KafkaJSProtocolError({ type, code: 1, retriable: false, message: type });
    const wrapped = new KafkaJSNumberOfRetriesExceeded(protocol('MESSAGE_TOO_LARGE'), { retryCount: 0, retryTime: 0 });
    expect(protocolError(wrapped)).toBe('MESSAGE_TOO_LARGE');
    expect(faultOf(wrapped)).toBe('message');
    expect(problemOf(wrapped)).toContain('MESSAGE_TOO_LARGE');
    expect(faultOf(protocol('TOPIC_AUTHORIZATION_FAILED'))).toBe('topic');
    expect(faultOf(protocol('SASL_AUTHENTICATION_FAILED'))).toBe('client');
    expect(faultOf(protocol('NOT_LEADER_FOR_PARTITION'))).toBe('transient');
    expect(faultOf(new KafkaJSConnectionError('lost'))).toBe('transient');
    expect(faultOf(new TypeError("Cannot read properties of null (reading 'topicMetadata')"))).toBe('transient');
  });

  it('its errors: of several that come together, those count that nobody expects', () => {
    const protocol = (type: string, retriable: boolean) => new KafkaJSProtocolError({ type, code: 1, retriable, message: type });
    const [there, moved, refused] = [
      protocol('TOPIC_ALREADY_EXISTS', false),
      protocol('NOT_CONTROLLER', true),
      protocol('POLICY_VIOLATION', false),
    ];
    expect(finalErrors(new KafkaJSAggregateError('', [there, moved]), 'TOPIC_ALREADY_EXISTS')).toEqual([]);
    expect(finalErrors(new KafkaJSAggregateError('', [there, refused]), 'TOPIC_ALREADY_EXISTS')).toEqual(['POLICY_VIOLATION']);
  });

  it('its log: nothing is an error that mends itself, and no line is worse than a warning', () => {
    const lines: LogLine[] = [];
    const write = kafkajsLog((line) => lines.push(line))(1);
    const entry = (level: number, message: string, more = {}) =>
      write({ namespace: 'Connection', level, label: '', log: { timestamp: '', message, logger: 'kafkajs', stack: 'at …', ...more } });
    entry(1, 'Response Metadata(key: 3, version: 6)', { error: 'This server does not host this topic-partition' });
    entry(1, 'The group coordinator is not available');
    entry(2, 'The group is rebalancing, re-joining');
    entry(1, 'Connection error: connect ECONNREFUSED');
    entry(4, 'Starting');
    expect(lines.map(({ level }) => level)).toEqual(['debug', 'debug', 'debug', 'warn', 'debug']);
    expect(lines[3]).toEqual({
      level: 'warn',
      message: 'kafkajs: Connection error: connect ECONNREFUSED',
      about: { namespace: 'Connection' },
    });
  });
});

describe('Options', () => {
  const kafka = { brokers: ['localhost:9092'] };
  it('go to kafkajs as they are, but for the log', () => {
    const sasl = { mechanism: 'plain', username: 'u', password: 'p' } as const;
    const settings = settingsOf({
      kafka: { ...kafka, ssl: true, sasl, connectionTimeout: 5, retry: { retries: 9 } },
      consumer: { sessionTimeout: 6_000 },
    });
    expect(settings.kafka).toMatchObject({ ...kafka, ssl: true, sasl, connectionTimeout: 5, retry: { retries: 9 }, clientId: 'skald' });
    expect(settings.consumer).toMatchObject({ sessionTimeout: 6_000, heartbeatInterval: 1_000 });
  });

  const wrong: [string, object][] = [
    ['prefix "a b"', { prefix: 'a b' }],
    ['topics.inboxPartitions is 0', { topics: { inboxPartitions: 0 } }],
    ['publish.inFlight is 1.5', { publish: { inFlight: 1.5 } }],
    ['consume.commitInterval is 0', { consume: { commitInterval: 0 } }],
    ['consumer.heartbeatInterval', { consumer: { heartbeatInterval: 20_000 } }],
  ];
  for (const [says, options] of wrong) {
    it(`are refused out of their bounds: ${says}`, () => {
      expect(() => settingsOf({ kafka, ...options })).toThrow(
        expect.objectContaining({ code: 'bus-misconfigured', message: expect.stringContaining(says) }),
      );
    });
  }
});
