/**
 * The desk of the check, on the page `/verify` and in the saved file: what is dropped, chosen, pasted or scanned goes
 * in, the report comes out. The file field and the text field are the keyboard's way; dropping is an extra. Proven in a
 * browser by test/verify-page.e2e.spec.ts and test/verify-file.e2e.spec.ts.
 */
import { parseJson } from '../../encoding/strict-json.js';
import { PdfError } from '../../interop/pdf-error.js';
import { parseBlockHashList, pinnedBlocksOf, type BlockHashList } from '../../verification/block-hash-list.js';
import { DemoNote, html } from '../pages/components.js';
import { DocumentView } from '../pages/document-view.js';
import { ProblemView, ReportView, VerdictView } from '../pages/report-view.js';
import type { Lang } from '../pages/view-models.js';
import { fill, formatNumber, texts } from '../text/text.js';
import { scan } from './camera.js';
import { check, type Checked } from './check.js';
import { element } from './dom.js';
import { givenByFile, leadingSomewhere, type Given } from './given.js';
import { readBlockHash, readInput, uuidOf } from './input.js';
import type { Fetch } from './ledger.js';
import type { PdfReader } from './pdf.js';
import { detailOf, type Pins } from './pins.js';
import { PageProblem, problemText } from './problem.js';
import { startTrustFields } from './trust-fields.js';

export interface DeskOptions {
  readonly lang: Lang;
  /** Of the serving ledger; absent in the saved file. */
  readonly fetch?: Fetch;
  /** UUID of the one credential that is to be checked. */
  readonly expected?: string | undefined;
  readonly readPdf: PdfReader;
  readonly pins: Pins;
  /** Called when a report is shown, and when it is put away. */
  readonly onReport?: (isShown: boolean) => void;
}

export interface Desk {
  readonly showProblem: (error: unknown) => void;
  readonly show: (content: string) => void;
  /** Checks the same again: in another language, by other trust. */
  readonly again: (given: Given) => void;
  /** What was checked last. */
  readonly last: () => Given | undefined;
  /** Turns the camera off. */
  readonly stop: () => void;
}

interface List {
  readonly list: BlockHashList;
  readonly file: string;
}

