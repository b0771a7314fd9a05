import { describe, expect, it } from '@jest/globals';
import { achievementOf } from '../../credentials/achievement.js';
import type { JsonObject } from '../../encoding/json.js';
import { html } from './components.js';
import { contentOf, DocumentView } from './document-view.js';
import { texts } from '../text/text.js';
import * as pages from './index.js';
import { ProblemView, ReportView, VerdictView } from './report-view.js';
import { CONTENT, CONTEXT, HOSTILE, hostile, REPORT, VIEWS } from './sample-views.fixture.js';
import type { Lang, PageContext } from './view-models.js';

/** Values that a controller makes and the types close; everything else is hostile. */
const OURS = ['action'];

const PAGES: Readonly<Record<string, (ctx: PageContext, dress: <T>(view: T) => T) => string>> = {
  start: (ctx, dress) => pages.startPage(dress(VIEWS.start), ctx),
  catalogue: (ctx, dress) => pages.cataloguePage(dress(VIEWS.catalogue), ctx),
  'empty catalogue': (ctx, dress) => pages.cataloguePage({ ...dress(VIEWS.catalogue), items: [] }, ctx),
  definition: (ctx, dress) => pages.definitionPage(dress(VIEWS.definition), ctx),
  credential: (ctx, dress) => pages.credentialPage(dress(VIEWS.credential), ctx),
  verify: (ctx, dress) => pages.verifyPage(dress(VIEWS.verify), ctx),
  'sign-in': (ctx, dress) => pages.signInPage(dress(VIEWS.signIn), ctx),
  operator: (ctx, dress) => pages.operatorPage(dress(VIEWS.operator), ctx),
  'empty register': (ctx, dress) => pages.operatorPage({ ...dress(VIEWS.operator), credentials: [] }, ctx),
  confirm: (ctx, dress) => pages.confirmPage(dress(VIEWS.confirm), ctx),
  'read-only register': (ctx, dress) => pages.operatorPage(dress(VIEWS.operator), { ...ctx, readOnly: true }),
  'read-only question': (ctx, dress) => pages.confirmPage(dress(VIEWS.confirm), { ...ctx, readOnly: true }),
  batches: (ctx, dress) => pages.batchesPage(dress(VIEWS.batches), ctx),
  'history of an organisation': history('organisationHistory'),
  'history of a definition': history('definitionHistory'),
  'history of a credential': history('credentialHistory'),
  batch: (ctx, dress) => pages.batchPage(dress(VIEWS.batch), ctx),
  'batch without an anchor': (ctx, dress) => pages.batchPage({ ...dress(VIEWS.batch), anchors: [] }, ctx),
  anchoring: (ctx, dress) => pages.anchoringPage(dress(VIEWS.anchoring), ctx),
  'anchoring of another node': (ctx, dress) =>
    pages.anchoringPage({ chains: dress(VIEWS.anchoring.chains.slice(1)) }, ctx),
  'anchoring before the first anchor': (ctx) => pages.anchoringPage({ chains: [] }, ctx),
  error: (ctx, dress) => pages.errorPage(dress(VIEWS.error), ctx),
};

/** What kind of thing it is of is the page's own. */
function history(name: 'organisationHistory' | 'definitionHistory' | 'credentialHistory'): (typeof PAGES)[string] {
  return (ctx, dress) =>
    pages.historyPage({ ...dress(VIEWS[name]), kind: VIEWS[name].kind } as typeof VIEWS.organisationHistory, ctx);
}

const CREDENTIAL: JsonObject = {
  issuer: { id: 'did:web:x', name: 'Kraft', address: { addressCountryCode: 'SE', addressRegion: 'Västerbotten' } },
  credentialSubject: {
    achievement: achievementOf('2f1c2f86-3c6a-4c57-9d0c-2f3a7a0f6d11', 2, CONTENT),
    assessment: { assessedOn: '2026-11-18', method: 'oralOpenQuestions', route: 'workplace', grade: 'Godkänd' },
  },
};
const PARTS: Readonly<Record<string, (lang: Lang, dress: <T>(view: T) => T) => string>> = {
  document: (lang, dress) => html(DocumentView({ credential: dress(CREDENTIAL), report: dress(REPORT), lang })),
  verdict: (lang, dress) => html(VerdictView({ report: dress(REPORT), lang })),
  report: (lang, dress) =>
    html(ReportView({ report: dressReport(dress), lang, blockHashFrom: 'ledger', origin: dress('x') })),
  problem: (lang, dress) => html(ProblemView({ text: dress('x'), lang })),
};

/** Names of checks and outcomes are the verifier's own. */
function dressReport(dress: <T>(view: T) => T): typeof REPORT {
  const report = dress(REPORT);
  return {
    ...report,
    checks: report.checks.map((check, i) => ({ ...check, name: REPORT.checks[i]!.name, outcome: 'pass' as const })),
  };
}

