/** A published version of a micro-credential: the guide's table, its rows as sentences, its data elements, its versions. */
import { fill, formatDate, formatNumber, texts, translated } from '../text/text.js';
import { attr, DemoNote, Fact, html, href, Page, pathOf, Text, Time } from './components.js';
import { DefinitionFacts } from './definition-facts.js';
import { OutcomeSentences, OutcomeTable } from './outcome-table.js';
import type { DefinitionView, PageContext } from './view-models.js';

function Versions({ vm, ctx }: { vm: DefinitionView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang);
  return (
    <section aria-labelledby="versions-heading">
      <h2 id="versions-heading" safe>
        {t.definition.versions}
      </h2>
      <ul class="plain versions">
        {vm.versions.map((version) => (
          <li>
            <a
              href={href(ctx, `/catalogue${pathOf(vm.id, 'versions', version.version)}`)}
              aria-current={version.version === vm.version ? 'true' : undefined}
              safe
            >
              {fill(t.common.version, { n: version.version })}
            </a>{' '}
            <Time iso={version.publishedAt} lang={ctx.lang} />
            <span class="minor" safe>
              {[
                ...(version.version === vm.version ? [` (${t.definition.current})`] : []),
                ...(version.retired ? [` ${t.common.retired}`] : []),
              ].join('')}
            </span>
            {version.changes === undefined ? '' : <p safe>{version.changes}</p>}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function definitionPage(vm: DefinitionView, ctx: PageContext): string {
  const { lang } = ctx;
  const t = texts(lang);
  const title = translated(vm.content.title, lang);
  const record = fill(t.definition.record, {
    date: formatDate(vm.publishedAt, lang),
    index: formatNumber(vm.index, lang),
  });
  return html(
    <Page ctx={ctx} title={title.text}>
      <p class="eyebrow" safe>
        {`${t.credential.kind} · ${fill(t.common.version, { n: vm.version })}`}
      </p>
      <h1 lang={title.lang === lang ? undefined : title.lang} safe>
        {title.text}
      </h1>
      <p class="lead">
        <Text text={vm.content.summary} lang={lang} />
      </p>
      {vm.retired ? (
        <p class="note warn" safe>
          {t.definition.retiredText}
        </p>
      ) : (
        ''
      )}
      {vm.content.demo ? <DemoNote lang={lang} /> : ''}
      <section aria-labelledby="outcomes-heading">
        <h2 id="outcomes-heading" safe>
          {t.definition.outcomes}
        </h2>
        <OutcomeTable content={vm.content} lang={lang} />
        <h3 safe>{t.definition.sentences}</h3>
        <p class="minor" safe>
          {t.definition.sentencesText}
        </p>
        <OutcomeSentences content={vm.content} lang={lang} />
      </section>
      <section aria-labelledby="data-heading">
        <h2 id="data-heading" safe>
          {t.definition.data}
        </h2>
        <dl class="facts">
          <Fact term={t.definition.owner}>
            <span safe>{vm.owner.name}</span>{' '}
            <a
              class="minor"
              href={href(ctx, `/history/organisations${pathOf(vm.owner.id)}`)}
              aria-label={attr(`${t.history.link}: ${vm.owner.name}`)}
              safe
            >
              {t.history.link}
            </a>
          </Fact>
          <Fact term={t.definition.creator}>
            <span safe>{vm.content.creator.name}</span>
          </Fact>
          <Fact term={t.definition.issuers}>
            <span safe>{vm.issuers.map((issuer) => issuer.name).join(', ') || t.common.none}</span>
          </Fact>
          <DefinitionFacts content={vm.content} lang={lang} />
        </dl>
      </section>
      <Versions vm={vm} ctx={ctx} />
      <p class="minor">
        <span safe>{record}</span>{' '}
        <a href={`/api/v1/definitions${pathOf(vm.id, 'versions', vm.version)}`} safe>
          {t.definition.json}
        </a>
        {' · '}
        <a href={href(ctx, `/history/definitions${pathOf(vm.id)}`)} safe>
          {t.history.link}
        </a>
      </p>
    </Page>,
  );
}
