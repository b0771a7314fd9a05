/**
 * JSON Schema 2020-12 of the proof bundle, the trust file (`bundle.ts`) and the list of block hashes, served at `/schemas/`: for whoever
 * writes a reader of their own. The verifier does not use them, `parse-bundle.ts`, `trust.ts` and
 * `block-hash-list.ts` do the reading; what
 * they refuse in form and size these refuse too. Proven by bundle-schema.spec.ts, which tries both on each member.
 */
import type { JsonObject } from '../encoding/json.js';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';
const SAFE = Number.MAX_SAFE_INTEGER;

/** Strict base64 with padding; the last characters of 32 bytes have zero bits to spare. */
const BASE64 = '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$';
const HASH = '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$';

function natural(minimum = 0): JsonObject {
  return { type: 'integer', minimum, maximum: SAFE };
}
function text(maxLength: number, more: JsonObject = {}): JsonObject {
  return { type: 'string', maxLength, ...more };
}
function list(items: JsonObject, maxItems: number, more: JsonObject = {}): JsonObject {
  return { type: 'array', items, maxItems, ...more };
}
/** Members beside these are let be. */
function object(required: JsonObject, optional: JsonObject = {}, more: JsonObject = {}): JsonObject {
  return { type: 'object', required: Object.keys(required), properties: { ...required, ...optional }, ...more };
}
function defined(name: string): JsonObject {
  return { $ref: `#/$defs/${name}` };
}

const HASHES: JsonObject = list(defined('hash'), 64);

const ENTRY: JsonObject = {
  index: { ...natural(), description: 'Index in the log.' },
  entry: {
    ...text(87_380, { pattern: BASE64 }),
    description: "The entry's bytes, at most 65,535: JCS of the event's public part.",
  },
  path: {
    ...HASHES,
    description: 'Inclusion path to the checkpoint (RFC 9162, section 2.1.3), from the leaf upwards.',
  },
};

const ADDRESS: JsonObject = { type: 'string', pattern: '^0x[0-9a-fA-F]{40}$' };
const BLOCK_HASH: JsonObject = { type: 'string', pattern: '^0x[0-9a-f]{64}$' };
function hexBytes(most: number): JsonObject {
  return text(2 + 2 * most, { pattern: '^0x(?:[0-9a-f]{2})*$' });
}

export const BUNDLE_SCHEMA: JsonObject = {
  $schema: DIALECT,
  $id: 'urn:meritkedja:schema:proof-bundle:v1',
  title: 'Meritkedja proof bundle, version 1',
  description:
    'application/vnd.meritkedja.proof+json. Bytes and hashes of the log in base64, values of a chain in 0x hex.',
  ...object(
    {
      type: { const: 'MeritkedjaProof' },
      version: { const: 1 },
      origin: text(512, { description: 'Origin of the log, the first line of its checkpoints.' }),
      credential: defined('credential'),
      issued: { ...defined('entry'), description: 'The CredentialIssued entry.' },
      definition: { ...defined('entry'), description: 'The VersionPublished entry of the definition version.' },
      statusLists: list({ type: 'object' }, 4, { description: 'Bitstring Status List credentials.' }),
      checkpoint: {
        ...text(4_096),
        description: 'Signed note: of the newest finally anchored head, else of the newest head.',
      },
    },
    {
      standing: {
        description: 'The StandingRecorded entry, with those of its leaves that the credential needs.',
        ...object({
          ...ENTRY,
          size: { ...natural(1), description: 'Number of leaves of the record.' },
          leaves: list(defined('leaf'), 16),
        }),
      },
      anchor: defined('anchor'),
      firstAnchor: {
        description: 'The first anchor that covers the issuance, where that is not `anchor`.',
        ...object({
          checkpoint: text(4_096),
          consistency: list(defined('hash'), 64),
          anchor: defined('anchor'),
        }),
      },
    },
    { dependentRequired: { firstAnchor: ['anchor'] } },
  ),
  $defs: {
    hash: { type: 'string', pattern: HASH, description: '32 bytes, SHA-256.' },
    entry: object(ENTRY),
    leaf: {
      description: 'A leaf of the standing record: JCS({stream, revision, state}), with its path to the record’s root.',
      ...object({ index: natural(), leaf: text(1_333_336, { pattern: BASE64 }), path: HASHES }),
    },
    anchor: object({
      chainId: natural(1),
      contract: ADDRESS,
      anchorer: ADDRESS,
      txHash: BLOCK_HASH,
      blockNumber: natural(),
      blockHash: BLOCK_HASH,
      transactionIndex: natural(),
      logIndex: { ...natural(), description: 'Index of the log within its receipt.' },
      header: { ...hexBytes(8_192), description: 'RLP of the block header.' },
      receiptProof: list(hexBytes(1_000_000), 64, {
        description: 'Nodes of the Merkle-Patricia proof of the receipt, from the root.',
      }),
      transactionProof: list(hexBytes(1_000_000), 64, {
        description:
          'Nodes of the Merkle-Patricia proof of the transaction, from the root; its bytes hash to `txHash`.',
      }),
    }),
    credential: {
      description: 'A W3C credential (VCDM 2.0) with one eddsa-jcs-2022 proof; also Open Badges 3.0.',
      ...object({
        '@context': {
          anyOf: [
            { const: 'https://www.w3.org/ns/credentials/v2' },
            { type: 'array', prefixItems: [{ const: 'https://www.w3.org/ns/credentials/v2' }], minItems: 1 },
          ],
        },
        type: {
          anyOf: [{ const: 'VerifiableCredential' }, { type: 'array', contains: { const: 'VerifiableCredential' } }],
        },
        issuer: { anyOf: [text(4_096), object({ id: text(4_096) })] },
        credentialSubject: {
          anyOf: [{ type: 'object' }, { type: 'array', prefixItems: [{ type: 'object' }], minItems: 1 }],
        },
      }),
    },
  },
};

