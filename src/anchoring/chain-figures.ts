/**
 * All that this process knows of every chain, as figures: the page and the metrics show the same. What the log and the
 * tables tell is known to every node; balance, trouble and the newest block only to the one that anchors there.
 * Proven by test/purse.e2e.spec.ts.
 */
import type { Ledger } from '../ledger.js';
import { chainTotals, newestFinal, recentAnchors, type AnchorView, type ChainTotals } from './batches.read.js';
import type { ChainStatus } from './chain-handle.process.js';
import { costForecast, costOfAll, type CostForecast } from './cost.js';
import { EMBEDDED_CHAIN_ID } from './embedded-node.js';
import type { LedgerChain } from './ledger.js';
import { networkWithId, type Network } from './networks.js';

export interface ChainFigures {
  readonly name: string;
  readonly chainId: number;
  readonly isMain: boolean;
  /** The operator's own node: shows the mechanism, proves no time (S10). */
  readonly embedded: boolean;
  readonly network?: Network;
  /** EIP-55: who anchors there, and by which contract, once that is known. */
  readonly anchorer?: string;
  readonly contract?: string;
  /** ISO 8601: when the operator gave it up (S10). */
  readonly closedAt?: string;
  /** What the process that anchors there knows of it now; absent on another. */
  readonly status?: ChainStatus;
  readonly forecast?: CostForecast;
  readonly totals: ChainTotals;
  /** Wei, decimal: in blocks of the last 24 hours. */
  readonly spentToday: string;
  /** The newest final anchor. */
  readonly newest?: AnchorView & { readonly batch: number };
}

type FiguresLedger = Pick<Ledger, 'readModels' | 'anchoring' | 'chainsInLog' | 'mainChainId' | 'now'>;

const DAY = 86_400;

/** The main chain first, then as the log names them; those last that are closed. */
export async function chainFigures(ledger: FiguresLedger): Promise<readonly ChainFigures[]> {
  const inLog = await ledger.chainsInLog();
  const statuses = ledger.anchoring.chains;
  // One that was never ready is not in the log: an empty purse shows all the same.
  const ids = new Set([...inLog, ...statuses].map(({ chainId }) => chainId));
  const all = [...ids].map((chainId) =>
    figuresOf(
      ledger,
      chainId,
      inLog.find((one) => one.chainId === chainId),
      statuses.find((one) => one.chainId === chainId),
    ),
  );
  const rank = ({ isMain, closedAt }: ChainFigures): number => (closedAt === undefined ? (isMain ? 0 : 1) : 2);
  return all.toSorted((a, b) => rank(a) - rank(b));
}

function figuresOf(
  { readModels: { db }, mainChainId, now }: FiguresLedger,
  chainId: number,
  known: LedgerChain | undefined,
  status: ChainStatus | undefined,
): ChainFigures {
  const seconds = Math.floor(now().getTime() / 1000);
  const paid = recentAnchors(db, chainId, seconds);
  const forecast = costForecast(paid, seconds, status?.balance === undefined ? undefined : BigInt(status.balance));
  const network = networkWithId(chainId);
  const [newest] = newestFinal(db, chainId, 1);
  const anchorer = known?.anchorer ?? status?.anchorer;
  const contract = known?.contract ?? status?.contract;
  return {
    name: known?.name ?? status?.name ?? String(chainId),
    chainId,
    isMain: chainId === mainChainId,
    embedded: chainId === EMBEDDED_CHAIN_ID,
    ...(network && { network }),
    ...(anchorer !== undefined && { anchorer }),
    ...(contract !== undefined && { contract }),
    ...(known?.closed && { closedAt: known.closed.at }),
    ...(status && { status }),
    ...(forecast && { forecast }),
    totals: chainTotals(db, chainId),
    spentToday: costOfAll(paid.filter(({ blockTime }) => blockTime > seconds - DAY)),
    ...(newest && { newest: { ...newest.anchor, batch: newest.batch } }),
  };
}

/**
 * Seconds that a balance lasts at a rate, not rounded; undefined where nothing is spent.
 * @param balance wei, decimal
 */
export function secondsLeft(balance: string, { perDay }: CostForecast): number | undefined {
  const rate = BigInt(perDay);
  return rate > 0n ? Number((BigInt(balance) * BigInt(DAY)) / rate) : undefined;
}
