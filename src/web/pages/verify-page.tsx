/** `/verify` and `/verify/{id}`: drop, choose or paste; `browser/verify.ts` does the work in the browser. */
import { attr, html, href, Page, pathOf } from './components.js';
import { texts } from '../text/text.js';
import type { PageContext, VerifyView } from './view-models.js';

function Form({ vm, ctx }: { vm: VerifyView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).verify;
  return (
    <form id="verify" class="verify" data-credential={vm.id === undefined ? undefined : attr(vm.id)} hidden>
      <div id="drop" class="drop">
        <p class="drop-text" aria-hidden="true" safe>
          {t.drop}
        </p>
        <label for="file" safe>
          {t.choose}
        </label>
        <input type="file" id="file" accept=".json,application/json,application/vc" aria-describedby="file-hint" />
        <p class="minor" id="file-hint" safe>
          {t.chooseHint}
        </p>
      </div>
      <div class="field">
        <label for="paste" safe>
          {t.paste}
        </label>
        <textarea id="paste" rows="5" spellcheck="false" aria-describedby="paste-hint"></textarea>
        <p class="minor" id="paste-hint" safe>
          {t.pasteHint}
        </p>
      </div>
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
          {t.blockHint}
        </p>
      </div>
      <button type="submit" safe>
        {t.check}
      </button>
    </form>
  );
}

export function verifyPage(vm: VerifyView, ctx: PageContext): string {
  const t = texts(ctx.lang).verify;
  return html(
    <Page ctx={ctx} title={t.title} script="verify.js" unlisted={vm.id !== undefined}>
      <h1 safe>{t.heading}</h1>
      <p class="lead" safe>
        {vm.id === undefined ? t.lead : t.leadId}
      </p>
      {vm.id === undefined ? (
        ''
      ) : (
        <p>
          <a href={href(ctx, `/c${pathOf(vm.id)}`)} safe>
            {t.publicPage}
          </a>
        </p>
      )}
      {vm.erased ? (
        <p class="note" id="erased" safe>
          {texts(ctx.lang).credential.erasedText}
        </p>
      ) : (
        ''
      )}
      <noscript>
        <p class="note" safe>
          {t.noScript}
        </p>
      </noscript>
      <Form vm={vm} ctx={ctx} />
      <section aria-labelledby="result-heading" id="result-section" tabindex="-1" hidden>
        <h2 id="result-heading" safe>
          {t.result}
        </h2>
        <div id="result" aria-live="polite"></div>
      </section>
      <section aria-labelledby="trust-heading" id="trust-section">
        <h2 id="trust-heading" safe>
          {t.trustHeading}
        </h2>
        <p id="trust" safe>
          {t.trustFile.replace(', {origin}', '')}
        </p>
      </section>
    </Page>,
  );
}
