/**
 * Visits to the pages that notice what no page may do: an error on the console, a violation of the content policy, a
 * request to anybody else. What was noticed and not expected fails the test when its visits end.
 */
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';

export interface VisitOptions {
  readonly locale?: string;
  readonly width?: number;
  readonly javaScriptEnabled?: boolean;
}

/** For the slowest thing that is waited for, on two busy cores. */
const PATIENCE_MS = 15_000;
const HEIGHT = 900;
/** Wide enough for tables; phones are asked for by name. */
export const WIDE = 1_280;
export const PHONE = 390;

/** One browser context with one page. */
export class Visit {
  readonly requests: Request[] = [];
  readonly #noticed: string[] = [];
  readonly #expected: RegExp[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    origin: string,
  ) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.#noticed.push(message.text());
    });
    page.on('pageerror', (error) => this.#noticed.push(`thrown: ${error.message}`));
    context.on('request', (request) => {
      this.requests.push(request);
      const { protocol, origin: asked } = new URL(request.url());
      const isLocal = protocol === 'blob:' || protocol === 'data:';
      if (!isLocal && asked !== origin) this.#noticed.push(`asked elsewhere: ${request.url()}`);
    });
  }

  /** An error on the console that belongs to what is tried: the browser itself tells of each answer 4xx. */
  expects(noticed: RegExp): void {
    this.#expected.push(noticed);
  }

  /** Closes the context. @returns what was noticed and not expected, and what was expected and did not come */
  async end(): Promise<readonly string[]> {
    await this.context.close();
    const unexpected = this.#noticed.filter((text) => !this.#expected.some((pattern) => pattern.test(text)));
    const absent = this.#expected.filter((pattern) => !this.#noticed.some((text) => pattern.test(text)));
    return [...unexpected, ...absent.map((pattern) => `expected and not seen: ${pattern.source}`)];
  }
}

/** The visits of one test. */
export class Visits {
  #open: Visit[] = [];

  constructor(
    private readonly browser: () => Browser,
    private readonly url: () => string,
  ) {}

  /** A page at a path of the service, loaded; a Swedish visitor's unless said otherwise. */
  async open(path: string, { locale = 'sv-SE', width = WIDE, ...rest }: VisitOptions = {}): Promise<Visit> {
    const context = await this.browser().newContext({
      baseURL: this.url(),
      locale,
      viewport: { width, height: HEIGHT },
      reducedMotion: 'reduce',
      ...rest,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        console.error(`content policy: ${violatedDirective} ${blockedURI}`);
      });
    });
    const visit = new Visit(context, await context.newPage(), this.url());
    this.#open.push(visit);
    await visit.page.goto(path);
    return visit;
  }

  /** Ends all. @returns what the pages did that no page may do */
  async end(): Promise<readonly string[]> {
    const ended = this.#open;
    this.#open = [];
    return (await Promise.all(ended.map((visit) => visit.end()))).flat();
  }
}
