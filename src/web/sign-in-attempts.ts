/** A bound on wrong tokens: after ten failures within a minute, sign-in waits until the minute is over. */
const WINDOW_MS = 60_000;
const MOST_FAILURES = 10;

export class SignInAttempts {
  #failures: number[] = [];

  constructor(private readonly now: () => Date = () => new Date()) {}

  allowed(): boolean {
    const since = this.now().getTime() - WINDOW_MS;
    this.#failures = this.#failures.filter((at) => at > since);
    return this.#failures.length < MOST_FAILURES;
  }

  failed(): void {
    this.#failures.push(this.now().getTime());
  }
}
