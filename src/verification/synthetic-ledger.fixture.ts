/**
 * For tests only: a small ledger made in memory with one issued credential, and its proof bundle. A plan changes what
 * the ledger *says*, so that everything is signed and hashed consistently and only the rule under test is broken; bytes
 * are flipped by the test itself.
 */
import type { DefinitionStanding, OrganisationStanding, StatusListStanding } from '../anchoring/standing.js';
import { achievementOf } from '../credentials/achievement.js';
import type { CredentialIssued } from '../credentials/credential.events.js';
import { signer } from '../crypto/ed25519.js';
import type { DefinitionContent } from '../definitions/content.js';
import { toMultikey } from '../encoding/base58.js';
import { toBase64 } from '../encoding/base64.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { entryBytes } from '../event-store/entry.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import type { IncludedEntry, IncludedLeaf, ProofBundle, TrustFile } from './bundle.js';
import { credentialDigest, signEddsaJcs } from './data-integrity.js';
import { encodeStatusList, setStatusBit, STATUS_LIST_BYTES, statusListDigest } from './status-list.js';
import { ANCHORER, CHAIN_ID, CONTRACT, syntheticAnchor, type BlockPlan } from './synthetic-block.fixture.js';

export const ORIGIN = 'localhost:3000/log';
const URL = 'http://localhost:3000';
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
export const ISSUER = id(1);
export const STEWARD = id(2);
export const DEFINITION = id(3);
export const MANDATE = id(4);
export const REVOCATIONS = id(5);
export const SUSPENSIONS = id(6);
export const CREDENTIAL = id(7);
export const DID = 'did:web:localhost%3A3000:organisations:' + ISSUER;
export const STEWARD_DID = 'did:web:localhost%3A3000:organisations:' + STEWARD;

const LOG_KEY = signer(new Uint8Array(32).fill(1));
const ISSUER_KEY = signer(new Uint8Array(32).fill(2));
export const OTHER_KEY = signer(new Uint8Array(32).fill(3));
export const KID = toMultikey(ISSUER_KEY.publicKey);
export const OTHER_KID = toMultikey(OTHER_KEY.publicKey);

export const ISSUED_AT = '2026-11-01T10:00:00.000Z';
export const FIRST_BLOCK_TIME = '2026-11-01T10:05:00Z';
export const BLOCK_TIME = '2026-11-20T10:05:00Z';
export const NOW = '2026-11-24T10:00:00.000Z';

const CONTENT: DefinitionContent = {
  title: { sv: 'Truckkort B', en: 'Forklift B' },
  summary: { sv: 'Köra motviktstruck.' },
  tasks: [{ sv: 'Lasta' }],
  learningOutcomes: [
    {
      category: 'skill',
      language: 'sv',
      lead: 'Innehavaren kan',
      activity: 'köra',
      content: 'truck',
      context: 'säkert',
    },
  ],
  workload: { hours: 24, ects: '1.5' },
  assessmentMethods: ['practical'],
  participation: ['onsite'],
  qualityAssurance: [{ type: 'internal', description: { sv: 'Granskas' } }],
  creator: { organisation: STEWARD, did: STEWARD_DID, name: 'Förvaltaren' },
};

type Issued = CredentialIssued['data'];

/** What is different from the ledger in which all is well. */
export interface Plan {
  readonly document?: (document: JsonObject) => JsonObject;
  /** After signing: a document that the log holds the digest of all the same. */
  readonly signed?: (credential: JsonObject) => JsonObject;
  readonly signWith?: typeof ISSUER_KEY;
  /** DID that the proof names the key of. */
  readonly controller?: string;
  /** The version is published after the issuance that cites it. */
  readonly publishedLate?: boolean;
  readonly issued?: (data: Issued) => Issued;
  /** Undefined: sealed. */
  readonly content?: (content: DefinitionContent) => JsonObject | undefined;
  readonly organisation?: (state: OrganisationStanding, index: number) => OrganisationStanding;
  readonly definition?: (state: DefinitionStanding, index: number) => DefinitionStanding;
  readonly list?: (state: StatusListStanding, purpose: string) => StatusListStanding;
  readonly standing?: (data: { root: string; leaves: number; size: number }) => JsonObject;
  readonly set?: readonly ('revocation' | 'suspension')[];
  readonly validUntil?: string;
  /** Entries after the standing record of the newest anchor. */
  readonly after?: number;
  readonly block?: Partial<BlockPlan>;
  /** What signs the heads of more entries than these; the log's first key signs the others. */
  readonly rotatedAt?: { readonly size: number; readonly key: typeof LOG_KEY };
  /**
   * `anchored`: under two anchors (default). `once`: under the first only. `pending`: no anchor, the newest standing
   * record is from before the issuance. `late`: no anchor, one from after it. `bare`: no anchor, no record.
   */
  readonly stage?: 'anchored' | 'once' | 'pending' | 'late' | 'bare';
  /** Entries of the first anchor's head; default: up to the first standing record after the issuance. */
  readonly firstSize?: (index: number) => number;
  /** A further event of the organisation or definition between the early standing record and the issuance. */
  readonly changedBefore?: 'organisation' | 'definition';
}

