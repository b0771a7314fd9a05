/**
 * S2, S10, S16, S19 under faults: twenty fixed seeds here, more with `npm run test:faults` (FAULT_SEEDS=n, from
 * FAULT_FROM). A seed that fails prints what happened, and is run alone with FAULT_SEEDS=1 FAULT_FROM=seed.
 */
import { describe, expect, it } from '@jest/globals';
import { runFaults, type Outcome } from './anchoring-faults.js';
import { runServiceFaults } from './service-faults.js';

const FROM = Number(process.env['FAULT_FROM'] ?? 1);
const COUNT = Number(process.env['FAULT_SEEDS'] ?? 20);
const SEEDS = seeds(COUNT);
/** Of the service itself: one in ten, as each takes ten times as long. `npm test` has anchoring-kills.e2e.spec.ts. */
const SERVICE_SEEDS = seeds(process.env['FAULT_SEEDS'] === undefined ? 0 : Math.ceil(COUNT / 10));
/** A seed takes two seconds on a quiet machine, one of the service half a minute. */
const DEADLINE_MS = 600_000;
const SERVICE_DEADLINE_MS = 900_000;

describe('anchoring under faults', () => {
  const outcomes: Outcome[] = [];

  it.each(SEEDS)(
    'seed %i: all is under a final anchor, none is unexplained, no nonce is spent twice',
    async (seed) => {
      const outcome = await runFaults(seed);
      outcomes.push(outcome);
      expectSound(seed, outcome);
    },
    DEADLINE_MS,
  );

  if (COUNT >= 20) {
    it('the faults struck, at every place', () => {
      const all = <T>(from: (outcome: Outcome) => Iterable<T>): Set<T> =>
        new Set(outcomes.flatMap((one) => [...from(one)]));
      expect(all(({ kills }) => kills).size).toBeGreaterThan(15);
      expect(all(({ faults }) => faults).size).toBeGreaterThan(17);
      expect([...all(({ disturbances }) => disturbances)].sort()).toEqual(
        ['fees', 'lag', 'moved', 'node back', 'node killed', 'node saved', 'pool forgotten', 'reorganised'].sort(),
      );
      expect([...all(({ steps }) => steps)]).toEqual(
        expect.arrayContaining(['AnchorReplaced', 'AnchorFinalised', 'AnchorReorganised', 'final, and gone']),
      );
    });
  }
});

if (SERVICE_SEEDS.length > 0) {
  describe('the service itself, killed with kill -9 under faults', () => {
    it.each(SERVICE_SEEDS)(
      'seed %i: all is under a final anchor, none is unexplained, no nonce is spent twice',
      async (seed) => expectSound(seed, await runServiceFaults(seed)),
      SERVICE_DEADLINE_MS,
    );
  });
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => FROM + i);
}

/** Fails with all that happened. */
function expectSound(seed: number, { broken, script }: Pick<Outcome, 'broken' | 'script'>): void {
  if (broken.length === 0) return;
  expect({ broken, again: `FAULT_SEEDS=1 FAULT_FROM=${seed} npm test -- test/anchoring-faults`, script }).toEqual({});
}
