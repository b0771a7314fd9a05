/** Batches with their anchors, as cards: the batches page and the operator's page show them. */
import { fill, formatNumber, texts } from '../text/text.js';
import { AnchorFacts } from './anchor-facts.js';
import { Badge, Code, Fact } from './components.js';
import type { BatchView, Lang } from './view-models.js';

export function BatchCard({ batch, lang }: { batch: BatchView; lang: Lang }): JSX.Element {
  const t = texts(lang);
  const range = fill(t.batches.rangeText, {
    from: formatNumber(batch.fromIndex, lang),
    to: formatNumber(batch.toIndex, lang),
  });
  return (
    <li class="entry" id={`batch-${batch.number}`}>
      <h2 safe>{fill(t.common.batchNumber, { n: formatNumber(batch.number, lang) })}</h2>
      <dl class="facts">
        <Fact term={t.batches.range}>
          <span safe>{range}</span>
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
      </dl>
      {batch.anchors.length === 0 ? <p safe>{t.batches.noAnchor}</p> : ''}
      {batch.anchors.map((anchor) => (
        <details>
          <summary>
            <span safe>{t.batches.anchors}</span> <Badge code={anchor.state} labels={t.anchorState} />
          </summary>
          <AnchorFacts anchor={anchor} lang={lang} />
        </details>
      ))}
    </li>
  );
}