export interface Synthetic {
  readonly bundle: ProofBundle;
  readonly trust: TrustFile;
  /** Hash by block number, as a node of the chain would answer. */
  readonly blockHashes: ReadonlyMap<number, string>;
  /** Index of the issuance. */
  readonly index: number;
}

/** The ledger of a plan, and its bundle. */
export async function syntheticLedger(plan: Plan = {}): Promise<Synthetic> {
  const stage = plan.stage ?? 'anchored';
  const ledger = new Ledger();
  ledger.append('ledger', 'LedgerFounded', { origin: ORIGIN, vkey: vkey() });
  ledger.append(`organisation-${ISSUER}`, 'OrganisationRegistered', { name: 'Skolan', did: DID });
  const keyFrom = ledger.append(`organisation-${ISSUER}`, 'IssuingKeyAdded', { kid: KID });
  const created = ledger.append(`definition-${DEFINITION}`, 'DefinitionCreated', { owner: STEWARD });
  const content = plan.content === undefined ? (CONTENT as unknown as JsonObject) : plan.content(CONTENT);
  const publish = (): number =>
    ledger.append(`definition-${DEFINITION}`, 'VersionPublished', {
      version: 1,
      ...(content === undefined ? {} : { content }),
    });
  let published = plan.publishedLate === true ? -1 : publish();
  const granted = ledger.append(`definition-${DEFINITION}`, 'MandateGranted', { mandate: MANDATE });
  ledger.append(`statuslist-${REVOCATIONS}`, 'StatusListOpened', { organisation: ISSUER, purpose: 'revocation' });
  ledger.append(`statuslist-${SUSPENSIONS}`, 'StatusListOpened', { organisation: ISSUER, purpose: 'suspension' });

  const lists = await statusLists(plan);
  const organisation = (): OrganisationStanding => {
    const state: OrganisationStanding = {
      name: 'Skolan',
      did: DID,
      keys: [{ kid: KID, publicKeyMultibase: KID, custody: 'operator', from: keyFrom }],
      revisions: ledger.revisionsOf(`organisation-${ISSUER}`),
    };
    return plan.organisation?.(state, index) ?? state;
  };
  const definition = (): DefinitionStanding => {
    const state: DefinitionStanding = {
      owners: [{ organisation: STEWARD, from: created }],
      versions: [{ version: 1, index: published }],
      mandates: [{ mandate: MANDATE, organisation: ISSUER, from: granted }],
      revisions: ledger.revisionsOf(`definition-${DEFINITION}`),
    };
    return plan.definition?.(state, index) ?? state;
  };
  const list = (purpose: 'revocation' | 'suspension', list: string) => (): StatusListStanding => {
    const isPublished = ledger.revisionsOf(`statuslist-${list}`).length > 1;
    const state: StatusListStanding = {
      organisation: ISSUER,
      purpose,
      ...(isPublished ? { sequence: 1, digest: statusListDigest(lists[purpose]) } : { sequence: 0 }),
    };
    return plan.list?.(state, purpose) ?? state;
  };
  const leaves: readonly (readonly [string, () => object])[] = [
    [`definition-${DEFINITION}`, definition],
    [`organisation-${ISSUER}`, organisation],
    [`organisation-${STEWARD}`, () => ({ name: 'Förvaltaren', did: CONTENT.creator.did, keys: [], revisions: [] })],
    [`statuslist-${REVOCATIONS}`, list('revocation', REVOCATIONS)],
    [`statuslist-${SUSPENSIONS}`, list('suspension', SUSPENSIONS)],
  ];

  let index = Number.MAX_SAFE_INTEGER;
  const early = ledger.recordStanding(leaves, plan, '2026-11-01T09:59:00.000Z');
  if (plan.changedBefore === 'organisation') ledger.append(`organisation-${ISSUER}`, 'OrganisationDetailsChanged', {});
  if (plan.changedBefore === 'definition') ledger.append(`definition-${DEFINITION}`, 'DraftRevised', {});

  const { credential, data } = await issue(plan, ledger);
  index = ledger.append(`credential-${CREDENTIAL}`, 'CredentialIssued', data as unknown as JsonObject, ISSUED_AT);
  if (plan.publishedLate === true) published = publish();
  ledger.append(`statuslist-${REVOCATIONS}`, 'StatusListPublished', { sequence: 1, digest: 'x' });
  ledger.append(`statuslist-${SUSPENSIONS}`, 'StatusListPublished', { sequence: 1, digest: 'x' });
  const first = ledger.recordStanding(leaves, plan, '2026-11-01T10:04:00.000Z');
  const firstSize = plan.firstSize?.(index) ?? ledger.tree.size;
  for (let i = 0; i < 5; i++) ledger.append(`batch-1`, 'AnchorConfirmed', { i });
  const last = stage === 'once' ? first : ledger.recordStanding(leaves, plan, '2026-11-20T10:04:00.000Z');
  for (let i = 0; i < (plan.after ?? 0); i++) ledger.append('batch-2', 'AnchorConfirmed', { i });
  const size = stage === 'once' ? firstSize : ledger.tree.size;

  const isAnchored = stage === 'anchored' || stage === 'once';
  const record = { anchored: last, once: last, late: last, pending: early, bare: undefined }[stage];
  const block = { root: ledger.tree.root(size), number: 12, time: BLOCK_TIME, ...plan.block };
  const firstBlock = { root: ledger.tree.root(firstSize), number: 5, time: FIRST_BLOCK_TIME };
  const anchor = await syntheticAnchor(block);
  const firstAnchor = await syntheticAnchor(firstBlock);
  const needed = leaves.filter(([stream]) => stream !== `organisation-${STEWARD}`);
  const bundle: ProofBundle = {
    type: 'MeritkedjaProof',
    version: 1,
    origin: ORIGIN,
    credential,
    issued: ledger.included(index, size),
    definition: ledger.included(published, size),
    ...(record === undefined
      ? {}
      : { standing: { ...ledger.included(record.index, size), ...record.leavesOf(needed) } }),
    statusLists: [lists.revocation, lists.suspension],
    checkpoint: ledger.checkpoint(size, plan.rotatedAt),
    ...(isAnchored ? { anchor } : {}),
    ...(stage === 'anchored'
      ? {
          firstAnchor: {
            checkpoint: ledger.checkpoint(firstSize, plan.rotatedAt),
            consistency: ledger.tree.consistencyPath(firstSize, size).map(toBase64),
            anchor: firstAnchor,
          },
        }
      : {}),
  };
  return { bundle, trust: trustFile(), blockHashes: hashesOf(firstAnchor, anchor), index };
}

