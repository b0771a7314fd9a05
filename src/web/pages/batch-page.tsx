/** One batch: what it covers, and on each chain its anchor with every transaction, what it cost and how long it took. */
import { escapeHtml } from '@kitajs/html';
import { fromBase64 } from '../../encoding/base64.js';
import { toHex0x } from '../../encoding/hex.js';
import { EncodingError } from '../../errors.js';
import { fill, formatDuration, formatGasPrice, formatNumber, labelOf, texts } from '../text/text.js';
import { AnchorFacts, chainName, Explorer } from './anchor-facts.js';
import type { BatchAnchorView, BatchPageView } from './anchoring-view-models.js';
import { Badge, Code, Fact, href, html, Page, Time } from './components.js';
import type { Lang, PageContext } from './view-models.js';

export function batchPage(vm: BatchPageView, ctx: PageContext): string {
  const { lang } = ctx;
  const dictionary = texts(lang);
  const t = dictionary.batches;
  const title = fill(t.batchTitle, { n: formatNumber(vm.number, lang) });
  return html(
    <Page ctx={ctx} title={title}>
      <p class="eyebrow">
        <a href={href(ctx, '/batches')} safe>
          {t.all}
        </a>
      </p>
      <h1 safe>{title}</h1>
      <p class="lead" safe>
        {fill(t.batchLead, {
          entries: formatNumber(vm.toIndex - vm.fromIndex + 1, lang),
          credentials: formatNumber(vm.credentials, lang),
        })}
      </p>
      <BatchFacts vm={vm} lang={lang} />
      {vm.anchors.length === 0 ? (
        <p class="note" safe>
          {t.noAnchor}
        </p>
      ) : (
        ''
      )}
      {vm.anchors.map((anchor) => (
        <Anchor anchor={anchor} vm={vm} ctx={ctx} />
      ))}
      <Neighbours vm={vm} ctx={ctx} />
    </Page>,
  );
}

function BatchFacts({ vm, lang }: { vm: BatchPageView; lang: Lang }): JSX.Element {
  const t = texts(lang).batches;
  const range = fill(t.rangeText, { from: formatNumber(vm.fromIndex, lang), to: formatNumber(vm.toIndex, lang) });
  const hex = hexOf(vm.root);
  return (
    <dl class="facts">
      <Fact term={t.range}>
        <span safe>{range}</span>
      </Fact>
      <Fact term={t.entries}>
        <span safe>{formatNumber(vm.toIndex - vm.fromIndex + 1, lang)}</span>
      </Fact>
      <Fact term={t.credentials}>
        <span safe>{formatNumber(vm.credentials, lang)}</span>
      </Fact>
      <Fact term={t.size}>
        <span safe>{formatNumber(vm.size, lang)}</span>
      </Fact>
      <Fact term={t.root}>
        <Code value={vm.root} />
      </Fact>
      {hex === undefined ? (
        ''
      ) : (
        <Fact term={t.rootHex}>
          <Code value={hex} />
        </Fact>
      )}
      <Fact term={t.first}>
        {vm.firstAt === undefined ? <span safe>{t.firstNone}</span> : <Time iso={vm.firstAt} lang={lang} time />}
      </Fact>
      <Fact term={t.sealed}>
        <Time iso={vm.sealedAt} lang={lang} time />
      </Fact>
    </dl>
  );
}

/** Explorers show the root as calldata is shown. */
function hexOf(root: string): string | undefined {
  try {
    return toHex0x(fromBase64(root));
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function Anchor({ anchor, vm, ctx }: { anchor: BatchAnchorView; vm: BatchPageView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const dictionary = texts(lang);
  const t = dictionary.anchor;
  const id = `chain-${anchor.chainId}`;
  return (
    <section aria-labelledby={id}>
      <h2 id={id} safe>
        {fill(dictionary.batches.anchorOn, { chain: chainName(anchor, lang) })}
      </h2>
      {anchor.state === 'closed' ? (
        <p class="note warn" safe>
          {anchor.covered === false ? t.closedUncovered : t.closed}
        </p>
      ) : (
        ''
      )}
      <AnchorFacts anchor={anchor} lang={lang} />
      <h3 safe>{t.delays}</h3>
      <Delays anchor={anchor} vm={vm} lang={lang} />
      <Transactions anchor={anchor} lang={lang} />
    </section>
  );
}

/** How long each step had taken, from the oldest event on. */
function Delays({ anchor, vm, lang }: { anchor: BatchAnchorView; vm: BatchPageView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchor;
  const { firstAt } = vm;
  if (firstAt === undefined) return <p safe>{texts(lang).batches.firstNone}</p>;
  const steps = [
    [t.toSealed, vm.sealedAt],
    [t.toSubmitted, anchor.submittedAt],
    [t.toConfirmed, anchor.confirmedAt],
    [t.toFinalised, anchor.finalisedAt],
  ] as const;
  return (
    <dl class="facts">
      {steps.map(([term, at]) => (
        <Fact term={term}>
          <span safe>{at === undefined ? t.notYet : formatDuration(secondsBetween(firstAt, at), lang)}</span>
        </Fact>
      ))}
    </dl>
  );
}

function secondsBetween(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

function Transactions({ anchor, lang }: { anchor: BatchAnchorView; lang: Lang }): JSX.Element {
  const dictionary = texts(lang);
  const t = dictionary.anchor;
  if (anchor.sent.length === 0) return '';
  const headings = [t.hash, t.nonce, t.maxFee, t.recorded, t.outcome];
  return (
    <table class="transactions" role="table">
      <caption safe>{t.transactions}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {headings.map((heading) => (
            <th role="columnheader" scope="col" safe>
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {anchor.sent.map((one) => (
          <tr role="row">
            <td role="cell" data-label={t.hash}>
              <Code value={one.txHash} /> <Explorer chainId={anchor.chainId} transaction={one.txHash} lang={lang} />
            </td>
            <td role="cell" data-label={t.nonce}>
              <span safe>{formatNumber(one.nonce, lang)}</span>
            </td>
            <td role="cell" data-label={t.maxFee}>
              <span safe>
                {one.maxFeePerGas === undefined ? dictionary.anchoring.unknown : formatGasPrice(one.maxFeePerGas, lang)}
              </span>
            </td>
            <td role="cell" data-label={t.recorded}>
              <Time iso={one.submittedAt} lang={lang} time />
            </td>
            <td role="cell" data-label={t.outcome}>
              <Badge code={one.outcome} labels={dictionary.transactionOutcome} />
              {one.failed === undefined ? (
                ''
              ) : (
                <p class="minor">{escapeHtml(labelOf(dictionary.transactionFailure, one.failed))}</p>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Neighbours({ vm, ctx }: { vm: BatchPageView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).batches;
  return (
    <nav aria-label={t.all}>
      <ul class="plain neighbours">
        {vm.number > 1 ? (
          <li>
            <a href={href(ctx, `/batches/${vm.number - 1}`)} rel="prev" safe>
              {t.previous}
            </a>
          </li>
        ) : (
          ''
        )}
        {vm.hasNext ? (
          <li>
            <a href={href(ctx, `/batches/${vm.number + 1}`)} rel="next" safe>
              {t.next}
            </a>
          </li>
        ) : (
          ''
        )}
        <li>
          <a href={`/api/v1/batches/${vm.number}`} type="application/json" safe>
            {t.json}
          </a>
        </li>
      </ul>
    </nav>
  );
}
