/**
 * Builds the proof bundle of a credential (`docs/formats.md` 5): all paths lead to one head, the newest finally anchored one
 * that covers the issuance (S3), else to the newest signed one. The builder states nothing itself; whatever it puts in
 * is checked by `verification/` against what the verifier trusts.
 */
import { finalAnchor, type FinalAnchor } from '../anchoring/batches.read.js';
import { definitionStream } from '../definitions/definition.events.js';
import { toBase64 } from '../encoding/base64.js';
import { fromUtf8 } from '../encoding/bytes.js';
import type { JsonObject } from '../encoding/json.js';
import { InvariantError, NotFoundError } from '../errors.js';
import type { StoredEvent } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import type { SignedHead } from '../log/signed-heads.js';
import type { StandingSnapshot } from '../log/standing-tree.js';
import { formatTlogProof } from '../log/tlog-proof.js';
import { organisationStream } from '../organisations/organisation.events.js';
import type { IncludedEntry, ProofBundle } from '../verification/bundle.js';
import { credentialStream, statusListStream, type CredentialIssued } from './credential.events.js';
import { statusDocument } from './status-lists.read.js';

/** The bundle without the credential itself: only what is public anyway. */
export type Evidence = Omit<ProofBundle, 'credential'>;

/**
 * @param id UUID of the credential
 * @throws NotFoundError when no such credential was issued here
 */
export async function evidenceOf(ledger: Ledger, id: string): Promise<Evidence> {
  const [issued] = await ledger.store.readStream(credentialStream(id));
  if (issued?.index === undefined) throw new NotFoundError('credential', id);
  const data = issued.data as unknown as CredentialIssued['data'];
  const definition = await versionPublished(ledger, data.definition, data.version);

  const anchored = anchorFor(ledger, issued.index);
  const head = anchored ? ledger.signer.noteOf(anchored.size) : await pendingHead(ledger, issued.index);
  const snapshot = anchored ? ledger.log.snapshot(anchored.size - 1) : ledger.log.newestSnapshot(head.size);
  const lists = [data.statusLists.revocation.list, data.statusLists.suspension.list];
  const first = anchored && finalAnchor(ledger.readModels.db, { firstCovering: issued.index }, ledger.mainChainId);
  return {
    type: 'MeritkedjaProof',
    version: 1,
    origin: ledger.origin,
    issued: included(ledger, issued, head.size),
    definition: included(ledger, definition, head.size),
    ...(snapshot
      ? { standing: await standing(ledger, snapshot, head.size, data.organisation, data.definition, lists) }
      : {}),
    statusLists: lists.flatMap((list) => listDocument(ledger, snapshot, list)),
    checkpoint: head.checkpoint,
    ...(anchored ? { anchor: anchored.proof } : {}),
    ...(anchored && first && first.batch !== anchored.batch
      ? {
          firstAnchor: {
            checkpoint: ledger.signer.noteOf(first.size).checkpoint,
            consistency: ledger.log.tree.consistencyPath(first.size, anchored.size).map(toBase64),
            anchor: first.proof,
          },
        }
      : {}),
  };
}

/**
 * The issuance's entry as a file of c2sp.org/tlog-proof, under the newest head that is finally anchored, else under one
 * that is signed.
 * @param id UUID of the credential
 * @throws NotFoundError when no such credential was issued here
 */
export async function issuanceProofOf(ledger: Ledger, id: string): Promise<string> {
  const [issued] = await ledger.store.readStream(credentialStream(id));
  if (issued?.index === undefined || !issued.entry) throw new NotFoundError('credential', id);
  const { index, entry } = issued;
  const anchored = finalAnchor(ledger.readModels.db, { newestCovering: index }, ledger.mainChainId);
  const head =
    anchored && anchored.size > index ? ledger.signer.noteOf(anchored.size) : await ledger.signer.covering(index + 1);
  await ledger.log.reached(head.size);
  const path = ledger.log.tree.inclusionPath(index, head.size);
  return formatTlogProof({ extra: entry, index, path, checkpoint: head.checkpoint });
}

/** A signed head over the issuance and a standing record that tells of everything up to now. */
async function pendingHead(ledger: Ledger, index: number): Promise<SignedHead> {
  await ledger.anchoring.freshStanding();
  await ledger.log.reached(index + 1);
  const standing = ledger.log.newestSnapshot()?.index ?? -1;
  return ledger.signer.covering(Math.max(index, standing) + 1);
}

/** The newest final anchor, if it covers the index and its standing is still at hand. */
function anchorFor(ledger: Ledger, index: number): FinalAnchor | undefined {
  const newest = finalAnchor(ledger.readModels.db, { newestCovering: index }, ledger.mainChainId);
  return newest && newest.size > index && ledger.log.snapshot(newest.size - 1) ? newest : undefined;
}

async function versionPublished(ledger: Ledger, definition: string, version: number): Promise<StoredEvent> {
  const events = await ledger.store.readStream(definitionStream(definition));
  const published = events.find(({ type, data }) => type === 'VersionPublished' && data['version'] === version);
  if (!published) throw new InvariantError(`version ${version} of definition ${definition} is cited but not there`);
  return published;
}

function included(ledger: Ledger, event: StoredEvent, size: number): IncludedEntry {
  if (event.index === undefined || !event.entry) throw new InvariantError(`${event.stream} is not in the log`);
  return {
    index: event.index,
    entry: toBase64(event.entry),
    path: ledger.log.tree.inclusionPath(event.index, size).map(toBase64),
  };
}

async function standing(
  ledger: Ledger,
  snapshot: StandingSnapshot,
  size: number,
  organisation: string,
  definition: string,
  lists: readonly string[],
): Promise<NonNullable<ProofBundle['standing']>> {
  const [event] = await ledger.store.readLog({ from: snapshot.index, limit: 1 });
  if (!event) throw new InvariantError(`the standing record at ${snapshot.index} is gone`);
  const wanted = [organisationStream(organisation), definitionStream(definition), ...lists.map(statusListStream)];
  return {
    ...included(ledger, event, size),
    size: snapshot.leaves.length,
    leaves: wanted.flatMap((stream) => {
      const found = snapshot.find(stream);
      // A stream younger than the record has no leaf in it; the verifier says what that leaves open.
      if (!found) return [];
      const { index, bytes } = found;
      return [{ index, leaf: toBase64(bytes), path: snapshot.tree.inclusionPath(index).map(toBase64) }];
    }),
  };
}

/** The list as it was when the standing was recorded, so that it fits the digest there. */
function listDocument(ledger: Ledger, snapshot: StandingSnapshot | undefined, list: string): readonly JsonObject[] {
  const leaf = snapshot?.find(statusListStream(list));
  const sequence = leaf ? (JSON.parse(fromUtf8(leaf.bytes)) as { state: { sequence: number } }).state.sequence : 0;
  const document = sequence > 0 ? statusDocument(ledger.readModels.db, list, sequence) : undefined;
  return document ? [document] : [];
}
