/**
 * The script of `/verify` and `/verify/{id}`: file, drop or paste in, verdict out. The file field and the text field
 * are the keyboard's way; dropping is an extra. Proven in a browser by the end-to-end tests.
 */
import { isJsonObject } from '../../encoding/json.js';
import { DocumentView } from '../pages/document-view.js';
import { DemoNote, html } from '../pages/components.js';
import { ProblemView, ReportView, VerdictView } from '../pages/report-view.js';
import { fill, texts } from '../text/text.js';
import { check, type Checked } from './check.js';
import { browserFetch, element, pageLanguage } from './dom.js';
import { MAX_INPUT_MB, readBlockHash, readInput, uuidOf } from './input.js';
import { fetchEvidence, fetchTrust, remembering } from './ledger.js';
import { PageProblem, problemText } from './problem.js';

const lang = pageLanguage();
const t = texts(lang);
const form = element('verify', HTMLFormElement);
const file = element('file', HTMLInputElement);
const paste = element('paste', HTMLTextAreaElement);
const blockHash = element('block-hash', HTMLInputElement);
const section = element('result-section', HTMLElement);
const result = element('result', HTMLElement);
const expected = form.dataset['credential'];
/** The page once loaded goes on checking when the ledger is gone. */
const ledgerFetch = remembering(browserFetch);

function show(content: string): void {
  section.hidden = false;
  result.innerHTML = content;
}

function showProblem(error: unknown): void {
  show(html(ProblemView({ text: problemText(error, lang), lang })));
  if (!(error instanceof PageProblem)) console.error(error);
}

function showChecked(checked: Checked, name: string | undefined): void {
  const caption =
    name === undefined
      ? ''
      : html(
          <p class="minor" safe>
            {fill(t.verify.fileRead, { name })}
          </p>,
        );
  const verdict = html(VerdictView({ report: checked.report, lang }));
  const report = html(ReportView({ ...checked, lang }));
  const missing =
    checked.bundle === undefined
      ? html(
          <p class="note warn" safe>
            {t.problem.noEvidence}
          </p>,
        )
      : '';
  const demo = checked.report.credential.demo === true ? html(DemoNote({ lang })) : '';
  const credential = html(DocumentView({ credential: checked.credential, report: checked.report, lang }));
  const actions = html(
    <p class="actions">
      <button type="button" id="print" class="quiet" safe>
        {t.verify.print}
      </button>
      <button type="button" id="again" class="quiet" safe>
        {t.verify.again}
      </button>
    </p>,
  );
  // The report says the same, and more.
  element('trust-section', HTMLElement).hidden = true;
  show(caption + verdict + missing + demo + credential + report + actions);
  element('print', HTMLButtonElement).addEventListener('click', () => window.print());
  element('again', HTMLButtonElement).addEventListener('click', startAgain);
}

function startAgain(): void {
  form.reset();
  section.hidden = true;
  element('trust-section', HTMLElement).hidden = false;
  result.textContent = '';
  file.focus();
}

/** A block hash that cannot be one is told at its field and stops the check. */
function ownBlockHash(): { readonly hash: string | undefined } | undefined {
  const hint = element('block-hint', HTMLElement);
  try {
    const hash = readBlockHash(blockHash.value);
    blockHash.removeAttribute('aria-invalid');
    hint.textContent = t.verify.blockHint;
    return { hash };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    blockHash.setAttribute('aria-invalid', 'true');
    hint.textContent = t.verify.blockBad;
    blockHash.focus();
    return undefined;
  }
}

async function run(text: string, name?: string): Promise<void> {
  const own = ownBlockHash();
  if (own === undefined) return;
  show(html(<p safe>{t.verify.working}</p>));
  section.focus();
  try {
    const input = readInput(text);
    if (expected !== undefined && input.kind !== 'link' && uuidOf(input.credential) !== expected.toLowerCase()) {
      throw new PageProblem('otherCredential');
    }
    showChecked(await check(input, { fetch: ledgerFetch, now: new Date(), ownBlockHash: own.hash }), name);
  } catch (error) {
    showProblem(error);
  }
}

async function runFile(chosen: File): Promise<void> {
  if (chosen.size > MAX_INPUT_MB * 1_000_000) showProblem(new PageProblem('tooLarge', { mb: MAX_INPUT_MB }));
  else await run(await chosen.text(), chosen.name);
}

function listen(): void {
  const drop = element('drop', HTMLElement);
  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    if (chosen !== undefined) void runFile(chosen);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const chosen = file.files?.[0];
    // What was pasted last is what is meant, also when a file was chosen before.
    if (paste.value.trim() === '' && chosen !== undefined) void runFile(chosen);
    else void run(paste.value);
  });
  // On the whole page: a file that misses the frame must not replace the page.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.classList.remove('over');
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const chosen = event.dataTransfer?.files[0];
    const text = event.dataTransfer?.getData('text') ?? '';
    if (chosen !== undefined) void runFile(chosen);
    else if (text !== '') void run(text);
  });
}

/** Says at once whose word is taken, and whether the ledger knows the credential of the address. */
async function announce(): Promise<void> {
  try {
    const { origin } = await fetchTrust(ledgerFetch);
    element('trust', HTMLElement).textContent = fill(t.verify.trustFile, { origin });
    if (expected === undefined) return;
    const { issued } = await fetchEvidence(ledgerFetch, expected);
    const index = isJsonObject(issued) && typeof issued['index'] === 'number' ? issued['index'] : '?';
    show(html(<p safe>{fill(t.verify.evidenceLoaded, { index })}</p>));
  } catch (error) {
    showProblem(error);
  }
}

form.hidden = false;
listen();
void announce();
