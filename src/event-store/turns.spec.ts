import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Turns } from './turns.js';

describe('turns', () => {
  it('are never more at a time than said, taken in order, and given back whatever happens', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ steps: fc.nat({ max: 5 }), fails: fc.boolean() }), { maxLength: 30 }),
        async (atOnce, works) => {
          const turns = new Turns(atOnce);
          const begun: number[] = [];
          let running = 0;
          const all = works.map(({ steps, fails }, i) =>
            turns.take(async () => {
              begun.push(i);
              expect(++running).toBeLessThanOrEqual(atOnce);
              for (let step = 0; step < steps; step += 1) await Promise.resolve();
              running--;
              if (fails) throw new RangeError(String(i));
              return i;
            }),
          );
          const outcomes = await Promise.allSettled(all);
          expect(begun).toEqual(works.map((_, i) => i));
          expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(works.map(({ fails }) => fails));
          // All are free again.
          await Promise.all(Array.from({ length: atOnce }, () => turns.take(async () => undefined)));
        },
      ),
    );
  });
});
