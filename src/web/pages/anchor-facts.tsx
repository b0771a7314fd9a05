/** An anchor on a chain, in full and in short. Read by the batches, credential and start pages. */
import { escapeHtml } from '@kitajs/html';
import { fill, formatNumber, texts } from '../text/text.js';
import { Badge, Code, Fact, Time } from './components.js';
import type { AnchorView, Lang } from './view-models.js';

export function chainName(anchor: AnchorView, lang: Lang): string {
  return anchor.chainName ?? fill(texts(lang).anchor.chainNumber, { id: anchor.chainId });
}

/** All that is known of an anchor, as facts. */
export function AnchorFacts({ anchor, lang }: { anchor: AnchorView; lang: Lang }): JSX.Element {
  const dictionary = texts(lang);
  const t = dictionary.anchor;
  return (
    <dl class="facts">
      <Fact term={t.state}>
        <Badge code={anchor.state} labels={dictionary.anchorState} />
      </Fact>
      <Fact term={t.chain}>
        {escapeHtml(`${chainName(anchor, lang)} (${anchor.chainId})`)}
        {anchor.embedded ? (
          <p class="minor" safe>
            {t.embedded}
          </p>
        ) : (
          ''
        )}
      </Fact>
      {anchor.blockNumber === undefined ? '' : <Fact term={t.block}>{formatNumber(anchor.blockNumber, lang)}</Fact>}
      {anchor.blockTime === undefined ? (
        ''
      ) : (
        <Fact term={t.time}>
          <Time iso={anchor.blockTime} lang={lang} time />
        </Fact>
      )}
      {anchor.blockHash === undefined ? (
        ''
      ) : (
        <Fact term={t.blockHash}>
          <Code value={anchor.blockHash} />
        </Fact>
      )}
      {anchor.txHash === undefined ? (
        ''
      ) : (
        <Fact term={t.transaction}>
          <Code value={anchor.txHash} />
        </Fact>
      )}
      {anchor.contract === undefined ? (
        ''
      ) : (
        <Fact term={t.contract}>
          <Code value={anchor.contract} />
        </Fact>
      )}
      {anchor.anchorer === undefined ? (
        ''
      ) : (
        <Fact term={t.anchorer}>
          <Code value={anchor.anchorer} />
        </Fact>
      )}
      {anchor.gasUsed === undefined ? (
        ''
      ) : (
        <Fact term={t.gas}>
          <span safe>{anchor.gasUsed}</span>
        </Fact>
      )}
    </dl>
  );
}
