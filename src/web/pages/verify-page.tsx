/** `/verify` and `/verify/{id}`: drop, choose, paste or scan; `browser/verify.tsx` does the work in the browser. */
import { fill, formatNumber, texts } from '../text/text.js';
import { attr, Code, html, href, Page, pathOf } from './components.js';
import { Desk, Result } from './verify-desk.js';
import type { PageContext, VerifyView } from './view-models.js';

/** Where the self-contained file is, and how one knows that it is the right one. */
function Saved({ file, ctx }: { file: NonNullable<VerifyView['file']>; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).verify;
  const kb = formatNumber(Math.ceil(file.bytes / 1_000), ctx.lang);
  return (
    <section aria-labelledby="save-heading" id="save-section">
      <h2 id="save-heading" safe>
        {t.saveHeading}
      </h2>
      <p safe>{t.saveText}</p>
      <p>
        <a class="button quiet" href={attr(`/verify/${file.name}`)} download={attr(file.name)} safe>
          {fill(t.saveLink, { name: file.name, kb })}
        </a>
      </p>
      <p class="minor">
        <span safe>{t.saveHash}</span> <Code value={file.sha256} />
      </p>
      <p class="minor" id="kept" role="status"></p>
    </section>
  );
}

export function verifyPage(vm: VerifyView, ctx: PageContext): string {
  const t = texts(ctx.lang).verify;
  return html(
    <Page ctx={ctx} title={t.title} script="verify" unlisted={vm.id !== undefined}>
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
      <div class="note warn" id="offline" role="status" hidden></div>
      <Desk lang={ctx.lang} credential={vm.id} pdfWorker={ctx.assets('pdf-worker.js')} />
      <Result lang={ctx.lang} />
      <section aria-labelledby="trust-heading" id="trust-section">
        <h2 id="trust-heading" safe>
          {t.trustHeading}
        </h2>
        <p id="trust" safe>
          {t.trustFile.replace(', {origin}', '')}
        </p>
      </section>
      {vm.file === undefined ? '' : <Saved file={vm.file} ctx={ctx} />}
    </Page>,
  );
}