/** What a verifier pins for these ledgers. */
export function trustFile(): TrustFile {
  const chain = { name: 'testnet', chainId: CHAIN_ID, contract: CONTRACT, anchorers: [ANCHORER], firstBlock: 1 };
  return { origin: ORIGIN, vkey: vkey(), log: `${URL}/log`, chains: [chain], keyCustody: 'operator' };
}

function hashesOf(...anchors: readonly { blockNumber: number; blockHash: string }[]): Map<number, string> {
  return new Map(anchors.map(({ blockNumber, blockHash }) => [blockNumber, blockHash]));
}

function vkey(): string {
  return formatVerifierKey(ORIGIN, LOG_KEY.publicKey);
}

/** A signed note of the log's own key, or another's, over any head. */
export function signedHead(size: number, root: Uint8Array, key = LOG_KEY, origin = ORIGIN): string {
  return signNote(formatCheckpoint({ origin, size, root }), ORIGIN, key.publicKey, (message) => key.sign(message));
}

class Ledger {
  readonly tree = new MerkleTree();
  readonly entries: Uint8Array[] = [];
  readonly #revisions = new Map<string, number[]>();

  append(stream: string, type: string, data: JsonObject, at = '2026-11-01T09:00:00.000Z'): number {
    const revisions = this.#revisions.get(stream) ?? [];
    this.#revisions.set(stream, revisions);
    const index = this.tree.size;
    const event = { id: id(1_000 + index), type, v: 1, at, by: 'operator', data, stream, revision: revisions.length };
    const bytes = entryBytes(event);
    revisions.push(index);
    this.entries.push(bytes);
    this.tree.appendEntry(bytes);
    return index;
  }

