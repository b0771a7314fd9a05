/** What the page of the chains tells, where it follows from the day alone. */
import { describe, expect, it } from '@jest/globals';
import { endOf } from './anchoring-views.js';

describe('the end of a chain', () => {
  const now = new Date('2026-11-24T12:00:00Z');

  it('is told half a year ahead and afterwards, and not years before', () => {
    expect(endOf(undefined, now)).toEqual({});
    expect(endOf('2028-12-31', now)).toEqual({});
    expect(endOf('2027-03-01', now)).toEqual({ announcedEnd: '2027-03-01' });
    expect(endOf('2026-09-30', now)).toEqual({ announcedEnd: '2026-09-30', endPassed: true });
  });
});
