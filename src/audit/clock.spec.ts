import { expect, it } from '@jest/globals';
import { Clock } from './clock.js';
import { Findings } from './findings.js';

const MINUTE = 60_000;

it('S18: two minutes behind the latest before it are allowed, no more', () => {
  const findings = new Findings();
  const clock = new Clock(findings);
  for (const [index, at] of [0, 10, 8, 7.999, 9].entries()) clock.tick(index, at * MINUTE);
  expect(findings.list()).toMatchObject([{ severity: 'error', rule: 'S18', code: 'clockWentBack', index: 3 }]);
  const again = new Clock(findings, clock.saved());
  again.tick(5, 7 * MINUTE);
  expect(findings.list()).toMatchObject([{ index: 3 }, { index: 5 }]);
});

it('tells the earliest and the latest of each segment', () => {
  const clock = new Clock(new Findings());
  for (const [index, at] of [5, 4, 6].entries()) clock.tick(index, at * MINUTE);
  clock.cut(2);
  clock.tick(3, 6 * MINUTE);
  const again = new Clock(new Findings(), clock.saved());
  again.tick(4, NaN);
  again.tick(5, 7 * MINUTE);
  const told = again.segments(6).map(({ from, to, earliest, latest }) => [from, to, earliest.index, latest.index]);
  expect(told).toEqual([
    [0, 2, 1, 2],
    [3, 5, 3, 5],
  ]);
});
