import { setTimeout } from 'node:timers/promises';
import { Chance } from './chance.js';
import { FEED, type ShopProcesses } from './shop-processes.js';
import type { TcpProxy } from './tcp-proxy.js';

export interface ChaosPlan {
  readonly milliseconds: number;
  readonly kills: number;
}

/** Another process than those of the shop, which loses nothing when it is killed. */
export interface Server {
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** Who of the shop is killed, of nine, in an order that is drawn; besides each server once. */
const NINE = [FEED, 'manager', 'manager', 'manager', 'orders', 'payments', 'payments', 'inventory', 'inventory'];
/** Milliseconds that a process is gone at most. */
const GONE = 2_000;

/** Kills processes and mistreats their connections to servers, until it is enough; then all are there again and left alone. */
export class Chaos {
  /** By whom was killed. */
  readonly kills = new Map<string, number>();
  readonly troubles = { delayed: 0, cut: 0, halfClosed: 0 };
  private readonly absent = new Set<Promise<void>>();
  private readonly killing: Chance;
  private readonly troubling: Chance;
  private readonly serversGone = new Set<string>();
  private over = false;

  constructor(
    private readonly shop: ShopProcesses,
    private readonly servers: ReadonlyMap<string, Server>,
    private readonly proxies: readonly TcpProxy[],
    seed: number,
  ) {
    this.killing = new Chance(seed);
    this.troubling = new Chance(seed + 1);
  }

  async rage({ milliseconds, kills }: ChaosPlan): Promise<void> {
    const pause = milliseconds / kills;
    const troubling = this.trouble();
    let deck: readonly string[] = [];
    for (let killed = 0; killed < kills && this.shop.endedByThemselves.length === 0; killed += 1) {
      const [kind = '', ...rest] = deck.length > 0 ? deck : this.killing.shuffled([...this.servers.keys(), ...NINE]);
      deck = rest;
      await setTimeout(this.killing.between(0, 2 * pause));
      this.killOne(kind);
    }
    this.over = true;
    await troubling;
    await Promise.all(this.absent);
  }

  get killed(): number {
    return [...this.kills.values()].reduce((sum, one) => sum + one, 0);
  }

  /** Another one, where all of the kind are gone at the moment. */
  private killOne(kind: string): void {
    const server = this.servers.get(kind);
    if (server && !this.serversGone.has(kind)) return this.goes(kind, this.killServer(kind, server));
    const { names } = this.shop;
    const meant = names.filter((name) => name.startsWith(kind));
    const name = this.killing.of(meant.length > 0 ? meant : names);
    this.goes(name, this.killProcess(name));
  }

  private goes(name: string, gone: Promise<void>): void {
    const kind = name.replace(/-\d$/, '');
    this.kills.set(kind, (this.kills.get(kind) ?? 0) + 1);
    this.absent.add(gone);
    void gone.finally(() => this.absent.delete(gone));
  }

  private async killProcess(name: string): Promise<void> {
    const gone = this.killing.between(0, GONE);
    await this.shop.kill(name);
    await setTimeout(gone);
    this.shop.start(name);
  }

  private async killServer(name: string, server: Server): Promise<void> {
    this.serversGone.add(name);
    const gone = this.killing.between(0, GONE);
    await server.kill();
    await setTimeout(gone);
    await server.restart();
    this.serversGone.delete(name);
  }

  /** Of the connections. */
  private async trouble(): Promise<void> {
    while (!this.over) {
      const chosen = () => this.troubling.happens(0.3);
      const kind = this.troubling.of(['delayed', 'cut', 'halfClosed'] as const);
      this.troubles[kind] += 1;
      const proxy = this.troubling.of(this.proxies);
      if (kind === 'cut') proxy.cut(chosen);
      if (kind === 'halfClosed') proxy.halfClose(chosen);
      if (kind === 'delayed') proxy.delay(this.troubling.between(5, 150));
      await setTimeout(this.troubling.between(500, 3_000));
      proxy.delay(0);
    }
  }
}
