/** Every batch with its range, size, root and anchors, newest first. */
import { fill, formatNumber, texts } from '../text/text.js';
import { BatchCard } from './batch-list.js';
import { href, html, More, Page } from './components.js';
import type { BatchesView, PageContext } from './view-models.js';

export function batchesPage(vm: BatchesView, ctx: PageContext): string {
  const t = texts(ctx.lang).batches;
  return html(
    <Page ctx={ctx} title={t.title}>
      <h1 safe>{t.heading}</h1>
      <p class="lead" safe>
        {t.lead}
      </p>
      <p safe>{fill(t.summary, { n: formatNumber(vm.logSize, ctx.lang) })}</p>
      <p>
        <a href={href(ctx, '/anchoring')} safe>
          {t.overview}
        </a>
      </p>
      {vm.batches.length === 0 ? (
        <p class="note" safe>
          {t.empty}
        </p>
      ) : (
        <ol class="plain entries" aria-label={t.heading}>
          {vm.batches.map((batch) => (
            <BatchCard batch={batch} ctx={ctx} />
          ))}
        </ol>
      )}
      <More ctx={ctx} path="/batches" next={vm.next} />
    </Page>,
  );
}
