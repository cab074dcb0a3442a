import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { SkaldError } from '@skald/kernel';
import { isBusy, translate } from './sqlite-errors.js';
import { locate } from './store-file.js';

/**
 * Who may write to a store: one owner, or any number of processes that share it.
 *
 * O1. While an owner lives, nobody else becomes one, in another process or in this one.
 * O2. An owner or a sharer that was killed holds nothing: the operating system drops its locks, no file has to be removed by hand.
 * O3. Who is refused learns the process id and host of an owner, or of one of the sharers.
 * O4. While a sharer lives nobody becomes the owner, and while an owner lives nobody becomes a sharer.
 *
 * Node has no file locks, SQLite has. The owner keeps a write transaction open on a small database beside the store, `-owner`. In
 * rollback-journal mode that lock lets others read, and the row they read names the owner. A sharer keeps a read transaction open on another
 * one, `-shared`. Both come in by the same door, the write lock of `-owner`: the sharer holds it until its read transaction stands, the owner
 * keeps it and looks for readers of `-shared` behind it. So neither can slip in while the other looks.
 */
export interface Ownership {
  release(): void;
}

/** A sharer's hold on a store. */
export interface Share extends Ownership {
  /** Lets the next one in; until then no other owner or sharer comes. */
  settle(): void;
}

const OWNER = 'owner (one INTEGER PRIMARY KEY CHECK (one = 1), pid INTEGER, host TEXT, nonce TEXT)';
const SHARERS = 'sharers (nonce TEXT PRIMARY KEY, pid INTEGER, host TEXT)';

export function takeOwnership(file: string): Ownership {
  // A loser waits this long, so that it reads the row of an owner that is just moving in.
  const door = openSide(`${file}-owner`, 100);
  try {
    while (!claim(door)) door.exec('ROLLBACK');
    if (isShared(file)) throw inUse(file, nameOf(door, 'sharers'));
  } catch (error) {
    const refusal = isBusy(error) ? inUse(file, nameOf(door, 'owner'), error) : translate(error, `${file}-owner`, 'open');
    door.close();
    throw refusal;
  }
  let held = true;
  return {
    release(): void {
      if (held) {
        door.exec('ROLLBACK');
        door.close();
      }
      held = false;
    },
  };
}

/** Writes its name, then takes the lock to keep. Between the two another may have come and gone: then the name is not ours. */
function claim(door: DatabaseSync): boolean {
  const nonce = newNonce();
  door.exec('BEGIN IMMEDIATE');
  door.exec(`CREATE TABLE IF NOT EXISTS ${OWNER}; CREATE TABLE IF NOT EXISTS ${SHARERS}`);
  door.prepare('INSERT OR REPLACE INTO owner VALUES (1, ?, ?, ?)').run(process.pid, hostname(), nonce);
  door.exec('COMMIT');
  door.exec('BEGIN IMMEDIATE');
  return door.prepare('SELECT nonce FROM owner').get()?.['nonce'] === nonce;
}

/** Only behind the door: a sharer who comes would be taken for one who is there, and the other way round. */
function isShared(file: string): boolean {
  const side = `${file}-shared`;
  if (!existsSync(side)) return false;
  const probe = openSide(side, 0);
  try {
    probe.exec('BEGIN EXCLUSIVE');
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  } finally {
    probe.close();
  }
}

export function takeShare(file: string): Share {
  // Others who come in at the same time hold the door while they open the store.
  const door = openSide(`${file}-owner`, 1_000);
  const nonce = newNonce();
  let room: DatabaseSync | undefined;
  try {
    door.exec(`BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS ${OWNER}; CREATE TABLE IF NOT EXISTS ${SHARERS}; DELETE FROM owner`);
    forgetTheDead(door);
    door.prepare('INSERT INTO sharers VALUES (?, ?, ?)').run(nonce, process.pid, hostname());
    room = openSide(`${file}-shared`, 1_000);
    room.exec('CREATE TABLE IF NOT EXISTS room (one INTEGER); BEGIN; SELECT * FROM room');
  } catch (error) {
    const refusal = isBusy(error) ? inUse(file, nameOf(door, 'owner'), error) : translate(error, `${file}-owner`, 'open');
    room?.close();
    door.close();
    throw refusal;
  }
  return new Sharing(file, nonce, door, room);
}

