import { type Program, SkaldError } from '@skald/kernel';

/** The programs that are deployed here, by name and version. */
export class Programs {
  private readonly known = new Map<string, Program>();

  /** Throws `duplicate-saga`. */
  register(program: Program): void {
    const key = keyOf(program.name, program.version);
    if (this.known.has(key)) throw new SkaldError('duplicate-saga', { saga: program.name, version: program.version });
    this.known.set(key, program);
  }

  /** A program that is not deployed suspends its saga, visibly, as soon as it is asked; the engine resumes it where it is deployed. */
  find(name: string, version: number): Program {
    return this.known.get(keyOf(name, version)) ?? missing(name, version, this.limits.get(name));
  }

  /** Is there an express saga among them? */
  get anyExpress(): boolean {
    return [...this.known.values()].some(({ express }) => express !== undefined);
  }

  /** By name, how many may run at the same time as the newest version says; undefined: as many as there are. */
  get limits(): ReadonlyMap<string, number | undefined> {
    const newest = new Map<string, Program>();
    for (const program of this.known.values()) {
      const known = newest.get(program.name);
      if (!known || known.version < program.version) newest.set(program.name, program);
    }
    return new Map([...newest].map(([name, { limit }]) => [name, limit]));
  }

  has(name: string, version: number): boolean {
    return this.known.has(keyOf(name, version));
  }
}

function keyOf(name: string, version: number): string {
  return `${name}@${version}`;
}

/** However many versions there are, so many run at the same time. */
function missing(name: string, version: number, limit: number | undefined): Program {
  const refuse = (): never => {
    throw new SkaldError('version-not-deployed', { saga: name, version });
  };
  return { name, version, ...(limit !== undefined && { limit }), next: refuse, compensation: refuse };
}
