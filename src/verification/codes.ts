/**
 * The stable codes of the report, a closed union: `explain.ts` has a text in Swedish and English for each. A code
 * stands under one check, save those of RESTS, which may stand under several. A `pass` has no code.
 */

/** Why a document is not one that can be looked at. */
export type FormatCode =
  | 'notJson'
  | 'tooLarge'
  | 'notACredential'
  | 'credentialMalformed'
  | 'bundleMalformed'
  | 'entryMalformed'
  | 'leafMalformed'
  | 'unsupportedVersion'
  | 'notCanonical';

export type IntegrityCode =
  | 'proofMissing'
  | 'proofMalformed'
  | 'proofTwice'
  | 'proofChain'
  | 'proofSuite'
  | 'verificationMethod'
  | 'keyNotKnown'
  | 'signature'
  | 'digestMismatch'
  | 'idMismatch'
  | 'validFromMismatch'
  | 'validUntilMismatch'
  | 'statusMismatch';

export type IssuerCode =
  | 'issuerMismatch'
  | 'keyMismatch'
  | 'keyUnknown'
  | 'keyNotYetInForce'
  | 'keyEnded'
  | 'keyCompromised'
  | 'organisationClosed'
  | 'organisationReadStale';

export type MandateCode = 'notOwner' | 'mandateUnknown' | 'mandateOther' | 'mandateNotInForce' | 'mandateOutsideDates';

export type DefinitionCode =
  | 'definitionOther'
  | 'versionUnknown'
  | 'versionLater'
  | 'versionRetired'
  | 'contentSealed'
  | 'achievementMismatch'
  | 'definitionReadStale';

export type LogCode =
  | 'notLogged'
  | 'checkpointMalformed'
  | 'checkpointSignature'
  | 'checkpointKeyNotInForce'
  | 'originMismatch'
  | 'issuedNotIncluded'
  | 'definitionNotIncluded'
  | 'standingNotIncluded'
  | 'leafNotIncluded'
  | 'standingNotLast'
  | 'standingSize';

/** Of the whole way from root to chain; those of `receipt-proof-check.ts` are gathered in `receiptProof`. */
export type AnchorCode =
  | 'notAnchoredYet'
  | 'notFinalYet'
  | 'chainNotPinned'
  | 'contractNotPinned'
  | 'anchorerNotPinned'
  | 'anchorerNotInForce'
  | 'blockTooEarly'
  | 'receiptProof'
  | 'anchoredRoot'
  | 'blockHashMissing'
  | 'blockHashDiffers'
  | 'chainUnreachable'
  | 'chainClosed'
  | 'firstAnchorCheckpoint'
  | 'firstAnchorInconsistent'
  | 'firstAnchorProof';

export type StatusCode =
  'revoked' | 'suspended' | 'statusListMissing' | 'statusListMismatch' | 'statusListOther' | 'statusTooOld';

export type ValidityCode = 'notYetValid' | 'expired';

/** Codes of a check that rests on something which is not there, or not trusted. */
export type RestsCode =
  /** The document came without a proof bundle. */
  | 'noProof'
  /** No pinned trust file has the log's origin (S4). */
  | 'untrusted'
  /** Inclusion in the log failed, so that what the log says proves nothing. */
  | 'restsOnLog'
  | 'standingMissing'
  /** The standing record is older than the issuance, and something has changed since. */
  | 'standingTooOld'
  /** The bundle lacks the leaf that this check needs. */
  | 'leafMissing'
  /** An earlier check failed in a way that leaves nothing to look at. */
  | 'notReached';

export type CheckCode =
  | FormatCode
  | IntegrityCode
  | IssuerCode
  | MandateCode
  | DefinitionCode
  | LogCode
  | AnchorCode
  | StatusCode
  | ValidityCode
  | RestsCode;
