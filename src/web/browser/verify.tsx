/**
 * The script of `/verify` and `/verify/{id}`: the desk (`desk.tsx`) with the serving ledger beside it. A service worker
 * keeps the page for when there is no network; what the ledger then cannot be asked for is said.
 */
import { isJsonObject } from '../../encoding/json.js';
import { html } from '../pages/components.js';
import { fill, formatDateTime, texts } from '../text/text.js';
import { startDesk } from './desk.js';
import { browserFetch, element, pageLanguage } from './dom.js';
import { fetchEvidence, fetchTrust, remembering } from './ledger.js';
import { KEPT_HEADER } from './offline.js';
import { pdfReader } from './pdf.js';
import { Pins } from './pins.js';
import { PageProblem } from './problem.js';

const lang = pageLanguage();
const t = texts(lang);
const form = element('verify', HTMLFormElement);
/** Without a network one page answers for every address. */
const expected = form.dataset['credential'] ?? /^\/verify\/([0-9a-f-]{36})$/i.exec(location.pathname)?.[1];
/** Keeps what the ledger said last: the page once loaded goes on checking when the ledger is gone. */
const ledgerFetch = remembering(noticing);

const desk = startDesk({
  lang,
  fetch: ledgerFetch,
  expected,
  readPdf: pdfReader(() => form.dataset['pdfWorker'] ?? ''),
  pins: new Pins(() => localStorage),
  // The report says the same, and more.
  onReport: (isShown) => (element('trust-section', HTMLElement).hidden = isShown),
});

/** Tells the person when the ledger does not answer, and when it answers again. */
async function noticing(path: string): Promise<Response> {
  let response: Response;
  try {
    response = await browserFetch(path);
  } catch (error) {
    showOffline(undefined);
    throw error;
  }
  const keptAt = response.headers.get(KEPT_HEADER);
  if (keptAt !== null) showOffline(keptAt);
  else element('offline', HTMLElement).hidden = true;
  return response;
}

/** @param keptAt when the ledger gave the trust file that is used, where that is known */
function showOffline(keptAt: string | undefined): void {
  const note = element('offline', HTMLElement);
  if (!note.hidden && keptAt === undefined) return;
  note.hidden = false;
  note.innerHTML = html(
    <>
      <h2 class="small" safe>
        {t.verify.offlineHeading}
      </h2>
      <p safe>{t.verify.offlineText}</p>
      {keptAt === undefined || Number.isNaN(Date.parse(keptAt)) ? (
        ''
      ) : (
        <p safe>{fill(t.verify.offlineTrust, { date: formatDateTime(new Date(keptAt).toISOString(), lang) })}</p>
      )}
    </>,
  );
}

/** Says at once whose word is taken, and whether the ledger knows the credential of the address. */
async function announce(): Promise<void> {
  try {
    const { origin } = await fetchTrust(ledgerFetch);
    element('trust', HTMLElement).textContent = fill(t.verify.trustFile, { origin });
    if (expected === undefined) return;
    const { issued } = await fetchEvidence(ledgerFetch, expected);
    const index = isJsonObject(issued) && typeof issued['index'] === 'number' ? issued['index'] : '?';
    desk.show(html(<p safe>{fill(t.verify.evidenceLoaded, { index })}</p>));
  } catch (error) {
    // That the ledger does not answer is said already, and a proof file needs nothing of it.
    if (error instanceof PageProblem && error.code === 'offline') return;
    desk.showProblem(error);
  }
}

/** After the page itself: on a slow network the worker would take what it needs. */
async function keep(): Promise<void> {
  // Browsers have it on secure origins only; the page works without.
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register('/verify/service-worker.js', { scope: '/verify' });
  await navigator.serviceWorker.ready;
  element('kept', HTMLElement).textContent = t.verify.kept;
}

window.addEventListener('offline', () => showOffline(undefined));
window.addEventListener('online', () => void announce());
void announce();
if (document.readyState === 'complete') void keep().catch(notKept);
else window.addEventListener('load', () => void keep().catch(notKept));

/** No network, or a browser that keeps nothing: nothing is promised then. */
function notKept(error: unknown): void {
  console.info('the page is not kept for use without a network', error);
}
