/** The chains: whether anchors come through, how long the money lasts, how often, what it costs and how long it takes. */
import { escapeHtml, type Children } from '@kitajs/html';
import {
  fill,
  formatCoinAmount,
  formatDate,
  formatDuration,
  formatGasPrice,
  formatNumber,
  formatPeriod,
  labelOf,
  significant,
  texts,
} from '../text/text.js';
import { Explorer } from './anchor-facts.js';
import type { AnchoringView, AnchorPoint, ChainView, PolicyView } from './anchoring-view-models.js';
import { BarChart, COIN_STEPS, TIME_STEPS, type Bar } from './bar-chart.js';
import { Badge, Code, Fact, href, html, Page, Time } from './components.js';
import type { Lang, PageContext } from './view-models.js';

export function anchoringPage(vm: AnchoringView, ctx: PageContext): string {
  const { lang } = ctx;
  const t = texts(lang).anchoring;
  return html(
    <Page ctx={ctx} title={t.title}>
      <p class="eyebrow">
        <a href={href(ctx, '/batches')} safe>
          {t.batches}
        </a>
      </p>
      <h1 safe>{t.heading}</h1>
      <p class="lead" safe>
        {t.lead}
      </p>
      {vm.clockProblem === undefined ? (
        ''
      ) : (
        <div class="note bad" role="status">
          <p>
            <strong safe>{t.clock}</strong>
          </p>
          <Particulars text={vm.clockProblem} lang={lang} />
        </div>
      )}
      <p safe>
        {vm.waiting === undefined ? t.nothingWaits : fill(t.waiting, { time: formatDuration(vm.waiting, lang) })}
      </p>
      <section aria-labelledby="policy-heading">
        <h2 id="policy-heading" safe>
          {t.policy}
        </h2>
        <Policy policy={vm.policy} chains={vm.chains} lang={lang} />
      </section>
      {vm.chains.length === 0 ? (
        <p class="note" safe>
          {t.none}
        </p>
      ) : (
        vm.chains.map((chain) => <Chain chain={chain} ctx={ctx} />)
      )}
    </Page>,
  );
}

function titleOf(chain: Pick<ChainView, 'title' | 'embedded' | 'name'>, lang: Lang): string {
  return chain.embedded ? texts(lang).anchor.ownChain : (chain.title ?? chain.name);
}

/** When anchors are made, in words. */
function Policy(props: { policy: PolicyView | undefined; chains: readonly ChainView[]; lang: Lang }): JSX.Element {
  const { policy, chains, lang } = props;
  const t = texts(lang).anchoring;
  if (policy === undefined) return <p safe>{t.policyElsewhere}</p>;
  const open = chains.filter(({ closedAt }) => closedAt === undefined);
  const main = open.find(({ isMain }) => isMain);
  const others = open.filter(({ isMain }) => !isMain).map((chain) => titleOf(chain, lang));
  const limits = [
    ...(policy.maxFeePerGas === undefined
      ? []
      : [fill(t.policyMaxFee, { price: formatGasPrice(policy.maxFeePerGas, lang) })]),
    ...(policy.maxPerDay === undefined
      ? []
      : [fill(t.policyMaxDay, { amount: formatCoinAmount(policy.maxPerDay, main?.currency ?? '', lang).trim() })]),
  ];
  const lines = [
    fill(t.policyHappened, { interval: formatPeriod(policy.intervalSeconds, lang) }),
    fill(t.policyQuiet, { age: formatPeriod(policy.maxAgeSeconds, lang) }),
    t.policyRequest,
    ...(main && others.length > 0
      ? [
          fill(t.policyWitness, {
            main: titleOf(main, lang),
            others: new Intl.ListFormat(lang).format(others),
            time: formatPeriod(policy.witnessIntervalSeconds, lang),
          }),
        ]
      : []),
    fill(t.policyBump, { time: formatPeriod(policy.bumpAfterSeconds, lang) }),
    ...(limits.length > 0 ? limits : [t.policyNoLimit]),
  ];
  return (
    <ul class="sentences">
      {lines.map((line) => (
        <li safe>{line}</li>
      ))}
    </ul>
  );
}

