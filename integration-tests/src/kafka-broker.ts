/**
 * A broker for tests: the one of KAFKA_BROKERS, else Docker Compose, else Apache Kafka itself from Maven Central on Java 17.
 *
 * K1. Where none of the three is possible, the reason is said; with CI=true that is an error, never a skipped test.
 * K2. Ports are free ones unless given, and a broker's data is its own: brokers of parallel runs do not meet.
 * K3. A started broker answers a client before `startKafka` resolves.
 * K4. A broker of this process ends with this process, also when that is killed, unless it was started `detached`; Ctrl-C in a terminal does
 *     not reach it.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka, logLevel } from 'kafkajs';

export interface KafkaBroker {
  readonly brokers: string[];
  /** Of its process, where it is one. */
  readonly pid?: number;
  /** Ends it at once, as `kill -9` does; its data stays. */
  kill(): Promise<void>;
  /** The same broker again, on the same ports, with its data. */
  restart(): Promise<void>;
  /** Ends it in order and removes its data, unless `keepData`. */
  stop(): Promise<void>;
}

export interface KafkaOptions {
  readonly port?: number;
  /** Port of 127.0.0.1 that clients are sent to: a proxy's, which must be there first. Default: the broker's own. */
  readonly advertisedPort?: number;
  /** It outlives this process. */
  readonly detached?: boolean;
  /** Data is kept here after `stop`. Default: a folder of its own, removed by `stop`. */
  readonly keepData?: string;
  /** Compiles and collects as a production broker does; slower to start. */
  readonly forBenchmarks?: boolean;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = join(root, 'integration-tests', 'kafka');
/** Ignored by git. */
const workspace = join(root, '.kafka');
const READY_WITHIN = 60_000;

/** Why there can be no broker here; `undefined` when there can. */
export function whyNoKafka(): string | undefined {
  return process.env['KAFKA_BROKERS'] ? undefined : whyNoOwnKafka();
}

/** The same of a broker that may be killed. */
export function whyNoOwnKafka(): string | undefined {
  if (hasDocker() || hasJava()) return undefined;
  return 'no broker: set KAFKA_BROKERS, or start a Docker engine, or install Java 17 and Maven';
}

/** K1. Throws where no broker can be had. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const given = process.env['KAFKA_BROKERS'];
  if (given) return givenBroker(given.split(','));
  const reason = whyNoKafka();
  if (reason !== undefined) throw new Error(reason);
  return startOwnKafka(options);
}

/** A broker that may be killed: never the one of KAFKA_BROKERS. */
export async function startOwnKafka(options: KafkaOptions = {}): Promise<KafkaBroker> {
  const port = options.port ?? (await freePort());
  const broker = hasDocker() ? new DockerBroker(port, options.advertisedPort) : await JavaBroker.prepare(port, options);
  await broker.restart();
  return broker;
}

/** Of a container that another process started with `startKafka`. */
export function stopContainer([first = '']: readonly string[]): void {
  new DockerBroker(Number(first.split(':')[1])).remove();
}

function givenBroker(brokers: string[]): KafkaBroker {
  const refuse = async (): Promise<void> => {
    throw new Error('the broker of KAFKA_BROKERS is not ours to end');
  };
  return { brokers, kill: refuse, restart: refuse, stop: async () => {} };
}

const answers = (command: string, ...args: string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;

function hasDocker(): boolean {
  return answers('docker', 'info') && answers('docker', 'compose', 'version');
}

function hasJava(): boolean {
  return answers('java', '-version') && answers('mvn', '-version');
}

/** K3. */
async function ready(brokers: string[], alive: () => string | undefined): Promise<void> {
  const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry: { retries: 0 }, connectionTimeout: 1_000, requestTimeout: 5_000 });
  const deadline = Date.now() + READY_WITHIN;
  for (;;) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      const { controller } = await admin.describeCluster();
      if (controller !== null) return;
    } catch (error) {
      const problem = alive() ?? (Date.now() > deadline ? `no answer within ${READY_WITHIN} ms: ${String(error)}` : undefined);
      if (problem !== undefined) throw new Error(`the broker at ${brokers} did not start: ${problem}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      await admin.disconnect().catch(() => {});
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

class DockerBroker implements KafkaBroker {
  readonly brokers: string[];
  private readonly port: number;
  private readonly advertisedPort: number;

  constructor(port: number, advertisedPort = port) {
    this.port = port;
    this.advertisedPort = advertisedPort;
    this.brokers = [`127.0.0.1:${port}`];
  }

  async kill(): Promise<void> {
    this.compose('kill', '-s', 'SIGKILL');
  }

  async restart(): Promise<void> {
    this.compose('up', '-d');
    await ready(this.brokers, () => undefined);
  }

  async stop(): Promise<void> {
    this.remove();
  }

  remove(): void {
    this.compose('down', '-v');
  }

  private compose(...args: string[]): void {
    const file = join(sources, 'docker-compose.yml');
    const all = ['compose', '-f', file, '-p', `skald-kafka-${this.port}`, ...args];
    const ports = { KAFKA_PORT: String(this.port), KAFKA_ADVERTISED_PORT: String(this.advertisedPort) };
    const { status, stderr } = spawnSync('docker', all, { encoding: 'utf8', env: { ...process.env, ...ports } });
    if (status !== 0) throw new Error(`docker ${args[0]} failed: ${stderr}`);
  }
}

class JavaBroker implements KafkaBroker {
  readonly brokers: string[];
  private readonly folder: string;
  private readonly options: KafkaOptions;
  private child: ChildProcess | undefined;
  private readonly endWithUs = () => void this.child?.kill('SIGKILL');

  private constructor(port: number, folder: string, options: KafkaOptions) {
    this.brokers = [`127.0.0.1:${port}`];
    this.folder = folder;
    this.options = options;
  }

  static async prepare(port: number, options: KafkaOptions): Promise<JavaBroker> {
    fetchJars();
    const folder = options.keepData ?? mkdtempSync(join(workspace, 'run-'));
    mkdirSync(folder, { recursive: true });
    const advertised = String(options.advertisedPort ?? port);
    const values: Readonly<Record<string, string>> = { port: String(port), advertised, controllerPort: String(await freePort()), folder };
    const template = readFileSync(join(sources, 'server.properties'), 'utf8');
    writeFileSync(
      join(folder, 'server.properties'),
      template.replaceAll(/\{(\w+)\}/g, (all, name: string) => values[name] ?? all),
    );
    const { status, stdout, stderr } = spawnSync('java', formatArguments(folder), { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the broker's folder cannot be formatted: ${stdout}${stderr}`);
    return new JavaBroker(port, folder, options);
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  async restart(): Promise<void> {
    const log = openSync(join(this.folder, 'kafka.log'), 'a');
    const { detached = false, forBenchmarks = false } = this.options;
    const child = spawn('java', runArguments(this.folder, forBenchmarks), { detached: true, stdio: ['ignore', log, log] });
    this.child = child;
    if (detached) child.unref();
    else {
      process.once('exit', this.endWithUs);
      watchOver(child);
    }
    await ready(this.brokers, () =>
      child.exitCode === null ? undefined : `it ended with ${child.exitCode}; see ${this.folder}/kafka.log`,
    );
  }

  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM');
    if (this.options.keepData === undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
    process.removeListener('exit', this.endWithUs);
  }
}

