/** What others may use of the verifier: in Node, in a browser, in the service and on the command line. */
export { parseBlockHashList, pinnedBlocksOf } from './block-hash-list.js';
export type { BlockHashList } from './block-hash-list.js';
export { BUNDLE_MEDIA_TYPE } from './bundle.js';
export type {
  AnchorProof,
  IncludedEntry,
  IncludedLeaf,
  ProofBundle,
  TrustedChain,
  TrustedKey,
  TrustFile,
} from './bundle.js';
export { EMBEDDED_WARNING, LIST_OF_LEDGER_WARNING } from './check-anchor.js';
export type { BlockHashAnswer, BlockHashSource } from './check-anchor.js';
export type { CheckCode } from './codes.js';
export { createProofInput, credentialDigest, CRYPTOSUITE, signEddsaJcs, verifyEddsaJcs } from './data-integrity.js';
export type { ProofOptions } from './data-integrity.js';
export { explain, explainVerdict, translated } from './explain.js';
export type { Explanation, Language } from './explain.js';
export { verifyLogProof } from './log-proof.js';
export type { LogProofCode, LogProofOptions, LogProofReport } from './log-proof.js';
export type {
  Check,
  CheckName,
  CredentialState,
  CredentialSummary,
  Outcome,
  Verdict,
  VerificationReport,
} from './report.js';
export {
  decodeStatusList,
  encodeStatusList,
  setStatusBit,
  STATUS_LIST_BYTES,
  statusBit,
  statusListDigest,
} from './status-list.js';
export { Memory } from './memory.js';
export { PLAIN, webPlatform } from './platform.js';
export type { Ed25519, Platform } from './platform.js';
export { formatLogKeyRotation, openLogKeyRotation } from './log-key-rotation.js';
export type { LogKeyRotation } from './log-key-rotation.js';
export { fingerprint, isRotationOf, parseTrust } from './trust.js';
export { VerificationError } from './verification-error.js';
export { DEFAULT_MAX_STATUS_AGE_DAYS, NOT_LOGGED, verify } from './verify.js';
export type { VerifyOptions } from './verify.js';
export { EncodingError } from '../errors.js';
export { DuplicateMemberError, parseJson } from '../encoding/strict-json.js';
export type { PinnedBlockHash } from './check-anchor.js';
