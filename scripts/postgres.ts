/**
 * A PostgreSQL at hand: `npm run postgres -- start | stop | status`. Prints its address, for DATABASE_URL.
 *
 * P1. With DATABASE_URL set, that one is used, and nothing is started or stopped.
 * P2. Otherwise the binaries of this machine are: a server of our own on a free port, its data in `.postgres/`, removed by `stop`. Debian's
 *     package is installed first where CI=true and this is root.
 * P3. Where there can be none the reason is printed, and the exit code is 3; anything that fails otherwise is 1.
 * P4. PostgreSQL does not run as root: started by root it runs as `postgres`, which the package makes, or `nobody`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './repository.ts';

const folder = join(root, '.postgres');
const running = join(folder, 'running.json');

interface Running {
  readonly url: string;
  readonly data: string;
  readonly binaries: string;
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

function found(): Running | undefined {
  return existsSync(running) ? (JSON.parse(readFileSync(running, 'utf8')) as Running) : undefined;
}

/** P2: newest first. */
function findBinaries(): string | undefined {
  const versions = (base: string, inside: string): string[] =>
    existsSync(base)
      ? readdirSync(base)
          .sort((a, b) => Number.parseInt(b.replace(/^\D*/, ''), 10) - Number.parseInt(a.replace(/^\D*/, ''), 10))
          .map((version) => join(base, version, inside))
      : [];
  const places = [
    ...versions('/usr/lib/postgresql', 'bin'),
    ...['/opt/homebrew/opt', '/usr/local/opt'].flatMap((base) => versions(base, 'bin').filter((path) => path.includes('postgresql'))),
    ...(process.env['PATH'] ?? '').split(delimiter),
  ];
  return places.find((place) => ['initdb', 'postgres', 'pg_ctl'].every((name) => existsSync(join(place, name))));
}

function install(): void {
  if (process.env['CI'] !== 'true' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', 'postgresql'],
  ]) {
    execFileSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env });
  }
}

/** P4. */
function unprivileged(): User {
  if (process.getuid?.() !== 0) return {};
  const user = ['postgres', 'nobody'].map((name) => ({ name, asked: spawnSync('id', ['-u', name], { encoding: 'utf8' }) }));
  const one = user.find(({ asked }) => asked.status === 0);
  if (!one) throw new Error('there is no user that PostgreSQL could run as: neither postgres nor nobody');
  return { uid: Number(one.asked.stdout), gid: Number(execFileSync('id', ['-g', one.name], { encoding: 'utf8' })) };
}

/** In `.postgres/` if the user can get there: a clone of root's may be closed to all others. */
function dataFolder(user: User): string {
  const inside = join(folder, 'data');
  rmSync(inside, { recursive: true, force: true });
  mkdirSync(inside, { recursive: true });
  const reachable = spawnSync('test', ['-x', inside], user).status === 0;
  const data = reachable ? inside : mkdtempSync(join(tmpdir(), 'skald-postgres-'));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(data, user.uid, user.gid);
  return data;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

function control({ binaries, data }: Pick<Running, 'binaries' | 'data'>, user: User, ...args: string[]): void {
  execFileSync(join(binaries, 'pg_ctl'), ['-D', data, '-w', '-s', ...args], { ...user, cwd: data, stdio: ['ignore', 'ignore', 'inherit'] });
}

function answers(known: Running): boolean {
  return (
    spawnSync(join(known.binaries, 'pg_ctl'), ['-D', known.data, 'status'], { ...unprivileged(), cwd: '/', stdio: 'ignore' }).status === 0
  );
}

async function start(): Promise<string> {
  const known = found();
  if (known && answers(known)) return known.url;
  if (findBinaries() === undefined) install();
  const binaries = findBinaries();
  if (binaries === undefined) {
    console.error(
      'there is no PostgreSQL: set DATABASE_URL, or install one (Debian: apt-get install postgresql; macOS: brew install postgresql)',
    );
    process.exit(3);
  }
  const user = unprivileged();
  const data = dataFolder(user);
  const port = await freePort();
  const setUp = ['-D', data, '-U', 'skald', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  execFileSync(join(binaries, 'initdb'), setUp, { ...user, cwd: data, stdio: ['ignore', 'ignore', 'inherit'] });
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories='' -c max_connections=100`;
  control({ binaries, data }, user, '-l', join(data, 'server.log'), '-o', settings, 'start');
  const url = `postgres://skald@127.0.0.1:${port}/postgres`;
  writeFileSync(running, JSON.stringify({ url, data, binaries } satisfies Running));
  return url;
}

function stop(): string {
  const known = found();
  if (!known) return 'not running';
  if (answers(known)) control(known, unprivileged(), '-m', 'immediate', 'stop');
  rmSync(known.data, { recursive: true, force: true });
  rmSync(running);
  return 'stopped';
}

const given = process.env['DATABASE_URL'];
const verb = process.argv[2];
if (verb === 'start') console.log(given ?? (await start()));
else if (verb === 'stop') console.log(given ? 'DATABASE_URL is not ours to stop' : stop());
else if (verb === 'status') {
  const known = found();
  console.log(given ?? (known && answers(known) ? known.url : 'not running'));
} else {
  console.error('npm run postgres -- start | stop | status');
  process.exitCode = 2;
}