  revisionsOf(stream: string): number[] {
    return [...(this.#revisions.get(stream) ?? [])];
  }

  recordStanding(
    states: readonly (readonly [string, () => object])[],
    plan: Plan,
    at: string,
  ): { index: number; leavesOf(needed: typeof states): { size: number; leaves: IncludedLeaf[] } } {
    const leaves = states.map(([stream, state]) => {
      const made = state();
      const revision = this.revisionsOf(stream).length - 1;
      return canonicalBytes({ stream, revision: Math.max(0, revision), state: made });
    });
    const tree = MerkleTree.ofEntries(leaves);
    const data = { root: toBase64(tree.root()), leaves: leaves.length, size: this.tree.size };
    const index = this.append('standing', 'StandingRecorded', plan.standing?.(data) ?? data, at);
    return {
      index,
      leavesOf: (needed) => ({
        size: leaves.length,
        leaves: needed.map(([stream]) => {
          const place = states.findIndex(([one]) => one === stream);
          return { index: place, leaf: toBase64(leaves[place]!), path: tree.inclusionPath(place).map(toBase64) };
        }),
      }),
    };
  }

  included(index: number, size: number): IncludedEntry {
    return {
      index,
      entry: toBase64(this.entries[index]!),
      path: this.tree.inclusionPath(index, size).map(toBase64),
    };
  }

  checkpoint(size: number, rotated?: Plan['rotatedAt']): string {
    return signedHead(size, this.tree.root(size), rotated !== undefined && size > rotated.size ? rotated.key : LOG_KEY);
  }
}

async function issue(plan: Plan, ledger: Ledger): Promise<{ credential: JsonObject; data: Issued }> {
  const validFrom = '2026-11-01T10:00:00Z';
  const entry = (purpose: string, list: string, index: number): JsonObject => ({
    id: `${URL}/status/${list}#${index}`,
    type: 'BitstringStatusListEntry',
    statusPurpose: purpose,
    statusListIndex: String(index),
    statusListCredential: `${URL}/status/${list}`,
  });
  const plain: JsonObject = {
    '@context': [
      'https://www.w3.org/ns/credentials/v2',
      'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json',
      `${URL}/contexts/meritkedja-v1.json`,
    ],
    id: `urn:uuid:${CREDENTIAL}`,
    type: ['VerifiableCredential', 'OpenBadgeCredential'],
    name: CONTENT.title.sv,
    issuer: { id: DID, type: ['Profile'], name: 'Skolan' },
    validFrom,
    ...(plan.validUntil === undefined ? {} : { validUntil: plan.validUntil }),
    credentialSubject: {
      type: ['AchievementSubject'],
      identifier: [{ type: 'IdentityObject', hashed: false, identityHash: 'Åsa Ö', identityType: 'name' }],
      achievement: achievementOf(DEFINITION, 1, CONTENT),
    },
    credentialStatus: [entry('revocation', REVOCATIONS, 77), entry('suspension', SUSPENSIONS, 131_071)],
  };
  const key = plan.signWith ?? ISSUER_KEY;
  const signed = await signEddsaJcs(
    plan.document?.(plain) ?? plain,
    {
      verificationMethod: `${plan.controller ?? DID}#${toMultikey(key.publicKey)}`,
      created: validFrom,
      nonce: 'c2FsdHNhbHRzYWx0c2FsdA',
    },
    (message) => key.sign(message),
  );
  const credential = plan.signed?.(signed) ?? signed;
  const newest = (stream: string): { stream: string; revision: number } => ({
    stream,
    revision: ledger.revisionsOf(stream).length - 1,
  });
  const data: Issued = {
    digest: credentialDigest(credential),
    organisation: ISSUER,
    key: KID,
    definition: DEFINITION,
    version: 1,
    mandate: MANDATE,
    statusLists: {
      revocation: { list: REVOCATIONS, index: 77 },
      suspension: { list: SUSPENSIONS, index: 131_071 },
    },
    validFrom,
    ...(plan.validUntil === undefined ? {} : { validUntil: plan.validUntil }),
    reads: [newest(`organisation-${ISSUER}`), newest(`definition-${DEFINITION}`)],
  };
  return { credential, data: plan.issued?.(data) ?? data };
}

async function statusLists(plan: Plan): Promise<Record<'revocation' | 'suspension', JsonObject>> {
  const make = async (purpose: 'revocation' | 'suspension', list: string, index: number): Promise<JsonObject> => {
    const bits = new Uint8Array(STATUS_LIST_BYTES);
    setStatusBit(bits, index - 1, true);
    if (plan.set?.includes(purpose)) setStatusBit(bits, index, true);
    return {
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      id: `${URL}/status/${list}`,
      type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      issuer: DID,
      credentialSubject: {
        id: `${URL}/status/${list}#list`,
        type: 'BitstringStatusList',
        statusPurpose: purpose,
        encodedList: await encodeStatusList(bits),
      },
    };
  };
  return {
    revocation: await make('revocation', REVOCATIONS, 77),
    suspension: await make('suspension', SUSPENSIONS, 131_071),
  };
}
