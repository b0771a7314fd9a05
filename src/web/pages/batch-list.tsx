/** Batches with their anchors, as cards: the batches page and the operator's page show them. */
import { fill, formatCoinAmount, formatDuration, formatNumber, texts } from '../text/text.js';
import { AnchorFacts, chainName } from './anchor-facts.js';
import { Badge, Code, Fact, href, Time } from './components.js';
import type { AnchorView, BatchView, Lang, PageContext } from './view-models.js';

export function BatchCard({ batch, ctx }: { batch: BatchView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const t = texts(lang);
  const range = fill(t.batches.rangeText, {
    from: formatNumber(batch.fromIndex, lang),
    to: formatNumber(batch.toIndex, lang),
  });
  return (
    <li class="entry" id={`batch-${batch.number}`}>
      <h2>
        <a href={href(ctx, `/batches/${batch.number}`)} safe>
          {fill(t.common.batchNumber, { n: formatNumber(batch.number, lang) })}
        </a>
      </h2>
      <dl class="facts">
        <Fact term={t.batches.range}>
          <span safe>{range}</span>
        </Fact>
        <Fact term={t.batches.entries}>
          <span safe>{formatNumber(batch.toIndex - batch.fromIndex + 1, lang)}</span>
        </Fact>
        <Fact term={t.batches.size}>
          <span safe>{formatNumber(batch.size, lang)}</span>
        </Fact>
        <Fact term={t.batches.credentials}>
          <span safe>{formatNumber(batch.credentials, lang)}</span>
        </Fact>
        <Fact term={t.batches.root}>
          <Code value={batch.root} />
        </Fact>
        <Fact term={t.batches.sealed}>
          <Time iso={batch.sealedAt} lang={lang} time />
        </Fact>
      </dl>
      {batch.anchors.length === 0 ? <p safe>{t.batches.noAnchor}</p> : ''}
      {batch.anchors.map((anchor) => (
        <details>
          <summary>
            <span safe>{t.batches.anchors}</span> <Badge code={anchor.state} labels={t.anchorState} />
            <Summary anchor={anchor} lang={lang} />
          </summary>
          <AnchorFacts anchor={anchor} lang={lang} />
        </details>
      ))}
    </li>
  );
}

/** Where, how soon, and for how much. */
function Summary({ anchor, lang }: { anchor: AnchorView; lang: Lang }): JSX.Element {
  const { delaySeconds, cost, currency = '' } = anchor;
  const parts = [
    chainName(anchor, lang),
    ...(delaySeconds === undefined ? [] : [formatDuration(delaySeconds, lang)]),
    ...(cost === undefined ? [] : [formatCoinAmount(cost, currency, lang)]),
  ];
  return (
    <span class="minor" safe>
      {parts.join(' · ')}
    </span>
  );
}
