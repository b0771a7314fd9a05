/** Where a check finds the standing record and its leaves; what is not there is unknown, never wrong. */
import type { ParsedBundle, ParsedStanding } from './parse-bundle.js';
import { Undecided } from './outcome.js';
import type { BundledLeaf } from './standing-leaves.js';

/** @throws Undecided standingMissing */
export function standingOf(bundle: ParsedBundle): ParsedStanding {
  if (bundle.standing === undefined) {
    throw new Undecided('standingMissing', 'the bundle has no standing record, which shows keys, mandates and lists');
  }
  return bundle.standing;
}

/** @throws Undecided standingMissing, standingTooOld, leafMissing */
export function leafOf(bundle: ParsedBundle, stream: string): BundledLeaf {
  const standing = standingOf(bundle);
  const leaf = standing.leaves.find((one) => one.stream === stream);
  if (leaf !== undefined) return leaf;
  if (standing.data.size <= bundle.issued.index) {
    throw new Undecided(
      'standingTooOld',
      `the standing record of ${standing.data.size} entries has no leaf for ${stream}`,
    );
  }
  throw new Undecided('leafMissing', `the bundle lacks the standing of ${stream}`);
}