/** Makes the form work. @throws InvariantError where the document has no such form */
export function startDesk(options: DeskOptions): Desk {
  const { lang, fetch, expected, readPdf, pins, onReport } = options;
  const t = texts(lang);
  const form = element('verify', HTMLFormElement);
  const file = element('file', HTMLInputElement);
  const paste = element('paste', HTMLTextAreaElement);
  const section = element('result-section', HTMLElement);
  const result = element('result', HTMLElement);
  let list: List | undefined;
  let last: Given | undefined;
  /** What came last is what is meant: an answer to what came before is dropped. */
  let turn = 0;

  function show(content: string): void {
    section.hidden = false;
    result.innerHTML = content;
  }

  function showProblem(error: unknown): void {
    const link = error instanceof PageProblem ? error.link?.href : undefined;
    show(html(ProblemView({ text: problemText(error, lang), link, lang })));
    if (!(error instanceof PageProblem || error instanceof PdfError)) console.error(error);
  }

  function showChecked(checked: Checked, given: Given): void {
    const { report, credential } = checked;
    show(
      html(
        <>
          <p class="print-only">
            <strong safe>{t.verify.printHeading}</strong> <span safe>{`${location.origin}${location.pathname}`}</span>
          </p>
          <From given={given} lang={lang} />
          <VerdictView report={report} lang={lang} />
          {checked.bundle === undefined ? (
            <p class="note warn" safe>
              {fetch === undefined ? t.problem.noEvidenceInFile : t.problem.noEvidence}
            </p>
          ) : (
            ''
          )}
          {report.credential.demo === true ? <DemoNote lang={lang} /> : ''}
          <DocumentView credential={credential} report={report} lang={lang} />
          <ReportView {...checked} lang={lang} />
          <p class="actions">
            <button type="button" id="print" class="quiet" safe>
              {t.verify.print}
            </button>
            <button type="button" id="again" class="quiet" safe>
              {t.verify.again}
            </button>
          </p>
        </>,
      ),
    );
    element('print', HTMLButtonElement).addEventListener('click', () => window.print());
    element('again', HTMLButtonElement).addEventListener('click', startAgain);
    onReport?.(true);
  }

  function startAgain(): void {
    form.reset();
    last = undefined;
    section.hidden = true;
    result.textContent = '';
    onReport?.(false);
    file.focus();
  }

  /** A block hash that cannot be one is told at its field and stops the check. */
  function ownBlockHash(): { readonly hash: string | undefined } | undefined {
    const field = element('block-hash', HTMLInputElement);
    const hint = element('block-hint', HTMLElement);
    try {
      const hash = readBlockHash(field.value);
      field.removeAttribute('aria-invalid');
      hint.textContent = fetch === undefined ? t.verify.blockHintFile : t.verify.blockHint;
      return { hash };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      document.getElementById('more')?.setAttribute('open', '');
      field.setAttribute('aria-invalid', 'true');
      hint.textContent = t.verify.blockBad;
      field.focus();
      return undefined;
    }
  }

  async function run(what: Given | Promise<Given>): Promise<void> {
    const own = ownBlockHash();
    if (own === undefined) return;
    const ours = ++turn;
    show(html(<p safe>{t.verify.working}</p>));
    section.focus();
    try {
      const given = await what;
      const input = readInput(given.text);
      if (expected !== undefined && input.kind !== 'link') refuseOther(uuidOf(input.credential));
      const checked = await check(input, {
        fetch,
        now: new Date(),
        ownBlockHash: own.hash,
        pinned: pins.all.map(({ trust }) => trust),
        blockHashes: list === undefined ? [] : pinnedBlocksOf(list.list, list.file),
      });
      if (ours !== turn) return;
      refuseOther(uuidOf(checked.credential));
      last = given;
      showChecked(checked, given);
    } catch (error) {
      if (ours === turn) showProblem(error);
    }
  }

  /** @throws PageProblem otherCredential */
  function refuseOther(uuid: string | undefined): void {
    if (expected !== undefined && uuid !== expected.toLowerCase()) throw new PageProblem('otherCredential');
  }

  const runFile = (chosen: File): void => void run(givenByFile(chosen, readPdf));

  function submit(): void {
    const chosen = file.files?.[0];
    // What was pasted last is what is meant, also when a file was chosen before.
    if (paste.value.trim() === '' && chosen !== undefined) runFile(chosen);
    else void run({ text: paste.value });
  }

  async function readList(chosen: File): Promise<void> {
    const hint = element('list-hint', HTMLElement);
    try {
      list = { list: parseBlockHashList(parseJson(await chosen.text())), file: chosen.name };
      const { anchors, name } = list.list;
      hint.textContent = fill(t.verify.listRead, { n: formatNumber(anchors.length, lang), name, file: chosen.name });
    } catch (error) {
      list = undefined;
      hint.textContent = fill(t.problem.badList, { detail: detailOf(error) });
    }
  }

  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    if (chosen !== undefined) runFile(chosen);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  const blockList = element('block-list', HTMLInputElement);
  blockList.addEventListener('change', () => {
    const chosen = blockList.files?.[0];
    if (chosen !== undefined) void readList(chosen);
  });
  paste.addEventListener('paste', (event) => {
    // A picture of a code; what is text goes into the field as ever.
    const picture = [...(event.clipboardData?.files ?? [])].find(({ type }) => type.startsWith('image/'));
    if (picture === undefined) return;
    event.preventDefault();
    runFile(picture);
  });
  startDropping(runFile, (text) => void run({ text }));
  unfoldForPrint();
  const stop = startScanning(lang, (text) => void run(scanned(text)));
  startTrustFields({ lang, pins, isFile: fetch === undefined, onChange: () => last && void run(last) });
  form.hidden = false;
  return { show, showProblem, again: (given) => void run(given), last: () => last, stop };
}

