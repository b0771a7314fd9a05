/** A credential as its holder and issuer may see it: the sealed part of `CredentialIssued`, opened. */
import type { JsonObject } from '../encoding/json.js';
import { DomainError, NotFoundError } from '../errors.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import { credentialStream } from './credential.events.js';
import type { SealedCredential } from './issue.js';

export interface HeldCredential extends SealedCredential {
  readonly issued: StoredEvent;
  /** Vault stream of the holder's key. */
  readonly under: string;
  /** Revision of the credential's stream. */
  readonly revision: number;
}

/**
 * @param id UUID of the credential
 * @throws NotFoundError when it was never issued; DomainError `holderErased` when its document can no longer be opened
 */
export async function heldCredential(ledger: Ledger, id: string): Promise<HeldCredential> {
  const events = await ledger.store.readStream(credentialStream(id));
  const [issued] = events;
  if (!issued) throw new NotFoundError('credential', id);
  const [opened] = await ledger.vault.open(issued);
  if (!opened) throw new DomainError('holderErased');
  const sealed = opened.facts as unknown as SealedCredential;
  return { ...sealed, issued, under: opened.under, revision: events.at(-1)?.revision ?? 0 };
}

/** Whether a credential of this ledger can no longer be opened by anybody, because its holder has been erased. */
export async function isHolderErased(ledger: Ledger, id: string): Promise<boolean> {
  const [issued] = await ledger.store.readStream(credentialStream(id));
  return issued !== undefined && (await ledger.vault.open(issued)).length === 0;
}

/** Name of the holder as the document has it. */
export function holderNameOf(document: JsonObject): string | undefined {
  const subject = document['credentialSubject'] as { identifier?: readonly { identityHash?: unknown }[] } | undefined;
  const name = subject?.identifier?.[0]?.identityHash;
  return typeof name === 'string' ? name : undefined;
}
