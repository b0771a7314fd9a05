/**
 * The frame and the small parts that the pages share. Everything that comes from outside is escaped where it is put
 * in: text by `safe` or `escapeHtml`, attributes by the JSX runtime (quotes) and `attr` (the rest). `pages.spec.ts`
 * renders every page with hostile data.
 */
import { escapeHtml, type Children } from '@kitajs/html';
import type { Translated } from '../../definitions/content.js';
import { InvariantError } from '../../errors.js';
import { fill, formatDate, formatDateTime, labelOf, texts, translated } from '../text/text.js';
import type { Lang, PageContext } from './view-models.js';

/** The HTML of an element that holds nothing asynchronous. @throws InvariantError if it does. */
export function html(element: JSX.Element): string {
  if (typeof element !== 'string') throw new InvariantError('a page must not be asynchronous');
  return element;
}

/** A text as an attribute's value: the JSX runtime escapes double quotes only, so the rest is escaped here. */
export function attr(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** Address within the site; it keeps the language where the page's own address names one. */
export function href(ctx: PageContext, path: string): string {
  if (!ctx.langInUrl) return attr(path);
  const [address, fragment] = path.split('#', 2) as [string, string | undefined];
  const joined = `${address}${address.includes('?') ? '&' : '?'}lang=${ctx.lang}`;
  return attr(fragment === undefined ? joined : `${joined}#${fragment}`);
}

/** A path of segments that are not ours to trust. */
export function pathOf(...segments: readonly (string | number)[]): string {
  return segments.map((segment) => `/${encodeURIComponent(String(segment))}`).join('');
}

function Logo(): JSX.Element {
  return (
    <svg class="logo" viewBox="0 0 40 24" width="40" height="24" aria-hidden="true" focusable="false">
      <rect x="2" y="5" width="21" height="14" rx="7" fill="none" stroke="currentColor" stroke-width="3" />
      <path
        d="M21 5h10a7 7 0 0 1 0 14h-7M17 14v-2"
        fill="none"
        stroke="currentColor"
        stroke-width="3"
        stroke-linecap="round"
      />
    </svg>
  );
}

const NAVIGATION = [
  ['/catalogue', 'catalogue'],
  ['/verify', 'verify'],
  ['/batches', 'batches'],
  ['/docs', 'docs'],
] as const;
/** Pages that are reached from one in the navigation, and whose addresses do not show it. */
const UNDER: Readonly<Record<string, string>> = { '/anchoring': '/batches' };

function Header({ ctx }: { ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang);
  const other: Lang = ctx.lang === 'sv' ? 'en' : 'sv';
  const here = UNDER[ctx.path] ?? ctx.path;
  const current = (path: string) => (here === path || here.startsWith(`${path}/`) ? 'page' : undefined);
  return (
    <header class="site-header">
      <div class="wrap bar">
        <a class="brand" href={href(ctx, '/')} aria-current={ctx.path === '/' ? 'page' : undefined}>
          <Logo />
          <span safe>{t.site.name}</span>
        </a>
        <nav aria-label={t.site.mainNavigation}>
          <ul>
            {NAVIGATION.map(([path, name]) => (
              <li>
                <a href={href(ctx, path)} aria-current={current(path)} safe>
                  {t.nav[name]}
                </a>
              </li>
            ))}
            {ctx.signedIn ? (
              <li>
                <a href={href(ctx, '/operator')} aria-current={current('/operator')} safe>
                  {t.nav.operator}
                </a>
              </li>
            ) : (
              ''
            )}
          </ul>
        </nav>
        <a class="language" href={attr(`${ctx.path}?lang=${other}`)} lang={other} hreflang={other} rel="alternate" safe>
          {t.site.language}
        </a>
      </div>
    </header>
  );
}

function Footer({ ctx }: { ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang);
  return (
    <footer class="site-footer">
      <div class="wrap">
        <h2 class="visually-hidden" safe>
          {t.site.footer}
        </h2>
        <p safe>{t.site.footerText}</p>
        <ul class="plain">
          <li>
            <a href="/.well-known/meritkedja.json" safe>
              {t.site.trustFile}
            </a>
          </li>
          <li>
            <a href="/log/checkpoint" safe>
              {t.site.checkpoint}
            </a>
          </li>
          <li>
            <a href="/openapi.json" safe>
              {t.site.openapi}
            </a>
          </li>
          <li>
            {ctx.signedIn ? (
              <form method="post" action={href(ctx, '/sign-out')} class="inline">
                <Csrf ctx={ctx} />
                <button type="submit" class="link" safe>
                  {t.nav.signOut}
                </button>
              </form>
            ) : (
              <a href={href(ctx, '/sign-in')} safe>
                {t.nav.signIn}
              </a>
            )}
          </li>
        </ul>
      </div>
    </footer>
  );
}

export function Csrf({ ctx }: { ctx: PageContext }): JSX.Element {
  return ctx.csrf === undefined ? '' : <input type="hidden" name="csrf" value={attr(ctx.csrf)} />;
}

interface PageProps {
  readonly ctx: PageContext;
  readonly title: string;
  /** Name of the script's asset, without language and ending. */
  readonly script?: string;
  /** Not for search engines: pages about one person's credential, and those behind the sign-in. */
  readonly unlisted?: boolean;
  readonly children?: Children;
}

/** A whole document. */
export function Page({ ctx, title, script, unlisted, children }: PageProps): JSX.Element {
  const t = texts(ctx.lang);
  const full = title.includes(t.site.name) ? title : `${title} · ${t.site.name}`;
  return (
    <>
      {'<!doctype html>'}
      <html lang={ctx.lang}>
        <head>
          <meta charset="utf-8" />
          <title safe>{full}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="referrer" content="no-referrer" />
          {unlisted ? <meta name="robots" content="noindex, nofollow" /> : ''}
          <link rel="icon" type="image/svg+xml" href={attr(ctx.assets('favicon.svg'))} />
          <link rel="stylesheet" href={attr(ctx.assets('style.css'))} />
          {script === undefined ? (
            ''
          ) : (
            <script type="module" src={attr(ctx.assets(`${script}.${ctx.lang}.js`))}></script>
          )}
        </head>
        <body>
          <a class="skip" href="#content" safe>
            {t.site.skip}
          </a>
          <Header ctx={ctx} />
          {ctx.demo ? (
            <aside class="demo-banner" aria-label={t.common.demoTag}>
              <p class="wrap">
                <strong safe>{t.site.demo}</strong> {escapeHtml(t.site.demoMore)}
              </p>
            </aside>
          ) : (
            ''
          )}
          {ctx.readOnly === true ? (
            <aside class="demo-banner" role="status">
              <p class="wrap">
                <strong safe>{t.site.readOnly}</strong> {escapeHtml(t.site.readOnlyMore)}
              </p>
            </aside>
          ) : (
            ''
          )}
          <main id="content" tabindex="-1" class="wrap">
            {children}
          </main>
          <Footer ctx={ctx} />
        </body>
      </html>
    </>
  );
}

/** That a micro-credential or its holder is invented. */
export function DemoNote({ lang }: { lang: Lang }): JSX.Element {
  const t = texts(lang);
  return <p class="note demo">{escapeHtml(`${t.common.demoTag}. ${t.site.demoMore}`)}</p>;
}

/** One line of a list of facts. */
export function Fact({ term, children }: { term: string; children?: Children }): JSX.Element {
  return (
    <div class="fact">
      <dt safe>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function Time({ iso, lang, time }: { iso: string; lang: Lang; time?: boolean }): JSX.Element {
  return (
    <time datetime={attr(iso)} safe>
      {time ? formatDateTime(iso, lang) : formatDate(iso, lang)}
    </time>
  );
}

/** A hash, key or address: breaks anywhere. */
export function Code({ value }: { value: string }): JSX.Element {
  return (
    <code class="hash" safe>
      {value}
    </code>
  );
}

/** A translated text in a `span` that names its language where that is not the page's. */
export function Text({ text, lang }: { text: Translated; lang: Lang }): JSX.Element {
  const chosen = translated(text, lang);
  return (
    <span lang={chosen.lang === lang ? undefined : chosen.lang} safe>
      {chosen.text}
    </span>
  );
}

const TONE: Readonly<Record<string, string>> = {
  active: 'good',
  superseded: 'good',
  finalised: 'good',
  pass: 'good',
  valid: 'good',
  confirmed: 'wait',
  submitted: 'wait',
  requested: 'wait',
  pending: 'wait',
  notYetValid: 'wait',
  skipped: 'wait',
  suspended: 'warn',
  expired: 'warn',
  notInForce: 'warn',
  undetermined: 'warn',
  unknown: 'warn',
  reorganised: 'warn',
  closed: 'warn',
  working: 'good',
  included: 'good',
  waiting: 'wait',
  replaced: 'wait',
  elsewhere: 'wait',
  warning: 'warn',
  failed: 'bad',
  problem: 'bad',
  revoked: 'bad',
  voided: 'bad',
  invalid: 'bad',
  fail: 'bad',
};
const GLYPH: Readonly<Record<string, string>> = { good: '✓', wait: '…', warn: '!', bad: '✕' };

/** The colour's name and the sign of a state, check or verdict; the sign so that colour is never all there is. */
export function toneOf(code: string): { readonly tone: string; readonly glyph: string } {
  const tone = labelOf(TONE, code);
  return Object.hasOwn(GLYPH, tone) ? { tone, glyph: GLYPH[tone]! } : { tone: 'warn', glyph: '?' };
}

/** A state, an anchor's state or an outcome, in a word with a sign. */
export function Badge({ code, labels }: { code: string; labels: Readonly<Record<string, string>> }): JSX.Element {
  const { tone, glyph } = toneOf(code);
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{glyph}</span> {escapeHtml(labelOf(labels, code))}
    </span>
  );
}

/** A search field that works by GET. */
export function Search(props: {
  ctx: PageContext;
  path: string;
  label: string;
  query: string | undefined;
}): JSX.Element {
  const { ctx, path, label, query } = props;
  const t = texts(ctx.lang);
  return (
    <form method="get" action={path} role="search" class="search">
      {ctx.langInUrl ? <input type="hidden" name="lang" value={ctx.lang} /> : ''}
      <label for="q" safe>
        {label}
      </label>
      <div class="row">
        <input type="search" id="q" name="q" value={attr(query ?? '')} maxlength="200" />
        <button type="submit" safe>
          {t.common.search}
        </button>
      </div>
    </form>
  );
}

/** Link to the next page of a list. */
export function More(props: {
  ctx: PageContext;
  path: string;
  query?: string | undefined;
  next: string | undefined;
}): JSX.Element {
  const { ctx, path, query, next } = props;
  if (next === undefined) return '';
  const search = query ? `q=${encodeURIComponent(query)}&` : '';
  return (
    <p>
      <a class="button quiet" href={href(ctx, `${path}?${search}cursor=${encodeURIComponent(next)}`)} rel="next" safe>
        {texts(ctx.lang).common.more}
      </a>
    </p>
  );
}

/** Hours and credits in words. */
export function workloadText(workload: { hours?: number; ects?: string }, lang: Lang): string | undefined {
  const t = texts(lang).common;
  const parts = [
    ...(workload.hours === undefined ? [] : [fill(t.hours, { n: workload.hours })]),
    ...(workload.ects === undefined
      ? []
      : [fill(t.ects, { n: lang === 'sv' ? workload.ects.replace('.', ',') : workload.ects })]),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}
