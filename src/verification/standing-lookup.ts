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

/**
 * How many entries the standing record tells of. Under an anchor all those before it: the ledger anchors no record that
 * was overtaken by a change of what it tells of, and an audit computes it again. Without an anchor anybody may have
 * picked the record, also one that was overtaken and counts for nothing: it tells of what its writer had read.
 * @throws Undecided standingMissing
 */
export function knownOf(bundle: ParsedBundle): number {
  const { index, data } = standingOf(bundle);
  return bundle.anchor === undefined ? data.size : index;
}

/** @throws Undecided standingMissing, standingTooOld, leafMissing */
export function leafOf(bundle: ParsedBundle, stream: string): BundledLeaf {
  const standing = standingOf(bundle);
  const leaf = standing.leaves.find((one) => one.stream === stream);
  if (leaf !== undefined) return leaf;
  const known = knownOf(bundle);
  if (known <= bundle.issued.index) {
    throw new Undecided('standingTooOld', `the standing record of ${known} entries has no leaf for ${stream}`);
  }
  throw new Undecided('leafMissing', `the bundle lacks the standing of ${stream}`);
}
