/**
 * The form of the check: what the page `/verify` and the saved file have in common. `browser/desk.tsx` makes it work;
 * without a script it stays hidden.
 */
import { texts } from '../text/text.js';
import { attr } from './components.js';
import type { Lang } from './view-models.js';

export interface DeskProps {
  readonly lang: Lang;
  /** UUID of the one credential that is to be checked. */
  readonly credential?: string | undefined;
  /** Address of the worker that reads PDFs. */
  readonly pdfWorker?: string | undefined;
  /** The saved file: nobody serves it, so it asks for trust before all else. */
  readonly isFile?: boolean;
}

function Camera({ lang }: { lang: Lang }): JSX.Element {
  const t = texts(lang).verify;
  return (
    <>
      <p class="actions">
        <button type="button" id="scan" class="quiet" aria-expanded="false" aria-controls="camera" safe>
          {t.scan}
        </button>
      </p>
      <div id="camera" class="camera" hidden>
        <video id="video" aria-label={t.camera}></video>
        <p id="camera-status" role="status"></p>
        <button type="button" id="camera-close" class="quiet" safe>
          {t.cameraClose}
        </button>
      </div>
      <div id="camera-problem"></div>
    </>
  );
}

/** Where a person adds trust files; what is relied on already stands above the field. */
export function TrustFields({ lang }: { lang: Lang }): JSX.Element {
  const t = texts(lang).verify;
  return (
    <div class="field">
      <ul id="pins" class="plain pins"></ul>
      <label for="trust-file" safe>
        {t.trustChoose}
      </label>
      <input type="file" id="trust-file" accept=".json,application/json" />
      <div id="trust-ask" aria-live="polite"></div>
    </div>
  );
}

function More({ lang, isFile }: { lang: Lang; isFile: boolean }): JSX.Element {
  const t = texts(lang).verify;
  const fields = (
    <>
      <div class="field">
        <label for="block-hash" safe>
          {t.blockLabel}
        </label>
        <input
          type="text"
          id="block-hash"
          inputmode="text"
          autocomplete="off"
          spellcheck="false"
          maxlength="66"
          aria-describedby="block-hint"
        />
        <p class="minor" id="block-hint" safe>
          {isFile ? t.blockHintFile : t.blockHint}
        </p>
      </div>
      <div class="field">
        <label for="block-list" safe>
          {t.listLabel}
        </label>
        <input type="file" id="block-list" accept=".json,application/json" aria-describedby="list-hint" />
        <p class="minor" id="list-hint" aria-live="polite" safe>
          {t.listHint}
        </p>
      </div>
    </>
  );
  // The saved file has nobody to ask for the block's hash, so these are no side matter there.
  if (isFile) return fields;
  return (
    <details id="more">
      <summary safe>{t.more}</summary>
      {fields}
      <h2 class="small" safe>
        {t.trustOthers}
      </h2>
      <p class="minor" safe>
        {t.trustOthersText}
      </p>
      <TrustFields lang={lang} />
    </details>
  );
}

export function Desk({ lang, credential, pdfWorker, isFile = false }: DeskProps): JSX.Element {
  const t = texts(lang).verify;
  return (
    <form
      id="verify"
      class="verify"
      data-credential={credential === undefined ? undefined : attr(credential)}
      data-pdf-worker={pdfWorker === undefined ? undefined : attr(pdfWorker)}
      hidden
    >
      <div id="drop" class="drop">
        <p class="drop-text" aria-hidden="true" safe>
          {t.drop}
        </p>
        <label for="file" safe>
          {t.choose}
        </label>
        <input
          type="file"
          id="file"
          accept=".json,.pdf,application/json,application/vc,application/pdf,image/*"
          aria-describedby="file-hint"
        />
        <p class="minor" id="file-hint" safe>
          {t.chooseHint}
        </p>
        <Camera lang={lang} />
      </div>
      <div class="field">
        <label for="paste" safe>
          {t.paste}
        </label>
        <textarea id="paste" rows="4" spellcheck="false" aria-describedby="paste-hint"></textarea>
        <p class="minor" id="paste-hint" safe>
          {t.pasteHint}
        </p>
      </div>
      <More lang={lang} isFile={isFile} />
      <p class="actions">
        <button type="submit" safe>
          {t.check}
        </button>
      </p>
    </form>
  );
}

/** Where the report comes. */
export function Result({ lang }: { lang: Lang }): JSX.Element {
  return (
    <section aria-labelledby="result-heading" id="result-section" tabindex="-1" hidden>
      <h2 id="result-heading" safe>
        {texts(lang).verify.result}
      </h2>
      <div id="result" aria-live="polite"></div>
    </section>
  );
}