const URL: JsonObject = text(2_048, { pattern: '^https?://', format: 'uri' });
const VKEY: JsonObject = text(2_048, { pattern: '^[^+\\s]+\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]+={0,2}$' });
const WORD: JsonObject = text(2_048, { minLength: 1 });

export const TRUST_SCHEMA: JsonObject = {
  $schema: DIALECT,
  $id: 'urn:meritkedja:schema:trust:v1',
  title: 'Meritkedja trust file, version 1',
  description: '/.well-known/meritkedja.json: what a verifier pins.',
  ...object(
    {
      origin: { ...WORD, description: 'Origin of the log; the name of its key too.' },
      vkey: { ...VKEY, description: "C2SP verifier key, Ed25519: the log's key now." },
      log: { ...URL, description: 'Where the log is served, c2sp.org/tlog-tiles.' },
      chains: list(
        object(
          {
            name: WORD,
            chainId: natural(1),
            contract: ADDRESS,
            anchorers: list(
              {
                anyOf: [
                  ADDRESS,
                  {
                    description: 'Of heads whose last entry has an index from `from` on and below `to`.',
                    ...object({ address: ADDRESS, from: natural() }, { to: natural() }),
                  },
                ],
              },
              256,
              { minItems: 1 },
            ),
            firstBlock: natural(),
          },
          {
            rpcUrls: list(URL, 256),
            closed: {
              description: 'The chain has ended: since when, and where the hashes of the anchors’ blocks are listed.',
              ...object({ at: WORD }, { blockHashes: URL }),
            },
            embedded: { type: 'boolean', description: "The operator's own node: shows the mechanism, proves no time." },
          },
        ),
        64,
      ),
    },
    {
      vkeys: list(
        {
          description: 'A key of the log, for heads whose last entry has an index from `from` on and below `to`.',
          ...object({ vkey: VKEY, from: natural() }, { to: natural() }),
        },
        256,
      ),
      rotations: list(
        text(4_096, { description: 'How a key gave way to the next: a signed note by both (c2sp.org/signed-note).' }),
        256,
      ),
      keyCustody: {
        enum: ['operator', 'organisation', 'mixed'],
        description: "Who holds the issuers' keys by default.",
      },
    },
  ),
};

export const BLOCK_HASHES_SCHEMA: JsonObject = {
  $schema: DIALECT,
  $id: 'urn:meritkedja:schema:block-hashes:v1',
  title: 'Meritkedja list of block hashes, version 1',
  description:
    "/api/v1/chains/{chainId}/anchors: the blocks with a ledger's final anchors on a chain, to be kept for the time when the chain is gone.",
  ...object(
    {
      type: { const: 'MeritkedjaBlockHashes' },
      version: { const: 1 },
      origin: { ...WORD, description: 'Origin of the log whose anchors are listed.' },
      name: { ...WORD, description: 'Name of the chain.' },
      chainId: natural(1),
      anchors: list(
        object(
          { blockNumber: natural(), blockHash: BLOCK_HASH },
          {
            batch: natural(1),
            size: { ...natural(1), description: 'Entries of the anchored head.' },
            root: { type: 'string', pattern: HASH, description: 'Root of the anchored head, base64.' },
            txHash: BLOCK_HASH,
            blockTime: { ...natural(), description: 'Seconds since 1970.' },
            entry: { ...natural(), description: 'Index in the log of the AnchorFinalised entry that holds the hash.' },
          },
        ),
        1_000_000,
      ),
    },
    {
      contract: ADDRESS,
      anchorers: list(object({ address: ADDRESS, from: natural() }, { to: natural() }), 256),
      closed: { ...WORD, description: 'ISO 8601: when the chain was closed.' },
    },
  ),
};
