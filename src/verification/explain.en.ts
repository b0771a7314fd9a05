/** English texts of the verification report. */
import type { Texts } from './explain.js';

const INCOMPLETE =
  'The proof is incomplete. Ask for the proof bundle again, from whoever gave it to you or from the ledger.';
const TAMPERED =
  'The document or its proof has been changed, or was put together wrongly. Do not rely on it; ask for the original.';
const NOT_ISSUED = 'Do not rely on it; ask the issuer named in it.';

export const EN: Texts = {
  checks: {
    format: {
      title: 'Form',
      what: 'The file should be a credential or a proof bundle that can be read.',
      failure: 'Nothing else in the file can then be checked. Ask for it anew.',
    },
    integrity: {
      title: 'Signature and content',
      what: 'The document should be exactly what was signed and what the ledger’s log holds the digest of.',
      failure:
        'The content has been changed since it was signed, or the signature is somebody else’s. You cannot then rely on anything in it.',
    },
    issuer: {
      title: 'Issuer',
      what: 'The key that signed should be the issuing organisation’s and in force when the document was issued.',
      failure:
        'Somebody other than the organisation signed, or with a key that was not in force. It was not then issued by the organisation named.',
    },
    mandate: {
      title: 'Right to issue',
      what: 'The organisation should own the micro-credential or have been allowed to issue it at that time.',
      failure: 'The organisation had no right to issue this micro-credential, so it does not count.',
    },
    definition: {
      title: 'Definition',
      what: 'The learning outcomes should be those of a published version that was in use when it was issued.',
      failure:
        'The learning outcomes are not those that the owner has published, so it shows something other than it says.',
    },
    logInclusion: {
      title: 'Log',
      what: 'The issuance should stand in the ledger’s public log, under its signed head.',
      failure: 'Nothing shows that it was issued in the open. It may have been done in secret or afterwards.',
    },
    anchor: {
      title: 'Anchor',
      what: 'The log’s head should be anchored on a chain, in a block that is final.',
      failure: 'Nothing outside the ledger confirms the log. Whoever runs the ledger could then have rewritten it.',
    },
    status: {
      title: 'Status',
      what: 'The credential should be neither revoked nor suspended.',
      failure: 'The issuer has revoked or suspended it. It is not in force, even if it is genuine.',
    },
    validity: {
      title: 'Period of validity',
      what: 'Today should lie within the document’s period of validity.',
      failure: 'It is not in force today, even if it is genuine.',
    },
  },
  outcomes: { pass: 'in order', fail: 'not in order', unknown: 'could not be checked', skipped: 'not checked' },
  verdicts: {
    valid: { title: 'Valid', text: 'Genuine, in force, and anchored.' },
    notInForce: {
      title: 'Not in force',
      text: 'The document is revoked, suspended, expired or not yet valid. See the state, and the single checks for what else was shown.',
    },
    pending: {
      title: 'Pending',
      text: 'Genuine and logged; the anchor on the chain is not final yet. Check again later.',
    },
    undetermined: {
      title: 'Undetermined',
      text: 'Nothing speaks against it, but something could not be checked. The checks say what, and how to go on.',
    },
    invalid: { title: 'Invalid', text: 'This is not what was issued. Do not rely on it.' },
  },
  phrases: {},
  codes: {
    notJson: 'The file holds no JSON document. Give the credential or proof bundle as it was downloaded.',
    tooLarge: 'The file is larger or deeper than any real one. It was not read.',
    notACredential: 'This is no W3C Verifiable Credential (version 2) and no proof bundle. Choose another file.',
    credentialMalformed: `A member of the credential is missing or of the wrong kind. ${TAMPERED}`,
    bundleMalformed: `A member of the proof bundle is missing or of the wrong kind. ${TAMPERED}`,
    entryMalformed: `An entry of the log in the bundle is not of the form that the log has. ${TAMPERED}`,
    leafMalformed: `A part of the standing record is not of the form that it has. ${TAMPERED}`,
    unsupportedVersion:
      'The proof bundle, or an entry of the log in it, is of a later version than this verifier knows. Use a newer one.',
    notCanonical: `The credential holds text or numbers that have no canonical form, so it cannot have been signed so. ${TAMPERED}`,
    proofMissing: `The document carries no signature. ${NOT_ISSUED}`,
    proofMalformed: `The document’s signatures cannot be read. ${TAMPERED}`,
    proofTwice: `The document carries two signatures of the kind that may stand once only. ${TAMPERED}`,
    proofChain: `The signature depends on another signature, which is not allowed here. ${TAMPERED}`,
    proofSuite: 'The document is signed in another way than this ledger’s. Check it with the issuer’s own verifier.',
    verificationMethod: `The signature does not name its key in the way that this ledger does. ${TAMPERED}`,
    keyNotKnown: 'The signing key would have to be fetched from elsewhere. Ask for the proof bundle, which holds it.',
    signature: `The signature does not fit the document. ${TAMPERED}`,
    digestMismatch: `The document is not the one whose digest is in the log. ${TAMPERED}`,
    idMismatch: `The document has another id than the issuance in the log. ${TAMPERED}`,
    validFromMismatch: `The document begins to be valid at another time than the log says. ${NOT_ISSUED}`,
    validUntilMismatch: `The document ends to be valid at another time than the log says. ${NOT_ISSUED}`,
    statusMismatch: `The document points to another place in the status lists than the log says. ${NOT_ISSUED}`,
    issuerMismatch: `The issuer named in the document is not the organisation in the log. ${NOT_ISSUED}`,
    keyMismatch: `It was signed with another key than the log says. ${NOT_ISSUED}`,
    keyUnknown: `The key never was one of this organisation’s. ${NOT_ISSUED}`,
    keyNotYetInForce: `The key came into force only after the document was issued. ${NOT_ISSUED}`,
    keyEnded: `The key was no longer in force when the document was issued. ${NOT_ISSUED}`,
    keyCompromised:
      'The issuer’s key had fallen into wrong hands by the time the document was issued, so it does not stand. Ask the issuer for a new one.',
    organisationClosed: `The organisation had been closed before the document was issued. ${NOT_ISSUED}`,
    organisationReadStale:
      'The issuance rested on facts about the organisation that were already out of date, so it does not stand. Ask the issuer for a new one.',
    notOwner: `The organisation did not own the micro-credential when it issued this. ${NOT_ISSUED}`,
    mandateUnknown: `The permission that the issuance names was never given. ${NOT_ISSUED}`,
    mandateOther: `The permission that the issuance names is another organisation’s. ${NOT_ISSUED}`,
    mandateNotInForce: `The permission did not hold at the place in the log where this was issued. ${NOT_ISSUED}`,
    mandateOutsideDates: `The permission is for other dates than the date of issue. ${NOT_ISSUED}`,
    definitionOther: `The proof carries another definition than the one the issuance names. ${TAMPERED}`,
    versionUnknown: `The ledger knows no such published version. ${NOT_ISSUED}`,
    versionLater: `The version was published only after the document was issued. ${NOT_ISSUED}`,
    versionRetired: `The version had been retired before the document was issued. ${NOT_ISSUED}`,
    contentSealed: 'The definition is internal to its owner, so its text cannot be compared here. Ask the issuer.',
    achievementMismatch: `Learning outcomes or other content differ from the published definition. ${NOT_ISSUED}`,
    definitionReadStale:
      'The issuance rested on facts about the definition that were already out of date, so it does not stand. Ask the issuer for a new one.',
    notLogged: `The ledger’s whole log was looked through and has no such issuance. ${NOT_ISSUED}`,
    checkpointMalformed: `The log’s signed head cannot be read. ${TAMPERED}`,
    checkpointSignature: `The log’s head is not signed by a key that you have pinned. Has the ledger changed its key since you pinned its trust file, compare that with the ledger’s own of today. Else: ${TAMPERED}`,
    checkpointKeyNotInForce: `The log’s head is signed by a key of the ledger that was not in use when the log had that many entries. ${TAMPERED}`,
    originMismatch: `The head is of another log than the bundle says. ${TAMPERED}`,
    issuedNotIncluded: `The issuance is not shown to be in the log. ${TAMPERED}`,
    definitionNotIncluded: `The definition is not shown to be in the log. ${TAMPERED}`,
    standingNotIncluded: `The record of keys, permissions and status is not shown to be in the log. ${TAMPERED}`,
    leafNotIncluded: `A key, permission or status list is not shown to be in the standing record. ${TAMPERED}`,
    standingNotLast: `The standing record is not the last entry under the anchor, so something may have changed after it. ${TAMPERED}`,
    standingSize: `The standing record does not fit its place in the log. ${TAMPERED}`,
    notAnchoredYet: 'It is logged but not anchored yet. Check again in a while, with a new proof bundle.',
    notFinalYet: 'The block with the anchor is not final yet. Check again in a while.',
    chainNotPinned:
      'Your trust file does not name this chain. Get the ledger’s newest trust file, in a way you rely on.',
    contractNotPinned: `The anchor is in another contract than the one you have pinned. ${TAMPERED}`,
    anchorerNotPinned: `The anchor was written by an address that you have not pinned. Has the ledger changed its anchoring key since you pinned its trust file, compare that with the ledger’s own of today. Else: ${TAMPERED}`,
    blockTooEarly: `The anchor’s block is older than the ledger’s anchors are. ${TAMPERED}`,
    receiptProof: `The proof from the anchor to its block does not hold. ${TAMPERED}`,
    anchoredRoot: `What is anchored is another head than the one in the bundle. ${TAMPERED}`,
    anchorerNotInForce: `The anchor was written by an address that was not the ledger’s anchorer when this was anchored. ${TAMPERED}`,
    chainClosed:
      'Anchored on a chain that has closed: the block’s header and the receipt prove the anchor, but nobody was at hand to confirm the block’s hash. Take it from the ledger’s published list, or from anybody who kept it, or ask the ledger for a newer proof, which leads to a chain that lives.',
    blockHashMissing:
      'Nobody has said what the block’s hash is. Give the block’s hash from a source that you rely on (on the command line --block-hash, or --rpc with a node of the chain).',
    blockHashDiffers: `The chain has another block at this height. ${TAMPERED}`,
    chainUnreachable:
      'The chain could not be reached. Try again, with another node, or with the block’s hash from elsewhere.',
    firstAnchorCheckpoint: `The head of the first anchor cannot be relied on. ${TAMPERED}`,
    firstAnchorInconsistent: `The log under the first anchor is not shown to be the beginning of this one. ${TAMPERED}`,
    firstAnchorProof: `The proof of the first anchor does not hold. ${TAMPERED}`,
    revoked: 'The credential has been revoked by its issuer. The ledger’s page for it says why.',
    suspended: 'The credential is suspended for the time being. Ask the holder or the issuer.',
    statusListMissing: INCOMPLETE,
    statusListMismatch: `The status list is not the one that the log commits to. ${INCOMPLETE}`,
    statusListOther: `The status list is not this issuer’s or not for this purpose. ${INCOMPLETE}`,
    statusTooOld:
      'What is known of its status is too old to be relied on. Ask for a new proof bundle, or allow an older one (--max-status-age).',
    notYetValid: 'It is not valid yet.',
    expired: 'Its period of validity is over. Ask whether it has been renewed.',
    noProof:
      'The credential came without its proof bundle. Ask for the bundle, or check it at the ledger that issued it.',
    untrusted:
      'You have not pinned this ledger. Get its trust file in a way that you rely on, compare the fingerprint, and add it (on the command line: meritkedja trust add).',
    restsOnLog: 'It rests on the log, which was not shown to hold it.',
    standingMissing: `The standing record is missing: it will be there when the log is next anchored. ${INCOMPLETE}`,
    standingTooOld:
      'The newest standing record is older than the issuance and does not know all that it rests on. Check again when the log has been anchored.',
    leafMissing: INCOMPLETE,
    notReached: 'An earlier check left nothing to look at.',
  },
};