/** K4: its input ends with this process, however that ends, and then it ends the broker. */
function watchOver(broker: ChildProcess): void {
  const watch = spawn('sh', ['-c', `cat >/dev/null; kill -9 ${broker.pid}`], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  watch.unref();
  broker.once('exit', () => watch.kill('SIGKILL'));
}

function jars(): string {
  const version = /<kafka\.version>(.*)<\/kafka\.version>/.exec(readFileSync(join(sources, 'pom.xml'), 'utf8'))?.[1];
  return join(workspace, `kafka-${version}`);
}

/** Why the client libraries for Java cannot be had; `undefined` when they can. */
export function whyNoJava(): string | undefined {
  return hasJava() ? undefined : 'no Java: install Java 17 and Maven';
}

/** Class path of Apache Kafka with all that it depends on. */
export function kafkaClassPath(): string {
  fetchJars();
  return join(jars(), '*');
}

/** Once; several processes may try at the same time, and the first to end wins. */
function fetchJars(): void {
  if (existsSync(jars())) return;
  mkdirSync(workspace, { recursive: true });
  const folder = mkdtempSync(join(workspace, 'fetch-'));
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const args = ['-q', '-B', '-f', join(sources, 'pom.xml'), goal, '-DincludeScope=runtime', `-DoutputDirectory=${folder}`];
  const { status, stdout, stderr } = spawnSync('mvn', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`Maven could not fetch Kafka: ${stdout}${stderr}`);
  try {
    renameSync(folder, jars());
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    if (!existsSync(jars())) throw error;
  }
}

function formatArguments(folder: string): string[] {
  // One broker alone: any valid id of a cluster will do.
  const cluster = 'c2thbGQta2Fma2EtdGVzdA';
  const config = join(folder, 'server.properties');
  return ['-cp', join(jars(), '*'), 'kafka.tools.StorageTool', 'format', '--ignore-formatted', '-t', cluster, '-c', config];
}

function runArguments(folder: string, forBenchmarks: boolean): string[] {
  const quick = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  const thorough = ['-Xms512m', '-Xmx1g', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20'];
  const logging = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Djava.awt.headless=true'];
  const config = join(folder, 'server.properties');
  return [...(forBenchmarks ? thorough : quick), ...logging, '-cp', join(jars(), '*'), 'kafka.Kafka', config];
}
