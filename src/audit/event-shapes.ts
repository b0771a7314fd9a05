/**
 * The shape of the public data of every event of the log, by type and version, as the contexts' `*.events.ts` have it:
 * what an audit holds each entry against before it decides it again. A type that is added there needs its shape here;
 * event-shapes.spec.ts says so. Pure.
 */
import { STATUS_LIST_ENTRIES } from '../credentials/credential.events.js';
import {
  address,
  base64Of32,
  boolean,
  bytes0x,
  decimal,
  hash0x,
  hex32,
  list,
  matching,
  moment,
  object,
  oneOf,
  text,
  uuid,
  whole,
  type Shape,
} from './shape.js';

/** By type, then by version: the first of a list is that of version 1. */
export type EventShapes = Readonly<Record<string, readonly Shape[]>>;

const nothing = object({});
const translated = object({ sv: text() }, { en: text() });
const kid = text(1);
const roles = list(oneOf('issuer', 'steward', 'guarantor'), 1, 3);
const profile = { name: text(1), organisationNumber: matching(/^\d{10}$/, 'ten digits'), country: text(2), roles };
const moreProfile = { region: text(), website: text() };
const issuingKey = { kid, publicKeyMultibase: text(1), custody: oneOf('operator', 'organisation') };
const authorisation = object({ kid, signature: matching(/^[\w-]{86}$/, '64 bytes in base64url') });

const learningOutcome = object(
  {
    category: oneOf('knowledge', 'skill', 'responsibility'),
    language: oneOf('sv', 'en'),
    lead: text(),
    activity: text(),
    content: text(),
    context: text(),
  },
  { criteria: list(text()) },
);

const definitionContent = object(
  {
    title: translated,
    summary: translated,
    tasks: list(translated),
    learningOutcomes: list(learningOutcome),
    workload: object({}, { hours: whole(1), ects: matching(/^\d{1,3}(\.\d{1,2})?$/, 'credits as text') }),
    assessmentMethods: list(text(1)),
    participation: list(text(1)),
    qualityAssurance: list(object({ type: text(), description: translated })),
    creator: object({ organisation: uuid, did: text(1), name: text(1) }),
  },
  {
    level: object(
      {
        framework: oneOf('EQF', 'SeQF', 'QF-EHEA'),
        level: whole(0, 8),
        basis: oneOf('issuer', 'regulation', 'decision'),
      },
      { decision: text() },
    ),
    prerequisites: translated,
    supervision: translated,
    grading: object({ scale: list(text()) }),
    stackability: translated,
    authorisations: translated,
    codes: list(object({ scheme: text(), version: text(), code: text() })),
    factors: translated,
    issuerRequirements: translated,
    validity: object({ months: whole(1) }),
    demo: boolean,
  },
);

const statusReference = object({ list: uuid, index: whole(0, STATUS_LIST_ENTRIES - 1) });
const chainId = whole(1);
const submission = {
  chainId,
  contract: address,
  anchorer: address,
  txHash: hash0x,
  nonce: whole(),
  signedTransaction: bytes0x,
};
const block = { chainId, txHash: hash0x, blockNumber: whole(), blockHash: hash0x };
const logKey = { origin: text(1), vkey: text(1) };

export const EVENT_SHAPES: EventShapes = {
  LedgerFounded: [object(logKey)],
  ChainAdded: [object({ name: text(1), chainId, contract: address, anchorer: address, firstBlock: whole() })],
  LossAccepted: [
    object(
      {
        previous: object({ ...logKey, root: base64Of32 }, { size: whole() }),
        lostUpTo: list(object({ chainId, blockNumber: whole() })),
        ...logKey,
      },
      { entriesLost: whole() },
    ),
  ],
  AnchorerRotated: [
    object({ chainId, previous: address, anchorer: address, previousSignature: bytes0x, signature: bytes0x }),
  ],
  ChainClosed: [object({ chainId, anchors: whole() }, { coveredBy: object({ chainId, batch: whole(1) }) })],
  StandingRecorded: [object({ root: base64Of32, leaves: whole(), size: whole() })],
  BatchSealed: [object({ number: whole(1), fromIndex: whole(), toIndex: whole(), size: whole(1), root: base64Of32 })],
  AnchorRequested: [object({ chainId })],
  AnchorSubmitted: [object(submission)],
  AnchorReplaced: [object({ ...submission, replaces: hash0x })],
  AnchorConfirmed: [
    object(
      { ...block, blockTime: whole(), transactionIndex: whole(), logIndex: whole(), gasUsed: decimal },
      { effectiveGasPrice: decimal, l1Fee: decimal },
    ),
  ],
  AnchorFinalised: [object(block)],
  AnchorReorganised: [object(block)],
  AnchorFailed: [object({ chainId, txHash: hash0x, code: text(1) })],

  OrganisationRegistered: [object({ ...profile, did: text(1) }, moreProfile)],
  OrganisationDetailsChanged: [object(profile, moreProfile)],
  IssuingKeyAdded: [object(issuingKey, { authorisation })],
  IssuingKeyRotated: [object({ ...issuingKey, replaces: kid }, { authorisation })],
  IssuingKeyRevoked: [object({ kid, reason: oneOf('superseded', 'compromised', 'ceased') }, { fromIndex: whole() })],
  OrganisationClosed: [nothing],

  DefinitionCreated: [object({ creator: uuid, owner: uuid, visibility: oneOf('public', 'unlisted', 'internal') })],
  DraftRevised: [nothing],
  VersionPublished: [
    object(
      { version: whole(1), content: definitionContent },
      { changes: text(), effectOnHolders: oneOf('none', 'renewalRecommended', 'renewalRequired') },
    ),
  ],
  VersionRetired: [object({ version: whole(1) })],
  MandateGranted: [
    object({ mandate: uuid, organisation: uuid, requirementsChecked: boolean }, { from: moment, to: moment }),
  ],
  MandateWithdrawn: [object({ mandate: uuid, reason: text(), effect: oneOf('futureOnly', 'revokeIssued') })],

  CredentialIssued: [
    object(
      {
        digest: hex32,
        organisation: uuid,
        key: kid,
        definition: uuid,
        version: whole(1),
        mandate: text(1),
        statusLists: object({ revocation: statusReference, suspension: statusReference }),
        validFrom: moment,
        reads: list(object({ stream: text(1), revision: whole() }), 0, 16),
      },
      { validUntil: moment },
    ),
  ],
  CredentialSuspended: [object({ reasonCode: oneOf('underReview', 'appeal', 'holderRequest') })],
  CredentialReinstated: [nothing],
  CredentialRevoked: [
    object({
      reasonCode: oneOf(
        'issuedInError',
        'outcomeNotMet',
        'identityMistaken',
        'keyCompromised',
        'mandateWithdrawn',
        'holderRequest',
        'replaced',
      ),
    }),
  ],
  CredentialVoided: [object({ reasonCode: oneOf('staleRead') })],
  AssessmentRecorded: [object({ organisation: uuid })],

  StatusListOpened: [object({ organisation: uuid, purpose: oneOf('revocation', 'suspension') })],
  IndexBlockAllotted: [object({ from: whole(0, STATUS_LIST_ENTRIES - 1), count: whole(1, STATUS_LIST_ENTRIES) })],
  StatusListPublished: [object({ sequence: whole(1), digest: hex32 })],
};
