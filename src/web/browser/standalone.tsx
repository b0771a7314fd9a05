/**
 * The script of the self-contained file (`scripts/verify-file.mjs` puts it together): the desk without any ledger, for
 * the time when the service is gone. It has no network (its policy allows none), asks which ledger is relied on (S4),
 * and keeps nothing.
 */
import { attr, html } from '../pages/components.js';
import { Desk, Result, TrustFields } from '../pages/verify-desk.js';
import type { Lang } from '../pages/view-models.js';
import { texts } from '../text/text.js';
import { languageOf } from '../language.js';
import { startDesk, type Desk as Running } from './desk.js';
import { element } from './dom.js';
import { acceptLanguage } from './offline.js';
import { pdfReader } from './pdf.js';
import { Pins } from './pins.js';

const pins = new Pins();
const readPdf = pdfReader(() => {
  const script = element('pdf-reader', HTMLScriptElement).textContent ?? '';
  return URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
});
let desk: Running | undefined;

function Body({ lang }: { lang: Lang }): JSX.Element {
  const t = texts(lang);
  const other: Lang = lang === 'sv' ? 'en' : 'sv';
  return (
    <>
      <header class="site-header">
        <div class="wrap bar">
          <span class="brand" safe>
            {t.site.name}
          </span>
          <button type="button" id="language" class="link language" lang={attr(other)} safe>
            {t.site.language}
          </button>
        </div>
      </header>
      <main id="content" tabindex="-1" class="wrap">
        <h1 safe>{t.verify.heading}</h1>
        <p class="lead" safe>
          {t.verify.fileLead}
        </p>
        <section aria-labelledby="trust-heading" class="verify">
          <h2 id="trust-heading" safe>
            {t.verify.trustFileHeading}
          </h2>
          <p safe>{t.verify.trustFileText}</p>
          <TrustFields lang={lang} />
        </section>
        <section aria-labelledby="check-heading" class="verify">
          <h2 id="check-heading" safe>
            {t.verify.fileCheckHeading}
          </h2>
          <Desk lang={lang} isFile />
        </section>
        <Result lang={lang} />
      </main>
      <footer class="site-footer">
        <div class="wrap">
          <p safe>{t.verify.fileFooter}</p>
        </div>
      </footer>
    </>
  );
}

function start(lang: Lang): void {
  const last = desk?.last();
  desk?.stop();
  document.documentElement.lang = lang;
  document.title = texts(lang).verify.title;
  element('app', HTMLElement).innerHTML = html(<Body lang={lang} />);
  desk = startDesk({ lang, readPdf, pins });
  element('language', HTMLButtonElement).addEventListener('click', () => {
    start(lang === 'sv' ? 'en' : 'sv');
    element('language', HTMLButtonElement).focus();
  });
  if (last !== undefined) desk.again(last);
}

start(languageOf(acceptLanguage(navigator.languages)));
