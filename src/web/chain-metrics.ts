/**
 * Prometheus metrics of chains and anchors, a series a chain (label `chain`, its name in CHAIN). Base units: seconds, and
 * whole coins for money, since Prometheus keeps floats. What only the process that anchors knows (balance, trouble, the
 * newest block) other nodes leave out. Alert rules over them: docker/prometheus/alerts.yml.
 * Proven by test/purse.e2e.spec.ts.
 */
import { Counter, Gauge, type Registry } from 'prom-client';
import { anchoredSize, oldestUnanchored } from '../anchoring/batches.read.js';
import { chainFigures, secondsLeft, type ChainFigures } from '../anchoring/chain-figures.js';
import { formatCoins } from '../anchoring/cost.js';
import type { Ledger } from '../ledger.js';

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}
type Samples = (chain: ChainFigures, ledger: Ledger) => readonly Sample[];

interface Metric {
  readonly name: string;
  readonly help: string;
  /** Besides `chain`. */
  readonly labels?: readonly string[];
  readonly of: Samples;
}

/** Why transactions are given up (`anchorer.ts`): each is told from the start, so that the first one is seen to come. */
const FAILURES = ['reverted', 'nonceUsed', 'nonceGap'] as const;
/** Where gas is paid on the operator's own node. */
const OWN_CURRENCY = 'ETH';

const GAUGES: readonly Metric[] = [
  {
    name: 'meritkedja_chain_info',
    help: 'Always 1: the chains of the log, by id, role (main, witness, closed) and currency.',
    labels: ['chain_id', 'role', 'currency'],
    of: (chain) => {
      const role = chain.closedAt === undefined ? (chain.isMain ? 'main' : 'witness') : 'closed';
      const currency = chain.network?.currency ?? OWN_CURRENCY;
      return [{ labels: { chain_id: String(chain.chainId), role, currency }, value: 1 }];
    },
  },
  {
    name: 'meritkedja_chain_problem',
    help: 'What keeps anchors from the chain now, by code; absent while nothing does.',
    labels: ['code'],
    of: ({ status }) =>
      status?.problem === undefined ? [] : [{ labels: { code: status.problemCode ?? 'unavailable' }, value: 1 }],
  },
  {
    name: 'meritkedja_chain_newest_block_age_seconds',
    help: 'Seconds since the newest block that was seen.',
    of: ({ status }, ledger) => (status?.newestBlock ? one(ageOf(status.newestBlock.time * 1000, ledger)) : []),
  },
  {
    name: 'meritkedja_chain_announced_end_timestamp_seconds',
    help: 'The day that the keepers of the chain have named as its end, as Unix time.',
    of: ({ network, closedAt }) =>
      closedAt === undefined && network?.announcedEnd !== undefined ? one(Date.parse(network.announcedEnd) / 1000) : [],
  },
  {
    name: 'meritkedja_anchors',
    help: 'Anchors by state; those on a chain that has closed are final as before.',
    labels: ['state'],
    of: ({ totals }) => Object.entries(totals.anchors).map(([state, value]) => ({ labels: { state }, value })),
  },
  {
    name: 'meritkedja_newest_anchor_delay_seconds',
    help: 'Of the newest final anchor: seconds from the oldest event that it is the first to cover, to its being final.',
    of: ({ newest, closedAt }) =>
      newest?.delaySeconds === undefined || closedAt !== undefined ? [] : one(newest.delaySeconds),
  },
  {
    name: 'meritkedja_newest_anchor_age_seconds',
    help: 'Seconds since the newest final anchor became final.',
    of: ({ newest, closedAt }, ledger) =>
      newest?.finalisedAt === undefined || closedAt !== undefined
        ? []
        : one(ageOf(Date.parse(newest.finalisedAt), ledger)),
  },
  {
    name: 'meritkedja_anchorer_balance_coins',
    help: 'What the anchorer has, in whole coins.',
    of: ({ status }) => (status?.balance === undefined ? [] : one(coins(status.balance))),
  },
  {
    name: 'meritkedja_anchorer_funds_left_seconds',
    help: 'How long the balance lasts at the rate of the last days; absent for the embedded chain, whose money is given.',
    of: ({ status, forecast, embedded }) => {
      if (embedded) return [];
      const left = status?.balance === undefined || !forecast ? undefined : secondsLeft(status.balance, forecast);
      return left === undefined ? [] : one(left);
    },
  },
  {
    name: 'meritkedja_anchor_spent_day_coins',
    help: 'What anchors in blocks of the last 24 hours cost, and transactions that were reverted, in whole coins.',
    of: ({ spentToday }) => one(coins(spentToday)),
  },
  {
    name: 'meritkedja_anchor_budget_day_coins',
    help: 'What anchors may cost in 24 hours (ANCHOR_MAX_PER_DAY), in whole coins; absent without a limit.',
    of: ({ status }, { config: { anchorMaxPerDay } }) =>
      status === undefined || anchorMaxPerDay === undefined ? [] : one(coins(anchorMaxPerDay.toString())),
  },
];

