/**
 * Sessions of the operator's pages: a random cookie, of which only the hash is kept, in this process's memory; a restart
 * signs everybody out. Idle and absolute expiry; a new cookie at each sign-in (no fixation).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const SESSION_COOKIE = 'meritkedja_session';

const IDLE_MS = 30 * 60_000;
const ABSOLUTE_MS = 8 * 3_600_000;
const MOST_SESSIONS = 1_000;

export class Session {
  lastUsed: number;

  constructor(
    readonly started: number,
    /** Goes into every form. */
    readonly csrf: string,
  ) {
    this.lastUsed = started;
  }

  hasCsrf(given: string): boolean {
    return timingSafeEqual(hash(this.csrf), hash(given));
  }
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();

  constructor(private readonly now: () => Date = () => new Date()) {}

  /** Opens a session and returns the cookie's value. */
  open(): string {
    this.#dropExpired();
    if (this.#sessions.size >= MOST_SESSIONS) {
      const oldest = this.#sessions.keys().next();
      if (!oldest.done) this.#sessions.delete(oldest.value);
    }
    const cookie = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(cookie), new Session(this.now().getTime(), randomBytes(32).toString('base64url')));
    return cookie;
  }

  /** The living session behind a cookie. */
  find(cookie: string | undefined): Session | undefined {
    if (cookie === undefined || cookie.length !== 43) return undefined;
    const key = keyOf(cookie);
    const session = this.#sessions.get(key);
    if (!session) return undefined;
    const now = this.now().getTime();
    if (isExpired(session, now)) {
      this.#sessions.delete(key);
      return undefined;
    }
    session.lastUsed = now;
    return session;
  }

  close(cookie: string | undefined): void {
    if (cookie !== undefined) this.#sessions.delete(keyOf(cookie));
  }

  #dropExpired(): void {
    const now = this.now().getTime();
    for (const [key, session] of this.#sessions) if (isExpired(session, now)) this.#sessions.delete(key);
  }
}

function isExpired(session: Session, now: number): boolean {
  return now - session.lastUsed > IDLE_MS || now - session.started > ABSOLUTE_MS;
}

function keyOf(cookie: string): string {
  return hash(cookie).toString('base64url');
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