const plain = <T>(view: T): T => view;
const evil = <T>(view: T): T => hostile(view, OURS);

/** Tags and attributes as a browser's tokenizer sees them (HTML, section 13.2.5), for quoted attributes. */
function tagsOf(page: string): readonly { readonly name: string; readonly attributes: readonly string[] }[] {
  return [...page.matchAll(/<([a-z][a-z0-9]*)((?:\s+[^\s"'<>/=]+(?:="[^"]*")?)*)\s*\/?>/gi)].map((tag) => ({
    name: tag[1]!.toLowerCase(),
    attributes: [...tag[2]!.matchAll(/([^\s"'<>/=]+)(?:="[^"]*")?/g)].map(([, name]) => name!.toLowerCase()),
  }));
}

function expectHarmless(page: string, scripts: number): void {
  const tags = tagsOf(page);
  // Every `<` begins a tag of ours, an end tag or the doctype: nothing from a text opened one.
  expect(page.match(/</g)).toHaveLength(
    tags.length + page.match(/<\/[a-z]/gi)!.length + (page.match(/<!/g)?.length ?? 0),
  );
  expect(tags.filter(({ name }) => name === 'script')).toHaveLength(scripts);
  expect(tags.filter(({ name }) => name === 'img' || name === 'style')).toHaveLength(0);
  for (const { attributes } of tags) {
    expect(attributes.filter((name) => name.startsWith('on') || name === 'style')).toEqual([]);
  }
  expect(page).not.toMatch(/(?:href|src|action)="\s*javascript:/i);
}

const SCRIPTS: Readonly<Record<string, number>> = { credential: 1, verify: 1 };

describe.each(Object.entries(PAGES))('the page %s', (name, render) => {
  describe.each(['sv', 'en'] as const)('in %s', (lang) => {
    const ctx = { ...CONTEXT, lang };

    it('lets no hostile text become markup', () => {
      const page = render({ ...ctx, path: `/x${HOSTILE}`, csrf: HOSTILE }, evil);
      expectHarmless(page, SCRIPTS[name] ?? 0);
    });

    it('has its language, a title, the landmarks, one h1, a skip link and the other language', () => {
      const page = render(ctx, plain);
      expect(page).toMatch(new RegExp(`^<!doctype html><html lang="${lang}">`));
      for (const tag of ['title', 'header', 'main', 'footer', 'h1']) {
        // A chart has a title of its own.
        expect(page.replace(/<svg.*?<\/svg>/gs, '').match(new RegExp(`<${tag}[ >]`, 'g'))).toHaveLength(1);
      }
      expect(page).toContain('<a class="skip" href="#content"');
      expect(page).toContain('<main id="content"');
      expect(page).toMatch(/<nav aria-label="[^"]+"/);
      expect(page).toContain(`?lang=${lang === 'sv' ? 'en' : 'sv'}"`);
      expect(page).not.toMatch(/undefined|\[object|NaN|\{\w+\}/);
    });

    it('names every field and has no id twice', () => {
      const page = render(ctx, plain);
      const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id!);
      expect(new Set(ids).size).toBe(ids.length);
      for (const [field] of page.matchAll(/<(?:input|select|textarea)[^>]*>/g)) {
        if (field.includes('type="hidden"')) continue;
        expect(page).toContain(`for="${/ id="([^"]+)"/.exec(field)?.[1]}"`);
      }
      for (const [, references] of page.matchAll(/aria-(?:labelledby|describedby)="([^"]*)"/g)) {
        for (const id of references!.split(' ')) expect(ids).toContain(id);
      }
    });

    it('loads nothing from elsewhere and has no inline script or style', () => {
      const page = render(ctx, plain);
      // A link loads nothing before somebody follows it, and then does not say where from.
      const links = [...page.matchAll(/<a [^>]*href="(?:https?:)?\/\/[^>]*>/g)].map(([link]) => link);
      for (const link of links) expect(link).toContain('rel="external noopener noreferrer"');
      const rest = links.reduce((text, link) => text.replace(link, '<a>'), page);
      expect(rest).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(page).not.toMatch(/<style|\sstyle=|<script(?![^>]* src=)/);
    });
  });
});

describe.each(Object.entries(PARTS))('the part %s', (_, render) => {
  it.each(['sv', 'en'] as const)('lets no hostile text become markup in %s', (lang) => {
    expectHarmless(render(lang, evil), 0);
    expect(render(lang, plain)).not.toMatch(/undefined|\[object|NaN/);
  });
});

describe('the navigation', () => {
  it.each([
    ['/batches', '/batches'],
    ['/batches/7', '/batches'],
    ['/anchoring', '/batches'],
    ['/verify', '/verify'],
    ['/docs/auditor', '/docs'],
    ['/history', undefined],
  ])('on %s marks %s', (path, marked) => {
    const page = pages.anchoringPage(VIEWS.anchoring, { ...CONTEXT, path });
    const marks = [...page.matchAll(/<a href="([^"?]*)[^"]*" aria-current="page">/g)].map(([, href]) => href);
    expect(marks).toEqual(marked === undefined ? [] : [marked]);
  });
});

describe('a page with demonstration data', () => {
  it('says so, and one without does not', () => {
    expect(pages.startPage(VIEWS.start, CONTEXT)).toContain('Demodata: påhittade innehavare');
    expect(pages.startPage(VIEWS.start, { ...CONTEXT, demo: false })).not.toContain('Demodata');
  });
});

describe('the definition page', () => {
  const page = pages.definitionPage(VIEWS.definition, { ...CONTEXT, langInUrl: false });

  it('has the guide’s columns and its row of work tasks', () => {
    const headings = [...page.matchAll(/<th role="columnheader" scope="col">([^<]*)</g)].map(([, text]) => text);
    expect(headings).toEqual([
      'Kategori',
      'Inledning',
      'Aktivitet (aktivt verb)',
      'Innehåll',
      'Kvalitet och sammanhang',
    ]);
    expect(page).toContain('Arbetsuppgifter som förväntas kunna utföras');
  });

  it('has each row as a sentence too', () => {
    expect(page).toContain(
      'Innehavaren kan redogöra för hur lagning av optofiber genomförs för att akut laga en förbindelse.',
    );
  });
});

describe('the credential page', () => {
  it('S25: shows no more than the entry, and explains itself without JavaScript', () => {
    const page = pages.credentialPage(VIEWS.credential, CONTEXT);
    expect(page).toMatch(/<noscript><p class="note">/);
    expect(page).toContain('data-credential="2f1c2f86-3c6a-4c57-9d0c-2f3a7a0f6d11"');
    expect(page).toContain('name="robots" content="noindex');
  });
});

describe('the operator’s forms', () => {
  it('are POST forms with the session’s token', () => {
    for (const page of [pages.operatorPage(VIEWS.operator, CONTEXT), pages.confirmPage(VIEWS.confirm, CONTEXT)]) {
      const forms = [...page.matchAll(/<form method="post".*?<\/form>/gs)];
      expect(forms.length).toBeGreaterThan(0);
      for (const [form] of forms) expect(form).toContain('<input type="hidden" name="csrf" value="token"/>');
    }
  });

  it('offer for a revoked credential nothing but its link', () => {
    const page = pages.operatorPage({ ...VIEWS.operator, credentials: [VIEWS.operator.credentials[2]!] }, CONTEXT);
    const offered = [...page.matchAll(/\/operator\/credentials\/[\w-]+\/(\w+)/g)].map(([, action]) => action);
    expect(offered).toEqual(['link']);
  });
});

describe('the operator’s pages of a ledger that can only be read', () => {
  const context = { ...CONTEXT, readOnly: true };

  it('S16: offer nothing that changes anything, and say why', () => {
    const register = pages.operatorPage({ ...VIEWS.operator, unanchored: 0 }, context);
    const offered = [...register.matchAll(/\/operator\/credentials\/[\w-]+\/(\w+)/g)].map(([, action]) => action);
    expect(new Set(offered)).toEqual(new Set(['link']));
    expect(register).not.toContain(texts(CONTEXT.lang).operator.sealNone);
    for (const page of [register, pages.confirmPage(VIEWS.confirm, context)]) {
      expect([...page.matchAll(/<form method="post" action="([^"?]*)/g)].map(([, action]) => action)).toEqual([
        '/sign-out',
      ]);
      expect(page).toContain(texts(CONTEXT.lang).operator.readOnly);
    }
  });
});

describe('a credential in the browser', () => {
  it('gives back the definition’s content that its achievement was made from', () => {
    const { creator, ...content } = contentOf(achievementOf('x', 2, CONTENT));
    const { creator: original, ...expected } = CONTENT;
    expect(creator.name).toBe(original.name);
    expect(content).toEqual({
      ...expected,
      qualityAssurance: [{ type: 'internal', description: { sv: 'Bedömare kalibreras' } }],
    });
  });

  it('of any shape is shown without failing', () => {
    for (const shape of [
      {},
      { issuer: 7, credentialSubject: 'x' },
      { credentialSubject: [{ achievement: { learningOutcome: [null, {}], title: [], workload: 3 } }] },
    ]) {
      expect(html(DocumentView({ credential: shape, report: REPORT, lang: 'sv' }))).toContain('<section');
    }
  });
});

describe('the verdict', () => {
  it('S12: is not called genuine where something beside it could not be checked', () => {
    const unknown = { name: 'anchor', outcome: 'unknown', detail: '' } as const;
    const revoked = { ...REPORT, verdict: 'notInForce', state: 'revoked' } as const;
    expect(html(VerdictView({ report: revoked, lang: 'sv' }))).toContain('Äkta, men gäller inte');
    expect(html(VerdictView({ report: { ...revoked, checks: [unknown] }, lang: 'sv' }))).not.toContain('Äkta');
  });
});
