/** An anchor on a chain, in full and in short. Read by the batches, credential and start pages. */
import { escapeHtml } from '@kitajs/html';
import { explorerLink, networkWithId } from '../../anchoring/networks.js';
import { fill, formatCoinAmount, formatGasPrice, formatNumber, texts } from '../text/text.js';
import { attr, Badge, Code, Fact, Time } from './components.js';
import type { AnchorView, Lang } from './view-models.js';

export function chainName(anchor: AnchorView, lang: Lang): string {
  if (anchor.embedded) return texts(lang).anchor.ownChain;
  return anchor.chainName ?? fill(texts(lang).anchor.chainNumber, { id: anchor.chainId });
}

/** Where people look a transaction, an address or a block up, for the chains that have such a place. */
export function Explorer(props: {
  chainId: number;
  lang: Lang;
  transaction?: string | undefined;
  address?: string | undefined;
  block?: number | undefined;
}): JSX.Element {
  const { chainId, lang, transaction, address, block } = props;
  const network = networkWithId(chainId);
  if (!network) return '';
  const link =
    transaction !== undefined
      ? explorerLink.transaction(network, encodeURIComponent(transaction))
      : address !== undefined
        ? explorerLink.address(network, encodeURIComponent(address))
        : block !== undefined
          ? explorerLink.block(network, block)
          : network.explorer;
  return (
    <a class="explorer" href={attr(link)} rel="external noopener noreferrer" safe>
      {fill(texts(lang).anchor.explorer, { host: new URL(network.explorer).host })}
    </a>
  );
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
      {anchor.blockNumber === undefined ? (
        ''
      ) : (
        <Fact term={t.block}>
          {escapeHtml(formatNumber(anchor.blockNumber, lang))}{' '}
          <Explorer chainId={anchor.chainId} block={anchor.blockNumber} lang={lang} />
        </Fact>
      )}
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
          <Code value={anchor.txHash} /> <Explorer chainId={anchor.chainId} transaction={anchor.txHash} lang={lang} />
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
      <Cost anchor={anchor} lang={lang} />
      {anchor.reorganisations === undefined || anchor.reorganisations === 0 ? (
        ''
      ) : (
        <Fact term={t.reorganisations}>
          <span safe>{formatNumber(anchor.reorganisations, lang)}</span>
        </Fact>
      )}
    </dl>
  );
}

function Cost({ anchor, lang }: { anchor: AnchorView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchor;
  const { effectiveGasPrice, l1Fee, cost, currency = '' } = anchor;
  const known = [
    [t.price, effectiveGasPrice === undefined ? undefined : formatGasPrice(effectiveGasPrice, lang)],
    [t.l1Fee, l1Fee === undefined ? undefined : formatCoinAmount(l1Fee, currency, lang)],
    [t.cost, cost === undefined ? undefined : formatCoinAmount(cost, currency, lang)],
  ] as const;
  return (
    <>
      {known.map(([term, text]) =>
        text === undefined ? (
          ''
        ) : (
          <Fact term={term}>
            <span safe>{text}</span>
          </Fact>
        ),
      )}
    </>
  );
}