/** @throws PageProblem for a code that leads nowhere */
async function scanned(text: string): Promise<Given> {
  return { text: leadingSomewhere(text), from: 'camera' };
}

function From({ given: { name, from }, lang }: { given: Given; lang: Lang }): JSX.Element {
  const t = texts(lang).verify;
  const lines = [
    ...(name === undefined ? [] : [fill(t.fileRead, { name })]),
    ...(from === 'camera' ? [t.fromCamera] : []),
    ...(from === 'pdf' ? [t.fromPdf] : []),
  ];
  return lines.length === 0 ? (
    ''
  ) : (
    <p class="minor" safe>
      {lines.join('. ').replaceAll('..', '.')}
    </p>
  );
}

/** What is folded on the screen is on the paper all the same; not every browser can be told so by a style. */
function unfoldForPrint(): void {
  let folded: HTMLDetailsElement[] = [];
  window.onbeforeprint = () => {
    folded = [...document.querySelectorAll<HTMLDetailsElement>('.all-checks:not([open])')];
    for (const one of folded) one.open = true;
  };
  window.onafterprint = () => {
    for (const one of folded) one.open = false;
  };
}

/** On the whole page: a file that misses the frame must not replace the page. */
function startDropping(onFile: (file: File) => void, onText: (text: string) => void): void {
  const over = (isOver: boolean): void => void element('drop', HTMLElement).classList.toggle('over', isOver);
  document.ondragover = (event) => {
    event.preventDefault();
    over(true);
  };
  document.ondragleave = (event) => {
    if (event.relatedTarget === null) over(false);
  };
  document.ondrop = (event) => {
    event.preventDefault();
    over(false);
    const chosen = event.dataTransfer?.files[0];
    const text = event.dataTransfer?.getData('text') ?? '';
    if (chosen !== undefined) onFile(chosen);
    else if (text !== '') onText(text);
  };
}

/**
 * The camera's panel: opened and closed by buttons, closed by Escape, by a hit, and when the page is left.
 * @returns what closes it
 */
function startScanning(lang: Lang, onText: (text: string) => void): () => void {
  const t = texts(lang).verify;
  const button = element('scan', HTMLButtonElement);
  const panel = element('camera', HTMLElement);
  const status = element('camera-status', HTMLElement);
  const problem = element('camera-problem', HTMLElement);
  let open: AbortController | undefined;

  function close(): void {
    open?.abort();
    open = undefined;
    panel.hidden = true;
    button.hidden = false;
    button.setAttribute('aria-expanded', 'false');
  }

  async function start(): Promise<void> {
    const ours = new AbortController();
    open = ours;
    problem.textContent = '';
    panel.hidden = false;
    button.hidden = true;
    button.setAttribute('aria-expanded', 'true');
    status.textContent = t.cameraStarting;
    element('camera-close', HTMLButtonElement).focus();
    const video = element('video', HTMLVideoElement);
    video.onplaying = () => (status.textContent = t.cameraLooking);
    try {
      const text = await scan(video, ours.signal);
      if (text === undefined || ours.signal.aborted) return;
      close();
      onText(text);
    } catch (error) {
      if (ours.signal.aborted) return;
      close();
      problem.innerHTML = html(ProblemView({ text: problemText(error, lang), lang }));
      button.focus();
      if (!(error instanceof PageProblem)) console.error(error);
    }
  }

  button.addEventListener('click', () => void start());
  element('camera-close', HTMLButtonElement).addEventListener('click', () => {
    close();
    button.focus();
  });
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    close();
    button.focus();
  });
  window.addEventListener('pagehide', close);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
  });
  return close;
}
