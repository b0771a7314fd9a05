/**
 * Every type of event that this program writes and reads, by stream: those of the log with the upcasters of their
 * contexts, and those of the vault streams, which are not in the log (S20). The ledger's store refuses to write any other,
 * and each has a golden file of every version (`event-store/golden/`, golden.int.spec.ts).
 */
import {
  BATCH_EVENTS,
  LEDGER_EVENTS,
  LEDGER_STREAM,
  STANDING_EVENTS,
  STANDING_STREAM,
} from './anchoring/anchoring.events.js';
import { ASSESSMENT_EVENTS, CREDENTIAL_EVENTS, STATUS_LIST_EVENTS } from './credentials/credential.events.js';
import { DEFINITION_EVENTS } from './definitions/definition.events.js';
import { EventTypes } from './event-store/upcasting.js';
import { ORGANISATION_EVENTS } from './organisations/organisation.events.js';

export const EVENT_TYPES = new EventTypes({
  [LEDGER_STREAM]: LEDGER_EVENTS,
  [STANDING_STREAM]: STANDING_EVENTS,
  'batch-': BATCH_EVENTS,
  'organisation-': ORGANISATION_EVENTS,
  'definition-': DEFINITION_EVENTS,
  'credential-': CREDENTIAL_EVENTS,
  'assessment-': ASSESSMENT_EVENTS,
  'statuslist-': STATUS_LIST_EVENTS,

  'vault-anchor-': { AnchorProofKept: [] },
  'vault-erasures': { HolderErased: [] },
  'vault-holder-': { KeyWrapped: [], PersonRecorded: [], CredentialHeld: [], ErasureBegun: [] },
  'vault-issuingkey-': { IssuingKeyKept: [], RemoteSignerKept: [] },
  'vault-ledger-keys': { LedgerKeysMade: [] },
  'vault-member-': { KeyWrapped: [] },
  'vault-organisation-': { KeyWrapped: [] },
  'vault-pnr-': { PersonReserved: [] },
  'vault-request-': { RequestReserved: [] },
  'vault-seed': { SeedStarted: [], SeedFinished: [] },
  'vault-share-': { ShareCreated: [] },
  'vault-signed-heads': { HeadSigned: [] },
  'vault-statuslist-': { StatusListKept: [] },
  'vault-worker': { SealRequested: [] },
});
