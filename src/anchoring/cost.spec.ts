import { describe, expect, it } from '@jest/globals';
import { costForecast, costOfAll, costOfAnchor, formatCoins, type PaidAnchor } from './cost.js';

const NOW = 1_800_000_000;
const paid = (ago: number, more: Partial<PaidAnchor> = {}): PaidAnchor => ({
  chainId: 1,
  batch: 1,
  blockTime: NOW - ago,
  gasUsed: '23000',
  effectiveGasPrice: '1000000000',
  credentials: 10,
  ...more,
});

describe('the cost of an anchor', () => {
  it('is gas times price, and the fee for the chain below', () => {
    expect(costOfAnchor(paid(0))).toBe('23000000000000');
    expect(costOfAnchor(paid(0, { l1Fee: '7' }))).toBe('23000000000007');
  });

  it('is exact beyond what a number holds', () => {
    expect(costOfAnchor(paid(0, { effectiveGasPrice: '9007199254740993' }))).toBe('207165582859042839000');
  });

  it('is unknown without a price, and then adds nothing', () => {
    const unknown = paid(0, { effectiveGasPrice: undefined });
    expect(costOfAnchor(unknown)).toBeUndefined();
    expect(costOfAll([unknown, paid(0)])).toBe('23000000000000');
  });
});

describe('the forecast', () => {
  it('goes by the last week, per anchor, day and credential, and says how long the purse lasts', () => {
    const week = Array.from({ length: 14 }, (_, i) => paid(i * 43_200 + 1));
    const forecast = costForecast([...week, paid(30 * 86_400)], NOW, 10n ** 15n);
    expect(forecast?.anchors).toBe(14);
    expect(forecast?.perAnchor).toBe('23000000000000');
    expect(forecast?.perCredential).toBe('2300000000000');
    expect(forecast?.anchorsPerDay).toBeCloseTo(14 / 6.5, 3);
    expect(forecast?.daysLeft).toBe(20);
  });

  it('spreads what has just begun over a day', () => {
    expect(costForecast([paid(10), paid(20)], NOW)?.perDay).toBe('46000000000000');
  });

  it('is none where nothing is known', () => {
    expect(costForecast([], NOW)).toBeUndefined();
    expect(costForecast([paid(8 * 86_400)], NOW)).toBeUndefined();
  });
});

describe('wei for people', () => {
  it('are coins, exactly', () => {
    expect(formatCoins('1500000000000000')).toBe('0.0015');
    expect(formatCoins('1000000000000000000')).toBe('1');
    expect(formatCoins('123000000000000000001')).toBe('123.000000000000000001');
    expect(formatCoins('0')).toBe('0');
  });
});
