import { setTimeout } from 'node:timers/promises';
import type { Chance } from './chance.js';
import type { KafkaBroker } from './kafka-broker.js';
import { FEED, type ShopProcesses } from './shop-processes.js';
import type { TcpProxy } from './tcp-proxy.js';

export interface ChaosPlan {
  readonly milliseconds: number;
  readonly kills: number;
}

const BROKER = 'broker';
/** Of ten kills so many are of the broker, and so many of the process that feeds. */
const BROKER_OF_TEN = 1;
const FEED_OF_TEN = 1;
/** Milliseconds that a process is gone at most. */
const GONE = 2_000;

/** Kills processes and mistreats their connections to Kafka, until it is enough; then all are there again and left alone. */
export class Chaos {
  /** By whom was killed. */
  readonly kills = new Map<string, number>();
  readonly troubles = { delayed: 0, cut: 0, halfClosed: 0 };
  private readonly absent = new Set<Promise<void>>();
  private isBrokerGone = false;
  private over = false;

  constructor(
    private readonly shop: ShopProcesses,
    private readonly broker: KafkaBroker,
    private readonly proxy: TcpProxy,
    private readonly chance: Chance,
  ) {}

  async rage({ milliseconds, kills }: ChaosPlan): Promise<void> {
    const pause = milliseconds / kills;
    const troubling = this.trouble();
    for (let killed = 0; killed < kills; killed += 1) {
      await setTimeout(this.chance.between(0, 2 * pause));
      this.killOne();
    }
    this.over = true;
    await troubling;
    await Promise.all(this.absent);
  }

  get killed(): number {
    return [...this.kills.values()].reduce((sum, one) => sum + one, 0);
  }

  private killOne(): void {
    const dice = this.chance.between(0, 10);
    if (dice < BROKER_OF_TEN && !this.isBrokerGone) return this.goes(BROKER, this.killBroker());
    const names = this.shop.names;
    const workers = names.filter((name) => name !== FEED);
    const isFeed = dice < BROKER_OF_TEN + FEED_OF_TEN && names.includes(FEED);
    const name = isFeed || workers.length === 0 ? FEED : this.chance.of(workers);
    this.goes(name, this.killProcess(name));
  }

  private goes(name: string, gone: Promise<void>): void {
    const kind = name.replace(/-\d$/, '');
    this.kills.set(kind, (this.kills.get(kind) ?? 0) + 1);
    this.absent.add(gone);
    void gone.finally(() => this.absent.delete(gone));
  }

  private async killProcess(name: string): Promise<void> {
    const gone = this.chance.between(0, GONE);
    await this.shop.kill(name);
    await setTimeout(gone);
    this.shop.start(name);
  }

  private async killBroker(): Promise<void> {
    this.isBrokerGone = true;
    const gone = this.chance.between(0, GONE);
    await this.broker.kill();
    await setTimeout(gone);
    await this.broker.restart();
    this.isBrokerGone = false;
  }

  /** Of the connections. */
  private async trouble(): Promise<void> {
    while (!this.over) {
      const chosen = () => this.chance.happens(0.3);
      const kind = this.chance.of(['delayed', 'cut', 'halfClosed'] as const);
      this.troubles[kind] += 1;
      if (kind === 'cut') this.proxy.cut(chosen);
      if (kind === 'halfClosed') this.proxy.halfClose(chosen);
      if (kind === 'delayed') this.proxy.delay(this.chance.between(5, 150));
      await setTimeout(this.chance.between(500, 3_000));
      this.proxy.delay(0);
    }
  }
}
