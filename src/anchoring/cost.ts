/**
 * What anchors cost, from their receipts: gas used times the price that was paid for it, and on rollups the fee for the
 * chain below. Pure; wei are `bigint` inside and decimal strings outside (S14). Proven by cost.spec.ts.
 */

/** A paid anchor: one that is in a block. */
export interface PaidAnchor {
  readonly chainId: number;
  readonly batch: number;
  /** Seconds since 1970, of the block. */
  readonly blockTime: number;
  /** Units of gas, decimal. */
  readonly gasUsed: string;
  /** Wei for a unit of gas, decimal; unknown for anchors from before it was recorded. */
  readonly effectiveGasPrice?: string | undefined;
  /** Wei, decimal: on rollups, for the chain below. */
  readonly l1Fee?: string | undefined;
  /** Credentials issued in the batch. */
  readonly credentials: number;
  /** It was paid for and is no anchor: the chain reverted it. */
  readonly reverted?: boolean;
}

/** Wei, decimal; undefined where the price is not known. */
export function costOfAnchor({
  gasUsed,
  effectiveGasPrice,
  l1Fee,
}: Pick<PaidAnchor, 'gasUsed' | 'effectiveGasPrice' | 'l1Fee'>): string | undefined {
  if (effectiveGasPrice === undefined) return undefined;
  return (BigInt(gasUsed) * BigInt(effectiveGasPrice) + BigInt(l1Fee ?? '0')).toString();
}

/** Wei, decimal: what anchors with a known price cost together. */
export function costOfAll(anchors: readonly PaidAnchor[]): string {
  return anchors.reduce((sum, one) => sum + BigInt(costOfAnchor(one) ?? '0'), 0n).toString();
}

export interface CostForecast {
  /** Anchors with a known price that this rests on; what was reverted is none, and counts to what they cost. */
  readonly anchors: number;
  /** Days that they are spread over, at least one. */
  readonly days: number;
  /** Wei, decimal: the mean. */
  readonly perAnchor: string;
  readonly anchorsPerDay: number;
  /** Wei, decimal. */
  readonly perDay: string;
  /** Wei, decimal, rounded down; left out where nothing was issued. */
  readonly perCredential?: string;
  /** Whole days that the balance lasts at this rate; left out without a balance, or where nothing is spent. */
  readonly daysLeft?: number;
}

const DAY = 86_400;
/** Days of the past that the forecast goes by. */
export const FORECAST_DAYS = 7;

/**
 * What goes on at the rate of the last days, on one chain.
 * @param anchors of that chain, in any order; older ones than `FORECAST_DAYS` are left out
 * @param nowSeconds since 1970
 * @param balance wei
 * @returns undefined where nothing with a known price is recent enough
 */
export function costForecast(
  anchors: readonly PaidAnchor[],
  nowSeconds: number,
  balance?: bigint,
): CostForecast | undefined {
  const recent = anchors.filter(
    (one) => one.effectiveGasPrice !== undefined && one.blockTime > nowSeconds - FORECAST_DAYS * DAY,
  );
  if (recent.length === 0) return undefined;
  const oldest = Math.min(...recent.map(({ blockTime }) => blockTime));
  // A service that has just begun has not shown its rate yet: a day is the least that is spread over.
  const seconds = Math.min(Math.max(nowSeconds - oldest, DAY), FORECAST_DAYS * DAY);
  const total = BigInt(costOfAll(recent));
  const perDay = (total * BigInt(DAY)) / BigInt(Math.round(seconds));
  const included = recent.filter(({ reverted }) => reverted !== true).length;
  const credentials = recent.reduce((sum, one) => sum + one.credentials, 0);
  return {
    anchors: included,
    days: seconds / DAY,
    perAnchor: (total / BigInt(Math.max(included, 1))).toString(),
    anchorsPerDay: (included * DAY) / seconds,
    perDay: perDay.toString(),
    ...(credentials > 0 ? { perCredential: (total / BigInt(credentials)).toString() } : {}),
    ...(balance !== undefined && perDay > 0n ? { daysLeft: Number(balance / perDay) } : {}),
  };
}

/** Wei as a decimal of whole coins, exact, without needless zeros: `1500000000000000` is `0.0015`. */
export function formatCoins(wei: string): string {
  const digits = wei.padStart(19, '0');
  const whole = digits.slice(0, -18);
  const rest = digits.slice(-18).replace(/0+$/, '');
  return rest === '' ? whole : `${whole}.${rest}`;
}
