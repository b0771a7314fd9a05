/** The start page: what the ledger holds, how it is anchored, how it works. */
import { escapeHtml } from '@kitajs/html';
import { formatNumber, texts } from '../text/text.js';
import { chainName } from './anchor-facts.js';
import { Badge, Code, Fact, html, href, Page, Time } from './components.js';
import type { PageContext, StartView } from './view-models.js';

function Anchor({ vm, ctx }: { vm: StartView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const dictionary = texts(lang);
  const t = dictionary.start;
  const anchor = vm.newestAnchor;
  return (
    <section class="anchor-panel" aria-labelledby="anchor-heading">
      <h2 id="anchor-heading" safe>
        {t.anchor}
      </h2>
      {anchor === undefined ? (
        <p safe>{t.noAnchor}</p>
      ) : (
        <>
          <dl class="facts">
            <Fact term={t.chain}>
              <span safe>{chainName(anchor, lang)}</span>
            </Fact>
            {anchor.blockNumber === undefined ? (
              ''
            ) : (
              <Fact term={t.block}>
                <span safe>{formatNumber(anchor.blockNumber, lang)}</span>
              </Fact>
            )}
            {anchor.blockTime === undefined ? (
              ''
            ) : (
              <Fact term={t.time}>
                <Time iso={anchor.blockTime} lang={lang} time />
              </Fact>
            )}
            <Fact term={dictionary.common.batch}>
              <a href={href(ctx, `/batches/${anchor.batch}`)} safe>
                {formatNumber(anchor.batch, lang)}
              </a>
            </Fact>
            <Fact term={dictionary.common.state}>
              <Badge code={anchor.state} labels={dictionary.anchorState} />
            </Fact>
            {anchor.txHash === undefined ? (
              ''
            ) : (
              <Fact term={dictionary.anchor.transaction}>
                <Code value={anchor.txHash} />
              </Fact>
            )}
          </dl>
          {anchor.embedded ? (
            <p class="minor" safe>
              {dictionary.anchor.embedded}
            </p>
          ) : (
            ''
          )}
        </>
      )}
    </section>
  );
}

function Holdings({ vm, ctx }: { vm: StartView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).start;
  const numbers = [
    [t.definitions, vm.definitions],
    [t.organisations, vm.organisations],
    [t.credentials, vm.credentials],
    [t.logSize, vm.logSize],
  ] as const;
  return (
    <section aria-labelledby="holds-heading">
      <h2 id="holds-heading" safe>
        {t.holds}
      </h2>
      {vm.definitions === 0 && vm.credentials === 0 ? (
        <div class="note">
          <h3 safe>{t.empty}</h3>
          <p safe>{t.emptyText}</p>
        </div>
      ) : (
        ''
      )}
      <dl class="numbers">
        {numbers.map(([term, value]) => (
          <div>
            <dt safe>{term}</dt>
            <dd safe>{formatNumber(value, ctx.lang)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function How({ ctx }: { ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).start;
  const steps = [
    [t.step1, t.step1Text],
    [t.step2, t.step2Text],
    [t.step3, t.step3Text],
  ] as const;
  return (
    <section aria-labelledby="how-heading">
      <h2 id="how-heading" safe>
        {t.how}
      </h2>
      <ol class="chain">
        {steps.map(([heading, text]) => (
          <li>
            <h3 safe>{heading}</h3>
            <p safe>{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Links({ ctx }: { ctx: PageContext }): JSX.Element {
  const { nav, start: t } = texts(ctx.lang);
  const links = [
    ['/verify', nav.verify, t.linkVerify],
    ['/catalogue', nav.catalogue, t.linkCatalogue],
    ['/batches', nav.batches, t.linkBatches],
    ['/docs', nav.docs, t.linkDocs],
  ] as const;
  return (
    <section aria-labelledby="links-heading">
      <h2 id="links-heading" safe>
        {t.links}
      </h2>
      <ul class="plain links">
        {links.map(([path, name, text]) => (
          <li>
            <a href={href(ctx, path)} safe>
              {name}
            </a>
            <p safe>{text}</p>
          </li>
        ))}
      </ul>
    </section>
  );
}

export function startPage(vm: StartView, ctx: PageContext): string {
  const t = texts(ctx.lang).start;
  return html(
    <Page ctx={ctx} title={t.title}>
      <div class="hero">
        <div>
          <h1 safe>{t.heading}</h1>
          <p class="lead" safe>
            {vm.newestAnchor?.embedded === false ? `${t.lead} ${t.leadPublic}` : t.lead}
          </p>
          <p class="actions">
            <a class="button" href={href(ctx, '/verify')} safe>
              {t.verify}
            </a>
            <a class="button quiet" href={href(ctx, '/catalogue')} safe>
              {t.catalogue}
            </a>
            {vm.demoCredential === undefined ? (
              ''
            ) : (
              <a class="button quiet" href={href(ctx, vm.demoCredential)} safe>
                {t.demoCredential}
              </a>
            )}
          </p>
          {vm.origin === undefined ? '' : <p class="minor">{escapeHtml(vm.origin)}</p>}
        </div>
        <Anchor vm={vm} ctx={ctx} />
      </div>
      <Holdings vm={vm} ctx={ctx} />
      <How ctx={ctx} />
      <Links ctx={ctx} />
    </Page>,
  );
}