function stateOf({ closedAt, here, problem, warning, lowDays }: ChainView): string {
  if (closedAt !== undefined) return 'closed';
  if (!here) return 'elsewhere';
  if (problem !== undefined) return 'problem';
  return warning !== undefined || lowDays !== undefined ? 'warning' : 'working';
}

function Chain({ chain, ctx }: { chain: ChainView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const dictionary = texts(lang);
  const t = dictionary.anchoring;
  const id = `chain-${chain.chainId}`;
  const labels = {
    ...{ closed: t.stateClosed, elsewhere: t.stateElsewhere, problem: t.stateProblem },
    ...{ warning: t.stateWarning, working: t.stateOk },
  };
  return (
    <section aria-labelledby={id}>
      <h2 id={id} safe>
        {titleOf(chain, lang)}
      </h2>
      <Notes chain={chain} lang={lang} />
      <dl class="facts">
        <Fact term={t.state}>
          <Badge code={stateOf(chain)} labels={labels} />
        </Fact>
        {chain.closedAt === undefined ? (
          <Fact term={t.role}>
            <span safe>{chain.isMain ? t.main : t.witness}</span>
          </Fact>
        ) : (
          ''
        )}
        <Fact term={t.chainId}>
          <span>{chain.chainId}</span>
          {chain.embedded ? (
            <p class="minor" safe>
              {t.own}
            </p>
          ) : (
            ''
          )}
          {chain.testnet ? (
            <p class="minor" safe>
              {t.testnet}
            </p>
          ) : (
            ''
          )}
        </Fact>
        <Addresses chain={chain} lang={lang} />
        <Purse chain={chain} lang={lang} />
        <Newest chain={chain} ctx={ctx} />
        <Counts chain={chain} lang={lang} />
      </dl>
      <h3 safe>{t.ahead}</h3>
      <Forecast chain={chain} lang={lang} />
      <History chain={chain} ctx={ctx} />
    </section>
  );
}

/** What is wrong, or will be, and what to do. */
function Notes({ chain, lang }: { chain: ChainView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchoring;
  const { problem, warning, lowDays, closedAt, announcedEnd, endPassed, anchorer } = chain;
  return (
    <>
      {closedAt === undefined ? (
        ''
      ) : (
        <p class="note warn" safe>
          {fill(t.closedAt, { date: formatDate(closedAt, lang) })}
        </p>
      )}
      {problem === undefined ? (
        ''
      ) : (
        <div class="note bad" role="status">
          <p>
            <strong safe>{t.problemHeading}</strong>
          </p>
          <p safe>{labelOf(t.problem, problem.code)}</p>
          <Particulars text={problem.text} lang={lang} />
        </div>
      )}
      {lowDays === undefined || problem?.code === 'noFunds' ? (
        ''
      ) : (
        <div class="note warn" role="status">
          <p>
            <strong safe>{fill(t.purseLow, { time: wholeDays(lowDays, lang) })}</strong>
          </p>
          <p safe>{fill(t.purseLowText, { address: anchorer ?? '' })}</p>
        </div>
      )}
      {warning === undefined || lowDays !== undefined ? (
        ''
      ) : (
        <div class="note warn" role="status">
          <p>
            <strong safe>{t.warningHeading}</strong>
          </p>
          <Particulars text={warning} lang={lang} />
        </div>
      )}
      {announcedEnd === undefined || closedAt !== undefined ? (
        ''
      ) : (
        <p class="note warn" safe>
          {fill(endPassed === true ? t.endPassed : t.announcedEnd, { date: formatDate(announcedEnd, lang) })}
        </p>
      )}
    </>
  );
}

/** How long money lasts, in words: whole days, rounded down. */
function wholeDays(days: number, lang: Lang): string {
  const t = texts(lang).anchoring;
  if (days < 1) return t.lessThanDay;
  return days < 2 ? t.oneDay : fill(t.days, { n: formatNumber(days, lang) });
}

/** What a node says, as it says it. */
function Particulars({ text, lang }: { text: string; lang: Lang }): JSX.Element {
  return (
    <details>
      <summary safe>{texts(lang).anchoring.particulars}</summary>
      <p lang={lang === 'en' ? undefined : 'en'} safe>
        {text}
      </p>
    </details>
  );
}

function Addresses({ chain, lang }: { chain: ChainView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchor;
  const known = [
    [t.anchorer, chain.anchorer],
    [t.contract, chain.contract],
  ] as const;
  return (
    <>
      {known.map(([term, address]) =>
        address === undefined ? (
          ''
        ) : (
          <Fact term={term}>
            <Code value={address} /> <Explorer chainId={chain.chainId} address={address} lang={lang} />
          </Fact>
        ),
      )}
    </>
  );
}

function Purse({ chain, lang }: { chain: ChainView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchoring;
  const { balance, forecast, currency, embedded, newestBlock } = chain;
  const days = embedded ? undefined : forecast?.daysLeft;
  return (
    <>
      {balance === undefined ? (
        ''
      ) : (
        <Fact term={t.balance}>
          <span safe>{formatCoinAmount(balance, currency, lang)}</span>
          {days === undefined ? (
            ''
          ) : (
            <p class="minor" safe>
              {fill(t.lasts, { time: wholeDays(days, lang) })}
            </p>
          )}
        </Fact>
      )}
      {newestBlock === undefined ? (
        ''
      ) : (
        <Fact term={t.newestBlock}>
          {escapeHtml(`${formatNumber(newestBlock.number, lang)}, `)}
          <Time iso={newestBlock.time} lang={lang} time />
        </Fact>
      )}
    </>
  );
}

function Newest({ chain, ctx }: { chain: ChainView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const { anchoring: t, common, anchor } = texts(lang);
  const [newest] = chain.history;
  return (
    <Fact term={t.newest}>
      {newest === undefined ? (
        <span safe>{anchor.none}</span>
      ) : (
        <>
          <a href={href(ctx, `/batches/${newest.batch}`)} safe>
            {fill(common.batchNumber, { n: formatNumber(newest.batch, lang) })}
          </a>
          {', '}
          <Time iso={newest.finalisedAt} lang={lang} time />
          {newest.delaySeconds === undefined
            ? ''
            : escapeHtml(`, ${fill(t.newestText, { delay: formatDuration(newest.delaySeconds, lang) })}`)}
        </>
      )}
    </Fact>
  );
}

function Counts({ chain, lang }: { chain: ChainView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchoring;
  const counts = {
    n: formatNumber(chain.transactions, lang),
    replaced: formatNumber(chain.replacements, lang),
    failed: formatNumber(chain.failures, lang),
  };
  return (
    <>
      <Fact term={t.counts}>
        <span safe>{fill(t.countsText, counts)}</span>
      </Fact>
      <Fact term={t.reorganisations}>
        <span safe>{formatNumber(chain.reorganisations, lang)}</span>
      </Fact>
    </>
  );
}

function Forecast({ chain, lang }: { chain: ChainView; lang: Lang }): JSX.Element {
  const t = texts(lang).anchoring;
  const { forecast, currency } = chain;
  const amount = (wei: string): string => formatCoinAmount(wei, currency, lang);
  const shown = (term: string, text: string, more?: Children): JSX.Element => (
    <Fact term={term}>
      <span safe>{text}</span>
      {more}
    </Fact>
  );
  return (
    <>
      {forecast === undefined ? <p safe>{t.noForecast}</p> : ''}
      <dl class="facts">
        {forecast === undefined ? (
          ''
        ) : (
          <>
            {shown(t.perAnchor, amount(forecast.perAnchor))}
            {shown(
              t.perDay,
              fill(t.perDayText, {
                amount: amount(forecast.perDay),
                n: significant(forecast.anchorsPerDay, 3, lang),
              }),
              <p class="minor" safe>
                {fill(t.basis, {
                  n: formatNumber(forecast.anchors, lang),
                  time: formatDuration(forecast.days * 86_400, lang),
                })}
              </p>,
            )}
            {forecast.perCredential === undefined ? '' : shown(t.perCredential, amount(forecast.perCredential))}
          </>
        )}
        {shown(t.today, amount(chain.spentToday))}
        {shown(t.total, amount(chain.spent))}
      </dl>
    </>
  );
}

/** Delay and cost of the newest anchors, as charts and as a table. */
function History({ chain, ctx }: { chain: ChainView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const t = texts(lang).anchoring;
  const points = chain.history.toReversed();
  if (points.length === 0) return '';
  const name = titleOf(chain, lang);
  const delays = points.flatMap((point) =>
    point.delaySeconds === undefined
      ? []
      : [bar(point, point.delaySeconds, formatDuration(point.delaySeconds, lang), lang)],
  );
  const costs = points.flatMap((point) =>
    point.cost === undefined
      ? []
      : [bar(point, Number(point.cost) / 1e18, formatCoinAmount(point.cost, chain.currency, lang), lang)],
  );
  return (
    <>
      <div class="charts">
        {delays.length === 0 ? (
          ''
        ) : (
          <figure>
            <figcaption safe>{t.chartDelay}</figcaption>
            <BarChart
              id={`delay-${chain.chainId}`}
              title={fill(t.chartDelayTitle, { chain: name })}
              desc={fill(t.chartDelayDesc, extremes(delays, lang))}
              axis={t.chartAxis}
              bars={delays}
              steps={TIME_STEPS}
              tick={(value) => formatDuration(value, lang)}
            />
          </figure>
        )}
        {costs.length === 0 ? (
          ''
        ) : (
          <figure>
            <figcaption safe>{`${t.chartCost} (${chain.currency})`}</figcaption>
            <BarChart
              id={`cost-${chain.chainId}`}
              title={fill(t.chartCostTitle, { chain: name })}
              desc={fill(t.chartCostDesc, extremes(costs, lang))}
              axis={t.chartAxis}
              bars={costs}
              steps={COIN_STEPS}
              tick={(value) => significant(value, 2, lang)}
            />
          </figure>
        )}
      </div>
      <details>
        <summary safe>{t.tableSummary}</summary>
        <HistoryTable chain={chain} ctx={ctx} />
      </details>
    </>
  );
}

function bar({ batch }: AnchorPoint, value: number, text: string, lang: Lang): Bar {
  return { label: formatNumber(batch, lang), value, text };
}

function extremes(bars: readonly Bar[], lang: Lang): Record<'n' | 'min' | 'max' | 'last', string> {
  const sorted = bars.toSorted((a, b) => a.value - b.value);
  const textOf = (one: Bar | undefined): string => one?.text ?? '';
  return {
    n: formatNumber(bars.length, lang),
    min: textOf(sorted[0]),
    max: textOf(sorted.at(-1)),
    last: textOf(bars.at(-1)),
  };
}

function HistoryTable({ chain, ctx }: { chain: ChainView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const t = texts(lang).anchoring;
  const headings = [t.tableBatch, t.tableFinal, t.tableDelay, t.tableCost, t.tableCredentials];
  return (
    <table role="table">
      <caption safe>{fill(t.tableCaption, { chain: titleOf(chain, lang) })}</caption>
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
        {chain.history.map(({ batch, finalisedAt, delaySeconds, cost, credentials }) => (
          <tr role="row">
            <th role="rowheader" scope="row" data-label={t.tableBatch}>
              <a href={href(ctx, `/batches/${batch}`)} safe>
                {formatNumber(batch, lang)}
              </a>
            </th>
            <td role="cell" data-label={t.tableFinal}>
              <Time iso={finalisedAt} lang={lang} time />
            </td>
            <td role="cell" data-label={t.tableDelay}>
              <span safe>{delaySeconds === undefined ? '–' : formatDuration(delaySeconds, lang)}</span>
            </td>
            <td role="cell" data-label={t.tableCost}>
              <span safe>{cost === undefined ? t.unknown : formatCoinAmount(cost, chain.currency, lang)}</span>
            </td>
            <td role="cell" data-label={t.tableCredentials}>
              <span safe>{formatNumber(credentials, lang)}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
