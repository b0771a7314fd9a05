/**
 * The steps to a new issuing key (S13): made here, or the organisation's own, whose signer must show that it has it; and
 * the signature of the holder of the key before, given with the request or asked for. Whatever fails on the way leaves
 * nothing in the log. Proven by issuing-keys.int.spec.ts.
 */
import { toBase64url } from '../encoding/base64.js';
import { DomainError } from '../errors.js';
import type { IssuingKeys } from './issuing-keys.js';
import { keyChangeBytes, keyChangeStatement, type KeyChange } from './key-authorisation.js';
import { activeKey, authorisingKey, type KnownOrganisation, type OrganisationCommand } from './organisation.js';
import type { IssuingKey, KeyAuthorisation } from './organisation.events.js';
import type { IssuingKeyInput } from './organisations.schema.js';

/**
 * The command to be decided on exactly this state of the organisation.
 * @param at ISO 8601
 * @throws SignerError where a signer gives no signature; DomainError `keyUsed`
 */
export async function newIssuingKey(
  keys: IssuingKeys,
  organisation: KnownOrganisation,
  input: IssuingKeyInput,
  at: string,
): Promise<OrganisationCommand> {
  if (organisation.is === 'closed') throw new DomainError('organisationClosed');
  const replaces = activeKey(organisation)?.kid;
  const change = (key: Omit<IssuingKey, 'publicKeyMultibase'>): KeyChange => ({
    organisation: organisation.did,
    ...(replaces === undefined ? {} : { replaces }),
    kid: key.kid,
    custody: key.custody,
    revision: organisation.revision,
  });
  const key = await keyOf(keys, organisation, input, at, change);
  const authorisation = await authorised(keys, organisation, input, change(key));
  return {
    ...key,
    ...(authorisation ? { authorisation } : {}),
    ...(replaces === undefined ? { type: 'AddIssuingKey' } : { type: 'RotateIssuingKey', replaces }),
  };
}

async function keyOf(
  keys: IssuingKeys,
  organisation: KnownOrganisation,
  { custody, publicKeyMultibase: kid, signer }: IssuingKeyInput,
  at: string,
  change: (key: IssuingKey) => KeyChange,
): Promise<IssuingKey> {
  if (custody === 'operator' || kid === undefined || signer === undefined) return keys.make(at);
  // Asked here too: the signer of a key in use must not be replaced by what is then refused.
  if (organisation.keys.some((known) => known.kid === kid) || (await keys.isKept(kid))) {
    throw new DomainError('keyUsed', { kid });
  }
  const key: IssuingKey = { kid, publicKeyMultibase: kid, custody };
  await keys.keepSigner(kid, signer, at, keyChangeStatement(change(key)));
  return key;
}

async function authorised(
  keys: IssuingKeys,
  organisation: KnownOrganisation,
  input: IssuingKeyInput,
  change: KeyChange,
): Promise<KeyAuthorisation | undefined> {
  const before = authorisingKey(organisation, change.replaces);
  if (!before) return undefined;
  const given = before.custody === 'organisation' ? input.authorisation?.signature : undefined;
  if (given !== undefined) return { kid: before.kid, signature: given };
  const about = { kind: 'keyChange' as const, document: keyChangeStatement(change) };
  const signature = await keys.sign(before.kid, keyChangeBytes(change), about);
  return { kid: before.kid, signature: toBase64url(signature) };
}
