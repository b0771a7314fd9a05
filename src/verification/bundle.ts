/** The proof bundle, `application/vnd.meritkedja.proof+json`, and the trust file: what a verifier is given. */
import type { JsonObject } from '../encoding/json.js';

export const BUNDLE_MEDIA_TYPE = 'application/vnd.meritkedja.proof+json';

/** An entry of the log with its inclusion path to the bundle's checkpoint. All hashes and bytes in base64. */
export interface IncludedEntry {
  readonly index: number;
  readonly entry: string;
  readonly path: readonly string[];
}

/** A leaf of the standing record with its path to the record's root. */
export interface IncludedLeaf {
  readonly index: number;
  readonly leaf: string;
  readonly path: readonly string[];
}

/** Where an anchor is on its chain, and the proofs of receipt and transaction to the block's hash. Values in 0x hex. */
export interface AnchorProof {
  readonly chainId: number;
  readonly contract: string;
  readonly anchorer: string;
  readonly txHash: string;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly transactionIndex: number;
  /** Index of the log within its receipt. */
  readonly logIndex: number;
  /** RLP of the block header. */
  readonly header: string;
  /** Nodes of the receipt's Merkle-Patricia proof, from the root. */
  readonly receiptProof: readonly string[];
  /** Nodes of the transaction's Merkle-Patricia proof, from the root: its bytes hash to `txHash`. */
  readonly transactionProof: readonly string[];
}

export interface ProofBundle {
  readonly type: 'MeritkedjaProof';
  readonly version: 1;
  readonly origin: string;
  readonly credential: JsonObject;
  readonly issued: IncludedEntry;
  readonly definition: IncludedEntry;
  /** Under an anchor the last entry of the checkpoint; without one, the newest record there is (absent if none). */
  readonly standing?: IncludedEntry & { readonly size: number; readonly leaves: readonly IncludedLeaf[] };
  readonly statusLists: readonly JsonObject[];
  /** Signed note: of the newest finally anchored head that covers the issuance, else of the newest head. */
  readonly checkpoint: string;
  /** Absent while the issuance is not under a final anchor. */
  readonly anchor?: AnchorProof;
  /** The first anchor that covers the issuance, where that is not `anchor`. */
  readonly firstAnchor?: {
    readonly checkpoint: string;
    readonly consistency: readonly string[];
    readonly anchor: AnchorProof;
  };
}

/** An anchorer of heads whose last entry has an index from `from` on and below `to` (S19). */
export type TrustedAnchorer = {
  readonly address: string;
  readonly from: number;
  readonly to?: number;
};

export interface TrustedChain {
  readonly name: string;
  readonly chainId: number;
  readonly contract: string;
  /** An address alone: of heads of any size. */
  readonly anchorers: readonly (string | TrustedAnchorer)[];
  readonly firstBlock: number;
  /** The chain has ended: since when, and where the hashes of the anchors' blocks are listed (S10). */
  readonly closed?: { readonly at: string; readonly blockHashes?: string };
  readonly rpcUrls?: readonly string[];
  /** The operator's own node: shows the mechanism, proves no time (S10). */
  readonly embedded?: boolean;
}

/** A key of the log for heads whose last entry has an index from `from` on and below `to` (S19). */
export type TrustedKey = {
  readonly vkey: string;
  readonly from: number;
  readonly to?: number;
};

/** `/.well-known/meritkedja.json`: what a verifier pins (S4). */
export interface TrustFile {
  readonly origin: string;
  /** The log's key now. */
  readonly vkey: string;
  /** All its keys, where it has had others; absent: `vkey` alone, for heads of any size. */
  readonly vkeys?: readonly TrustedKey[];
  /** How each key gave way to the next, oldest first: notes signed by both (`log-key-rotation.ts`). */
  readonly rotations?: readonly string[];
  readonly log: string;
  readonly chains: readonly TrustedChain[];
  /** Who holds the issuers' keys by default (S13). */
  readonly keyCustody?: 'operator' | 'organisation' | 'mixed';
}
