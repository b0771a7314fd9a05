import { describe, expect, it } from '@jest/globals';
import { DomainError } from '../errors.js';
import type { Decider, DomainEvent } from './decider.js';
import { given } from './given-when-then.js';

type Counted = DomainEvent<'Counted', { readonly by: number }>;

const counter: Decider<{ sum: number; revisions: number[] }, { add: number }, Counted, { limit: number }> = {
  initialState: { sum: 0, revisions: [] },
  decide({ add }, { sum }, { limit }) {
    if (sum + add > limit) throw new DomainError('overLimit', { limit });
    return add === 0 ? [] : [{ type: 'Counted', data: { by: add } }];
  },
  evolve: ({ sum, revisions }, event, { revision }) => ({
    sum: sum + event.data.by,
    revisions: [...revisions, revision],
  }),
};
const two: Counted = { type: 'Counted', data: { by: 2 } };

describe('given, when, then', () => {
  it('folds what is given and compares what is decided', () => {
    const spec = given(counter, [two, two]);
    expect(spec.state).toEqual({ sum: 4, revisions: [0, 1] });
    expect(spec.when({ add: 2 }, { limit: 6 }).then([two])).toEqual({ sum: 6, revisions: [0, 1, 2] });
    spec.when({ add: 0 }, { limit: 6 }).then([]);
    spec.when({ add: 3 }, { limit: 6 }).thenRefused('overLimit', { limit: 6 });
  });

  it('fails when something else comes out', () => {
    const spec = given(counter, []);
    expect(() => spec.when({ add: 2 }, { limit: 6 }).then([])).toThrow();
    expect(() => spec.when({ add: 2 }, { limit: 6 }).thenRefused('overLimit')).toThrow();
    expect(() => spec.when({ add: 9 }, { limit: 6 }).thenRefused('another')).toThrow();
    expect(() => spec.when({ add: 9 }, { limit: 6 }).then([])).toThrow(DomainError);
  });

  it('takes places where they matter', () => {
    const spec = given(counter, [two], (revision) => ({ revision: revision + 7 }));
    expect(spec.state.revisions).toEqual([7]);
  });
});