const COUNTERS: readonly Metric[] = [
  {
    name: 'meritkedja_anchor_spent_coins_total',
    help: 'What final anchors have cost, and transactions that were reverted, in whole coins.',
    of: ({ totals }) => one(coins(totals.spent)),
  },
  {
    name: 'meritkedja_anchor_transactions_total',
    help: 'Transactions made for anchors.',
    of: ({ totals }) => one(totals.transactions),
  },
  {
    name: 'meritkedja_anchor_replacements_total',
    help: 'Transactions that took the place of another, for a higher fee.',
    of: ({ totals }) => one(totals.replacements),
  },
  {
    name: 'meritkedja_anchor_reorganisations_total',
    help: 'Blocks with an anchor that left the chain.',
    of: ({ totals }) => one(totals.reorganisations),
  },
  {
    name: 'meritkedja_anchor_failures_total',
    help: 'Transactions that were given up, by code: reverted, nonceUsed (by another), nonceGap (those before it are gone).',
    labels: ['code'],
    of: ({ totals: { failures } }) =>
      [...new Set([...FAILURES, ...Object.keys(failures)])].map((code) => ({
        labels: { code },
        value: failures[code] ?? 0,
      })),
  },
];

/** Registers the metrics of chains and anchors; what they tell is asked for once a scrape. */
export function registerChainMetrics(registry: Registry, ledger: Ledger): void {
  let asked: Promise<readonly ChainFigures[]> | undefined;
  // All metrics of a scrape begin in one turn of the event loop.
  const figures = (): Promise<readonly ChainFigures[]> =>
    (asked ??= (ledger.readModels.isServing ? chainFigures(ledger) : Promise.resolve([])).finally(
      () => (asked = undefined),
    ));
  for (const { name, help, labels = [], of } of GAUGES) {
    new Gauge({
      ...{ name, help, labelNames: ['chain', ...labels], registers: [registry] },
      async collect() {
        const chains = await figures();
        this.reset();
        for (const chain of chains) {
          for (const sample of of(chain, ledger)) this.set({ chain: chain.name, ...sample.labels }, sample.value);
        }
      },
    });
  }
  for (const { name, help, labels = [], of } of COUNTERS) {
    new Counter({
      ...{ name, help, labelNames: ['chain', ...labels], registers: [registry] },
      // The tables count, over restarts.
      async collect() {
        const chains = await figures();
        this.reset();
        for (const chain of chains) {
          for (const sample of of(chain, ledger)) this.inc({ chain: chain.name, ...sample.labels }, sample.value);
        }
      },
    });
  }
}

/** Entries under no final anchor, the log's own book-keeping counted: each anchor leaves a few. */
export function unanchoredEntries({ readModels, log }: Ledger): number {
  return Math.max(0, log.tree.size - anchoredSize(readModels.db));
}

/** Seconds that the oldest event has waited for a final anchor; 0 where none waits. */
export function longestWait(ledger: Ledger): number {
  const since = oldestUnanchored(ledger.readModels.db);
  return since === undefined ? 0 : ageOf(Date.parse(since), ledger);
}

function one(value: number): readonly Sample[] {
  return [{ labels: {}, value }];
}

function ageOf(ms: number, { now }: Ledger): number {
  return Math.max(0, (now().getTime() - ms) / 1000);
}

function coins(wei: string): number {
  return Number(formatCoins(wei));
}
