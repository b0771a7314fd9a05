/** Ends a worker in the test's own process at a call that is chosen beforehand: as kill -9, from inside. */

/** The process is gone: nothing after this happens, and nobody catches it. */
export class Killed extends Error {
  constructor(where: string) {
    super(`killed ${where}`);
    this.name = 'Killed';
  }
}

export class Killer {
  #left = Number.POSITIVE_INFINITY;
  readonly killedAt = new Set<string>();

  /** After so many passes. Each call is passed twice: before it has an effect, and after. */
  arm(passes: number): void {
    this.#left = passes;
  }

  disarm(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** The same object, every asynchronous method of which is a place to be killed at. @param only default: all */
  watched<T extends object>(target: T, name: string, only?: readonly string[]): T {
    return new Proxy(target, {
      get: (object, key) => {
        const member: unknown = Reflect.get(object, key, object);
        if (typeof member !== 'function') return member;
        const method = String(key);
        if (only && !only.includes(method)) return member.bind(object) as unknown;
        return async (...args: unknown[]): Promise<unknown> => {
          this.#pass(`before ${name}.${method}`);
          const result: unknown = await (member as (...given: unknown[]) => unknown).apply(object, args);
          this.#pass(`after ${name}.${method}`);
          return result;
        };
      },
    });
  }

  #pass(where: string): void {
    this.#left -= 1;
    if (this.#left >= 0) return;
    this.disarm();
    this.killedAt.add(where);
    throw new Killed(where);
  }
}
