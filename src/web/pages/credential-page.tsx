/**
 * `/c/{id}`, the page behind the QR code. The server shows the public facts of the log's entry and no more (S25); what
 * the holder chose to show is fetched, decrypted and verified by `browser/credential.ts` with the key in the fragment,
 * which the server never sees.
 */
import { fill, formatDate, formatNumber, labelOf, texts, translated } from '../text/text.js';
import { AnchorFacts } from './anchor-facts.js';
import { attr, Badge, Code, DemoNote, Fact, html, href, Page, pathOf, Text, Time } from './components.js';
import type { CredentialView, PageContext } from './view-models.js';

function PublicFacts({ vm, ctx }: { vm: CredentialView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const dictionary = texts(lang);
  const t = dictionary.credential;
  return (
    <dl class="facts">
      <Fact term={dictionary.common.state}>
        <Badge code={vm.state} labels={dictionary.state} />{' '}
        {vm.stateSince === undefined || vm.state === 'active' ? (
          ''
        ) : (
          <span safe>{fill(t.since, { date: formatDate(vm.stateSince, lang) })}</span>
        )}
        <p class="minor" safe>
          {labelOf(dictionary.stateText, vm.state)}
        </p>
      </Fact>
      {vm.reasonCode === undefined ? (
        ''
      ) : (
        <Fact term={t.reason}>
          <span safe>{labelOf(dictionary.reason, vm.reasonCode)}</span>
        </Fact>
      )}
      <Fact term={t.definition}>
        <a href={href(ctx, `/catalogue${pathOf(vm.definition.id, 'versions', vm.definition.version)}`)}>
          <Text text={vm.definition.title} lang={lang} />
        </a>
        {', '}
        <span safe>{fill(dictionary.common.version, { n: vm.definition.version }).toLowerCase()}</span>
      </Fact>
      <Fact term={t.issuer}>
        <span safe>{vm.organisation.name}</span>
      </Fact>
      <Fact term={t.issued}>
        <Time iso={vm.issuedAt} lang={lang} />
      </Fact>
      <Fact term={t.validFrom}>
        <Time iso={vm.validFrom} lang={lang} />
      </Fact>
      <Fact term={t.validUntil}>
        {vm.validUntil === undefined ? <span safe>{t.noEnd}</span> : <Time iso={vm.validUntil} lang={lang} />}
      </Fact>
      <Fact term={dictionary.common.index}>
        <a href={`/log/entries${pathOf(vm.index)}`} safe>
          {formatNumber(vm.index, lang)}
        </a>
      </Fact>
      <Fact term={dictionary.common.batch}>
        {vm.batch === undefined ? (
          <span safe>{dictionary.common.notYet}</span>
        ) : (
          <a href={href(ctx, `/batches/${vm.batch}`)} safe>
            {formatNumber(vm.batch, lang)}
          </a>
        )}
      </Fact>
      <Fact term={t.id}>
        <Code value={vm.id} />
      </Fact>
      <Fact term={t.digest}>
        <Code value={vm.digest} />
      </Fact>
    </dl>
  );
}

export function credentialPage(vm: CredentialView, ctx: PageContext): string {
  const { lang } = ctx;
  const t = texts(lang).credential;
  const title = translated(vm.definition.title, lang);
  return html(
    <Page
      ctx={ctx}
      title={`${title.text}, ${fill(t.title, { organisation: vm.organisation.name })}`}
      {...(vm.erased ? {} : { script: 'credential' })}
      unlisted
    >
      <p class="eyebrow" safe>
        {t.kind}
      </p>
      <h1 lang={title.lang === lang ? undefined : title.lang} safe>
        {title.text}
      </h1>
      <p class="lead">
        <span safe>{fill(t.issuedBy, { organisation: vm.organisation.name })}</span>{' '}
        <Badge code={vm.state} labels={texts(lang).state} />
      </p>
      {vm.demo ? <DemoNote lang={lang} /> : ''}
      <section aria-labelledby="shared-heading">
        <h2 id="shared-heading" safe>
          {t.shared}
        </h2>
        {vm.erased ? (
          <div class="note" id="erased">
            <h3 safe>{t.erased}</h3>
            <p safe>{t.erasedText}</p>
          </div>
        ) : (
          <div id="shared" data-credential={attr(vm.id)} aria-live="polite">
            <noscript>
              <p class="note" safe>
                {t.noScript}
              </p>
            </noscript>
          </div>
        )}
      </section>
      <section aria-labelledby="public-heading">
        <h2 id="public-heading" safe>
          {t.public}
        </h2>
        <p class="minor" safe>
          {t.publicText}
        </p>
        <PublicFacts vm={vm} ctx={ctx} />
      </section>
      <section aria-labelledby="anchor-heading">
        <h2 id="anchor-heading" safe>
          {t.anchored}
        </h2>
        {vm.anchor === undefined ? <p safe>{t.notAnchored}</p> : <AnchorFacts anchor={vm.anchor} lang={lang} />}
      </section>
      <p>
        <a class="button quiet" href={href(ctx, `/verify${pathOf(vm.id)}`)} safe>
          {t.verifyFile}
        </a>{' '}
        <a class="button quiet" href={href(ctx, `/history/credentials${pathOf(vm.id)}`)} safe>
          {texts(lang).history.link}
        </a>
      </p>
    </Page>,
  );
}
