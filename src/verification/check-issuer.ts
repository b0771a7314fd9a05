/**
 * `issuer`: the key that signed was the issuing organisation's, in force at the issuance's own index (S7, S8), as the
 * standing record says. The document and the log name the same organisation and key (S6). Who holds the key is
 * reported: whoever does can issue as the organisation (S13).
 */
import type { JsonObject } from '../encoding/json.js';
import type { KeyStanding, OrganisationStanding } from '../anchoring/standing.js';
import type { KeyCustody } from '../organisations/organisation.events.js';
import { verificationMethodOf } from './check-integrity.js';
import { eddsaJcsProofOf } from './data-integrity.js';
import { echo } from './echo.js';
import { fail, pass, settleNow, Undecided, type Finding } from './outcome.js';
import type { ParsedBundle, ParsedInput } from './parse-bundle.js';
import { knownOf, leafOf } from './standing-lookup.js';
import { checkCitation, inForce, organisationState } from './standing-leaves.js';

/** @throws VerificationError, Undecided */
export function checkIssuer({ credential, facts }: ParsedInput, bundle: ParsedBundle): Finding {
  const { index, data } = bundle.issued;
  const leaf = leafOf(bundle, `organisation-${data.organisation}`);
  const state = organisationState(leaf);
  if (facts.issuer !== state.did)
    fail('issuerMismatch', `expected the issuer ${echo(state.did)}, got ${echo(facts.issuer)}`);
  // Else an organisation could issue under the name of another, and nothing of it would stand in that one's (S13).
  if (!state.did.endsWith(`:${data.organisation}`))
    fail('issuerMismatch', `${echo(state.did)} is not the DID of organisation ${data.organisation}`);
  const { controller, kid } = signingKeyOf(credential);
  if (controller !== state.did)
    fail('issuerMismatch', `expected a key of ${echo(state.did)}, got one of ${echo(controller)}`);
  if (kid !== data.key) fail('keyMismatch', `expected the logged key ${echo(data.key)}, got ${echo(kid)}`);
  const key = keyInForce(state, kid, index);
  if (state.closed !== undefined && state.closed < index) {
    fail('organisationClosed', `the organisation was closed at index ${state.closed}, before ${index}`);
  }
  checkCitation(data.reads, leaf, state.revisions, index, knownOf(bundle), 'organisationReadStale');
  return pass(
    `key ${kid} of ${echo(state.name)} was in force at index ${index}`,
    key.custody === 'operator'
      ? 'whoever runs the ledger, who holds this organisation’s signing key'
      : 'the organisation, which holds its signing key itself',
  );
}

/** Who holds the key that signed, as the standing record says; undefined where it does not say. */
export function custodyOf(bundle: ParsedBundle): KeyCustody | undefined {
  const leaf = bundle.standing?.leaves.find(
    ({ stream }) => stream === `organisation-${bundle.issued.data.organisation}`,
  );
  return leaf && organisationState(leaf).keys.find(({ kid }) => kid === bundle.issued.data.key)?.custody;
}

/** The key that the proof names; a proof that names none is `integrity`'s failure, and leaves nothing to look at here. */
function signingKeyOf(credential: JsonObject): ReturnType<typeof verificationMethodOf> {
  const named = settleNow(() => verificationMethodOf(eddsaJcsProofOf(credential).proof));
  if (named.error !== undefined) throw new Undecided('notReached', named.error.message);
  return named.value;
}

function keyInForce(state: OrganisationStanding, kid: string, index: number): KeyStanding {
  // A kid is the key's own value, so that the name in the proof cannot stand for another key.
  const keys = state.keys.filter((key) => key.kid === kid && key.publicKeyMultibase === kid);
  const key = keys.find((one) => inForce(one, index)) ?? keys.at(-1);
  if (key === undefined) return fail('keyUnknown', `${kid} never was a key of ${echo(state.name)}`);
  if (inForce(key, index)) return key;
  if (index <= key.from) return fail('keyNotYetInForce', `${kid} came in force at index ${key.from}, after ${index}`);
  const code = key.ended === 'compromised' ? 'keyCompromised' : 'keyEnded';
  return fail(code, `${kid} ended at index ${key.to} (${key.ended ?? 'no reason given'}), not after ${index}`);
}
