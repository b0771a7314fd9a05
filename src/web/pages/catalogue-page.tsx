/** The public catalogue of micro-credentials, with its search. */
import { fill, texts, translated } from '../text/text.js';
import { html, href, More, Page, pathOf, Search, Text, workloadText } from './components.js';
import { levelText } from './definition-facts.js';
import type { CatalogueItem, CatalogueView, PageContext } from './view-models.js';

function Item({ item, ctx }: { item: CatalogueItem; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const t = texts(lang);
  const title = translated(item.title, lang);
  const facts = [
    item.owner,
    fill(t.catalogue.outcomes, { n: item.learningOutcomes }),
    workloadText(item.workload, lang),
    item.level && levelText(item.level, lang),
    fill(t.common.version, { n: item.version }),
  ].filter((fact) => fact !== undefined);
  return (
    <li class="entry">
      <h2>
        <a href={href(ctx, `/catalogue${pathOf(item.id)}`)} lang={title.lang === lang ? undefined : title.lang} safe>
          {title.text}
        </a>
      </h2>
      <p>
        <Text text={item.summary} lang={lang} />
      </p>
      <ul class="tags">
        {facts.map((fact) => (
          <li safe>{fact}</li>
        ))}
        {item.retired ? (
          <li class="warn" safe>
            {t.common.retired}
          </li>
        ) : (
          ''
        )}
        {item.demo ? (
          <li class="demo" safe>
            {t.common.demoTag}
          </li>
        ) : (
          ''
        )}
      </ul>
    </li>
  );
}

export function cataloguePage(vm: CatalogueView, ctx: PageContext): string {
  const t = texts(ctx.lang).catalogue;
  const searched = vm.query !== undefined && vm.query !== '';
  return html(
    <Page ctx={ctx} title={t.title}>
      <h1 safe>{t.heading}</h1>
      <p class="lead" safe>
        {t.lead}
      </p>
      <Search ctx={ctx} path="/catalogue" label={t.searchLabel} query={vm.query} />
      {vm.items.length === 0 ? (
        <div class="note">
          <p safe>{searched ? fill(t.noHits, { query: vm.query ?? '' }) : t.empty}</p>
          {searched ? (
            <p>
              <a href={href(ctx, '/catalogue')} safe>
                {t.all}
              </a>
            </p>
          ) : (
            ''
          )}
        </div>
      ) : (
        <ul class="plain entries" aria-label={t.list}>
          {vm.items.map((item) => (
            <Item item={item} ctx={ctx} />
          ))}
        </ul>
      )}
      <More ctx={ctx} path="/catalogue" query={vm.query} next={vm.next} />
    </Page>,
  );
}
