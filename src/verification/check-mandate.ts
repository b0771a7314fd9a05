/**
 * `mandate`: at the issuance's own index the organisation owned the definition or held a mandate for it, and the
 * issuance lies within the dates that the mandate sets (S1, S7).
 */
import type { DefinitionStanding } from '../anchoring/standing.js';
import { OWNER_MANDATE } from './bundled-entry.js';
import { fail, pass, type Finding } from './outcome.js';
import type { ParsedBundle } from './parse-bundle.js';
import { knownOf, leafOf } from './standing-lookup.js';
import { definitionState, inForce, requireKnown } from './standing-leaves.js';

/** @throws VerificationError, Undecided */
export function checkMandate(bundle: ParsedBundle): Finding {
  const { data } = bundle.issued;
  const leaf = leafOf(bundle, `definition-${data.definition}`);
  const state = definitionState(leaf);
  const detail = data.mandate === OWNER_MANDATE ? checkOwner(bundle, state) : checkGrant(bundle, state);
  // Whether the citation was the newest is the business of `check-definition.ts`: it is the same stream.
  requireKnown(data.reads, leaf, bundle.issued.index, knownOf(bundle));
  return pass(detail);
}

function checkOwner({ issued }: ParsedBundle, state: DefinitionStanding): string {
  const { organisation, definition } = issued.data;
  const owned = state.owners.filter((owner) => owner.organisation === organisation);
  if (!owned.some((owner) => inForce(owner, issued.index))) {
    fail('notOwner', `organisation ${organisation} did not own definition ${definition} at index ${issued.index}`);
  }
  return `the organisation owned the definition at index ${issued.index}`;
}

function checkGrant({ issued }: ParsedBundle, state: DefinitionStanding): string {
  const { mandate: id, organisation } = issued.data;
  const mandate = state.mandates.find((one) => one.mandate === id);
  if (mandate === undefined) return fail('mandateUnknown', `the definition never had a mandate ${id}`);
  if (mandate.organisation !== organisation) {
    return fail('mandateOther', `mandate ${id} is organisation ${mandate.organisation}'s, not ${organisation}'s`);
  }
  if (!inForce(mandate, issued.index)) {
    const until = mandate.to === undefined ? 'on' : `to ${mandate.to}`;
    fail('mandateNotInForce', `mandate ${id} holds from index ${mandate.from} ${until}, not at ${issued.index}`);
  }
  const { notBefore, notAfter } = mandate;
  if (
    (notBefore !== undefined && issued.at < Date.parse(notBefore)) ||
    (notAfter !== undefined && issued.at > Date.parse(notAfter))
  ) {
    const dates = `${notBefore ?? '…'} to ${notAfter ?? '…'}`;
    fail('mandateOutsideDates', `mandate ${id} is for ${dates}; issued ${issued.entry.at}`);
  }
  return `the organisation held mandate ${id} at index ${issued.index}`;
}