/** Who writes to a store. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** One of several processes that share it. */
  readonly shares: boolean;
}

/** Who has the store open for writing, if anybody has; asks for a moment at the door, which who comes in waits for. */
export function holderOf(store: string): Holder | undefined {
  const file = locate(store);
  if (!existsSync(`${file}-owner`)) return undefined;
  const door = openSide(`${file}-owner`, 0);
  const holder = (table: 'owner' | 'sharers'): Holder => ({ pid: 0, host: 'unknown', ...nameOf(door, table), shares: table === 'sharers' });
  try {
    door.exec('BEGIN IMMEDIATE');
    return isShared(file) ? holder('sharers') : undefined;
  } catch (error) {
    if (isBusy(error)) return holder('owner');
    throw translate(error, `${file}-owner`, 'open');
  } finally {
    door.close();
  }
}

class Sharing implements Share {
  #state: 'at the door' | 'in' | 'gone' = 'at the door';

  constructor(
    private readonly file: string,
    private readonly nonce: string,
    private readonly door: DatabaseSync,
    private readonly room: DatabaseSync,
  ) {}

  settle(): void {
    if (this.#state !== 'at the door') return;
    this.#state = 'in';
    attempt(() => this.door.exec('COMMIT'));
    this.door.close();
  }

  release(): void {
    if (this.#state === 'gone') return;
    if (this.#state === 'at the door') this.door.close();
    else this.#takeNameAway();
    this.#state = 'gone';
    this.room.close();
  }

  #takeNameAway(): void {
    attempt(() => {
      const door = openSide(`${this.file}-owner`, 0);
      attempt(() => door.prepare('DELETE FROM sharers WHERE nonce = ?').run(this.nonce));
      door.close();
    });
  }
}

/** For what only concerns names: they are for messages. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // Somebody else is at the door, or the disk is full; the locks are what counts.
  }
}

function newNonce(): string {
  return `${process.pid} ${process.hrtime.bigint()}`;
}

/** Who was killed could not take its name away. */
function forgetTheDead(door: DatabaseSync): void {
  const forget = door.prepare('DELETE FROM sharers WHERE pid = ? AND host = ?');
  for (const { pid, host } of door.prepare('SELECT pid, host FROM sharers').all()) {
    if (host === hostname() && !isAlive(Number(pid))) forget.run(Number(pid), String(host));
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Nothing in a side file has to survive a power failure. */
function openSide(side: string, patience: number): DatabaseSync {
  try {
    const db = new DatabaseSync(side);
    db.exec(`PRAGMA busy_timeout = ${patience}; PRAGMA synchronous = OFF`);
    return db;
  } catch (error) {
    throw translate(error, side, 'open');
  }
}

interface Name {
  readonly pid: number;
  readonly host: string;
}

function nameOf(door: DatabaseSync, table: 'owner' | 'sharers'): Name | undefined {
  try {
    const names = door.prepare(`SELECT pid, host FROM ${table}`).all();
    const found = names.find(({ pid, host }) => host !== hostname() || isAlive(Number(pid))) ?? names[0];
    return found && { pid: Number(found['pid']), host: String(found['host']) };
  } catch {
    // One that has not written its name yet: it is in use all the same.
    return undefined;
  }
}

function inUse(file: string, name: Name | undefined, cause?: unknown): SkaldError {
  return new SkaldError('store-in-use', { file, pid: name?.pid ?? 0, host: name?.host ?? 'unknown' }, { cause });
}
