/**
 * The script of `/c/{id}`: with the key in the fragment it fetches what the holder chose to show, decrypts it, verifies
 * it and shows it. The key stays in the address and is sent nowhere. Proven in a browser by the end-to-end tests.
 */
import { BUNDLE_MEDIA_TYPE } from '../../verification/bundle.js';
import { html } from '../pages/components.js';
import { DocumentView } from '../pages/document-view.js';
import { ProblemView, ReportView, VerdictView } from '../pages/report-view.js';
import { texts } from '../text/text.js';
import { check, openLink, type Checked } from './check.js';
import { browserFetch, download, element, pageLanguage } from './dom.js';
import { readKey, uuidOf } from './input.js';
import { PageProblem, problemText } from './problem.js';

const lang = pageLanguage();
const t = texts(lang);
const shared = element('shared', HTMLElement);
const id = shared.dataset['credential'] ?? '';

function showNoKey(): void {
  shared.innerHTML = html(
    <div class="note">
      <h3 safe>{t.credential.noKey}</h3>
      <p safe>{t.credential.noKeyText}</p>
    </div>,
  );
}

function showChecked(checked: Checked): void {
  const { bundle } = checked;
  const document = html(DocumentView({ credential: checked.credential, report: checked.report, lang }));
  const verdict = html(VerdictView({ report: checked.report, lang }));
  const report = html(ReportView({ ...checked, lang }));
  const save = html(
    <>
      <p class="actions">
        <button type="button" id="download" safe>
          {t.credential.download}
        </button>
      </p>
      <p class="minor" safe>
        {t.credential.downloadText}
      </p>
    </>,
  );
  shared.innerHTML = verdict + document + report + (bundle === undefined ? '' : save);
  if (bundle === undefined) return;
  element('download', HTMLButtonElement).addEventListener('click', () =>
    download(`${id}.proof.json`, BUNDLE_MEDIA_TYPE, JSON.stringify(bundle)),
  );
}

async function open(): Promise<void> {
  keepKey();
  if (location.hash.length <= 1) {
    showNoKey();
    return;
  }
  shared.innerHTML = html(<p safe>{t.credential.loading}</p>);
  try {
    const credential = await openLink(readKey(location.hash), browserFetch);
    if (uuidOf(credential) !== id.toLowerCase()) throw new PageProblem('otherCredential');
    showChecked(await check({ kind: 'credential', credential }, { fetch: browserFetch, now: new Date() }));
  } catch (error) {
    shared.innerHTML = html(ProblemView({ text: problemText(error, lang), lang }));
    if (!(error instanceof PageProblem)) console.error(error);
  }
}

/** The key is in the address's fragment: neither the skip link nor a change of language may lose it. */
function keepKey(): void {
  const language = document.querySelector<HTMLAnchorElement>('a.language');
  if (language) language.hash = location.hash;
}

document.querySelector('a.skip')?.addEventListener('click', (event) => {
  event.preventDefault();
  element('content', HTMLElement).focus();
});
window.addEventListener('hashchange', () => void open());
void open();
