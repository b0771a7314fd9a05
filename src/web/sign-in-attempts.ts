/** A bound on wrong tokens: after ten failures within a minute, an address waits until the minute is over. */
const WINDOW_MS = 60_000;
const MOST_FAILURES = 10;
const MOST_ADDRESSES = 10_000;

export class SignInAttempts {
  /** Times of failures by address, the address that failed longest ago first. */
  readonly #failures = new Map<string, readonly number[]>();

  constructor(private readonly now: () => Date = () => new Date()) {}

  /** @param address of the caller: one that guesses locks nobody else out */
  allowed(address: string): boolean {
    return this.#recent(address).length < MOST_FAILURES;
  }

  failed(address: string): void {
    const failures = [...this.#recent(address), this.now().getTime()];
    this.#failures.delete(address);
    if (this.#failures.size >= MOST_ADDRESSES) {
      const oldest = this.#failures.keys().next();
      if (!oldest.done) this.#failures.delete(oldest.value);
    }
    this.#failures.set(address, failures);
  }

  #recent(address: string): readonly number[] {
    const since = this.now().getTime() - WINDOW_MS;
    return (this.#failures.get(address) ?? []).filter((at) => at > since);
  }
}
