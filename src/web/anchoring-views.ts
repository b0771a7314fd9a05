/** Batches, anchors and chains from the read models to what the pages show of them. Nothing about a person. */
import {
  batchDetail,
  newestBatch,
  newestFinal,
  oldestUnanchored,
  type AnchorView,
  type BatchView,
} from '../anchoring/batches.read.js';
import { PURSE_WARNING_DAYS } from '../anchoring/chain-handle.process.js';
import { chainFigures, type ChainFigures } from '../anchoring/chain-figures.js';
import { WITNESS_INTERVAL_SECONDS } from '../anchoring/chain-plan.js';
import { EMBEDDED_CHAIN_ID } from '../anchoring/embedded-node.js';
import type { LedgerChain } from '../anchoring/ledger.js';
import { END_NEAR_DAYS, networkWithId } from '../anchoring/networks.js';
import { NotFoundError } from '../errors.js';
import type { Ledger } from '../ledger.js';
import type { AnchoringView, BatchPageView, ChainView, PolicyView } from './pages/anchoring-view-models.js';
import type { AnchorView as ShownAnchor, BatchView as ShownBatch } from './pages/view-models.js';

/** Anchors in the charts: what still reads well on a phone. */
const CHART_ANCHORS = 30;
/** Where gas is paid on the operator's own node. */
const OWN_CURRENCY = 'ETH';

export function shownAnchor({ blockTime, transactions: _, ...anchor }: AnchorView): ShownAnchor {
  const network = networkWithId(anchor.chainId);
  return {
    ...anchor,
    ...(blockTime === undefined ? {} : { blockTime: fromSeconds(blockTime) }),
    ...(network ? { chainName: network.title } : {}),
    currency: network?.currency ?? OWN_CURRENCY,
    embedded: anchor.chainId === EMBEDDED_CHAIN_ID,
  };
}

export function shownBatch({ anchors, ...batch }: BatchView): ShownBatch {
  return { ...batch, anchors: anchors.map(shownAnchor) };
}

/** @throws NotFoundError */
export async function batchPageView(ledger: Ledger, number: number): Promise<BatchPageView> {
  const chains = await ledger.chainsInLog();
  const { db } = ledger.readModels;
  const batch = batchDetail(db, number);
  if (!batch) throw new NotFoundError('batch', String(number));
  return {
    ...batch,
    anchors: batch.anchors.map(({ sent, ...anchor }) => ({ ...shownAnchor(anchor), ...closing(chains, anchor), sent })),
    hasNext: (newestBatch(db)?.number ?? 0) > number,
  };
}

function closing(chains: readonly LedgerChain[], { chainId }: AnchorView): { covered?: boolean } {
  const closed = chains.find((one) => one.chainId === chainId)?.closed;
  return closed ? { covered: closed.coveredBy !== undefined } : {};
}

export async function anchoringView(ledger: Ledger): Promise<AnchoringView> {
  const chains = await chainFigures(ledger);
  const { anchoring, readModels, now } = ledger;
  const since = oldestUnanchored(readModels.db);
  return {
    chains: chains.map((chain) => chainView(ledger, chain)),
    ...(anchoring.chains.length > 0 && { policy: policyOf(ledger) }),
    ...(anchoring.clockProblem !== undefined && { clockProblem: anchoring.clockProblem }),
    ...(since !== undefined && { waiting: Math.max(0, (now().getTime() - Date.parse(since)) / 1000) }),
  };
}

function policyOf({ config }: Ledger): PolicyView {
  const { anchorMaxFeePerGas, anchorMaxPerDay } = config;
  return {
    intervalSeconds: config.anchorIntervalSeconds,
    maxAgeSeconds: config.anchorMaxAgeSeconds,
    bumpAfterSeconds: config.anchorBumpAfterSeconds,
    witnessIntervalSeconds: Math.max(config.anchorIntervalSeconds, WITNESS_INTERVAL_SECONDS),
    ...(anchorMaxFeePerGas !== undefined && { maxFeePerGas: anchorMaxFeePerGas.toString() }),
    ...(anchorMaxPerDay !== undefined && { maxPerDay: anchorMaxPerDay.toString() }),
  };
}

function chainView({ readModels: { db }, now }: Ledger, chain: ChainFigures): ChainView {
  const { name, chainId, isMain, embedded, network, anchorer, contract, closedAt, status, forecast, totals } = chain;
  const days = forecast?.daysLeft;
  // After a rotation the log names one address, and the balance is that of the key which is still configured.
  const isOwn = status?.problemCode !== 'anchorerDiffers';
  return {
    ...{ name, chainId, isMain, embedded },
    ...(network && { title: network.title }),
    testnet: network?.testnet ?? false,
    currency: network?.currency ?? OWN_CURRENCY,
    ...(anchorer !== undefined && { anchorer }),
    ...(contract !== undefined && { contract }),
    ...(closedAt !== undefined && { closedAt }),
    ...endOf(network?.announcedEnd, now()),
    here: status !== undefined,
    ...(status?.problem !== undefined && {
      problem: { code: status.problemCode ?? 'unavailable', text: status.problem },
    }),
    ...(status?.warning !== undefined && { warning: status.warning }),
    ...(!embedded && isOwn && days !== undefined && days < PURSE_WARNING_DAYS && { lowDays: days }),
    ...(isOwn && status?.balance !== undefined && { balance: status.balance }),
    ...(status?.newestBlock && {
      newestBlock: { number: status.newestBlock.number, time: fromSeconds(status.newestBlock.time) },
    }),
    ...(forecast && { forecast }),
    spentToday: chain.spentToday,
    spent: totals.spent,
    transactions: totals.transactions,
    replacements: totals.replacements,
    failures: Object.values(totals.failures).reduce((sum, n) => sum + n, 0),
    reorganisations: totals.reorganisations,
    history: newestFinal(db, chainId, CHART_ANCHORS).map(({ batch, credentials, anchor }) => ({
      batch,
      credentials,
      finalisedAt: anchor.finalisedAt ?? '',
      ...(anchor.delaySeconds !== undefined && { delaySeconds: anchor.delaySeconds }),
      ...(anchor.cost !== undefined && { cost: anchor.cost }),
    })),
  };
}

/** The day is told while there is reason to act on it: half a year ahead, as `doctor` does, and afterwards. */
export function endOf(day: string | undefined, now: Date): Pick<ChainView, 'announcedEnd' | 'endPassed'> {
  const left = day === undefined ? Infinity : Date.parse(day) - now.getTime();
  if (day === undefined || left >= END_NEAR_DAYS * 86_400_000) return {};
  return { announcedEnd: day, ...(left < 0 && { endPassed: true }) };
}

function fromSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}
