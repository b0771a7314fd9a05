import { expect, it } from '@jest/globals';
import { Findings } from './findings.js';

it('counts all, and keeps of each severity those with the lowest indexes', () => {
  const findings = new Findings(3);
  for (let i = 20; i > 0; i -= 1) findings.error('S7', 'x', `${i}`, i);
  findings.warning('S8', 'y', 'whole');
  findings.note('S1', 'z', 'at 2', 2);
  expect(findings.counts).toEqual({ error: 20, warning: 1, note: 1 });
  expect(findings.list().map(({ detail }) => detail)).toEqual(['whole', '1', '2', 'at 2', '3']);
  const both = new Findings(3);
  both.error('S7', 'x', '0', 0);
  both.merge({ list: findings.list(), counts: findings.counts });
  expect(both.list().map(({ detail }) => detail)).toEqual(['whole', '0', '1', '2', 'at 2']);
  expect(both.counts).toEqual({ error: 21, warning: 1, note: 1 });
});
