/**
 * Every type of event that this program writes, written by its own deciders and processes, for the golden files. The
 * persons and keys are of this test alone.
 */
import { eraseHolder } from '../holders/erasure.js';
import { keySigner, type AnchorSigner } from '../anchoring/anchor-signer.js';
import { signRotation } from '../anchoring/anchorer-rotation.js';
import { batchDecider, type BatchCommand } from '../anchoring/batch.js';
import { batchStream, LEDGER_STREAM } from '../anchoring/anchoring.events.js';
import { ledgerDecider, type LedgerCommand } from '../anchoring/ledger.js';
import { credentialDecider, type CredentialCommand } from '../credentials/credential.js';
import { credentialStream } from '../credentials/credential.events.js';
import { issueCredential } from '../credentials/issue.js';
import { heldCredential } from '../credentials/held-credential.js';
import type { JsonObject } from '../encoding/json.js';
import { EVENT_TYPES } from '../event-types.js';
import { makeLedgerKeys } from '../ledger-keys.js';
import { organisationVault } from '../holders/vault.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import type { AnchorProof } from '../verification/bundle.js';
import { requestContext } from '../web/idempotency.js';
import { eventBytes } from './entry.js';
import { NO_STREAM, type Append, type Appended, type StoredEvent } from './event-store.js';
import { handle } from './handle.js';
import { openMemoryEventStore } from './memory.js';

const AT = '2026-03-01T12:00:00.000Z';
const ADDRESS = '0x5FbDB2315678afecb367f032d93F642f64180aa3';
const HASH = `0x${'ab'.repeat(32)}`;
const ROOT = 'q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=';
const META = { at: AT, by: 'operator' };
const PERSON = { givenName: 'Namnlös', familyName: 'Testsson', personalNumber: '198507099805' };

/** An event with the bytes that the store has of it. */
export interface Written {
  readonly event: StoredEvent;
  readonly bytes: Uint8Array;
}

/**
 * @param folder an existing empty folder
 * @returns all events in the order in which they were written, also those that were deleted afterwards
 */
export async function writeEveryEvent(folder: string): Promise<readonly Written[]> {
  const store = openMemoryEventStore(EVENT_TYPES);
  const written: Written[] = [];
  const noted = <Result extends Appended | readonly Appended[]>(result: Result): Result => {
    const all = (Array.isArray(result) ? result : [result]) as readonly Appended[];
    for (const event of all.flatMap(({ events }) => events)) {
      written.push({ event, bytes: event.entry ?? eventBytes(event) });
    }
    return result;
  };
  const [append, appendMany] = [store.append.bind(store), store.appendMany.bind(store)];
  store.append = async (one: Append) => noted(await append(one));
  store.appendMany = async (many: readonly Append[]) => noted(await appendMany(many));

  const small = await SmallLedger.open(store, folder);
  try {
    await writeAll(small);
  } finally {
    await small.stop();
    await store.close();
  }
  return written;
}

async function writeAll(small: SmallLedger): Promise<void> {
  const { store, secrets, ledger } = small;
  const one = async (stream: string, type: string, data: JsonObject): Promise<void> => {
    const expectedRevision = (await store.readStream(stream)).at(-1)?.revision ?? NO_STREAM;
    const events = [{ id: crypto.randomUUID(), type, v: 1, at: AT, by: 'process:test', data }];
    await store.append({ stream, expectedRevision, events });
  };

  await store.append(makeLedgerKeys(secrets, AT).append);
  const onLedger = (command: LedgerCommand): Promise<unknown> =>
    handle(store, ledgerDecider, { stream: LEDGER_STREAM, command, context: undefined, meta: META });
  const origin = 'ledger.example/log';
  await onLedger({ type: 'FoundLedger', origin, vkey: `${origin}+00000000+AAAA` });
  const chain = { name: 'embedded', chainId: 31337, contract: ADDRESS, anchorer: ADDRESS, firstBlock: 1 };
  await onLedger({ type: 'AddChain', ...chain });
  const signers = [7, 8].map((fill) => keySigner(new Uint8Array(32).fill(fill)));
  const [former, next] = signers as [AnchorSigner, AnchorSigner];
  const other = { ...chain, name: 'sepolia', chainId: 11_155_111, anchorer: former.address };
  await onLedger({ type: 'AddChain', ...other });
  const rotation = { chainId: other.chainId, previous: former.address, anchorer: next.address };
  const statement = { origin, contract: other.contract, ...rotation };
  const previousSignature = await signRotation(former, statement);
  const signature = await signRotation(next, statement);
  await onLedger({ type: 'RotateAnchorer', ...rotation, previousSignature, signature });
  await onLedger({ type: 'CloseChain', chainId: other.chainId, anchors: 3, coveredBy: { chainId: 31337, batch: 4 } });

  const organisation = await small.organisation();
  const definition = await small.definition(organisation);
  await small.onDefinition(definition, { type: 'ReviseDraft', content: { title: { sv: 'Utkast' } } });
  const to = '2027-03-01T12:00:00.000Z';
  const granted = { organisation: crypto.randomUUID(), from: AT, to, requirementsChecked: true, at: AT };
  const mandate = crypto.randomUUID();
  await small.onDefinition(definition, { type: 'GrantMandate', mandate, ...granted });
  await small.onDefinition(definition, { type: 'WithdrawMandate', mandate, reason: 'Slut', effect: 'futureOnly' });

  const issued = await issueCredential(ledger, issuanceOf(definition, organisation, PERSON), small.oneOff());
  const { holder } = await heldCredential(ledger, issued.id);
  const onCredential = (command: CredentialCommand): Promise<unknown> =>
    handle(store, credentialDecider, { stream: credentialStream(issued.id), command, context: undefined, meta: META });
  await onCredential({ type: 'SuspendCredential', reasonCode: 'underReview' });
  await onCredential({ type: 'ReinstateCredential' });
  await onCredential({ type: 'RevokeCredential', reasonCode: 'issuedInError' });
  await onCredential({ type: 'VoidCredential', reasonCode: 'staleRead' });
  await small.settle();
  await small.statusPublisher.publish();
  await small.sealer.recordStanding();
  await small.log.reached((await store.head()).logSize);
  await small.signer.covering((await store.head()).logSize);

  const onBatch = (command: BatchCommand): Promise<unknown> =>
    handle(store, batchDecider, { stream: batchStream(1), command, context: undefined, meta: META });
  const { chainId } = chain;
  const transaction = { chainId, contract: ADDRESS, anchorer: ADDRESS, nonce: 0, signedTransaction: '0x02' };
  const block = { chainId, txHash: HASH, blockNumber: 7, blockHash: HASH };
  const mined = { ...block, blockTime: 1_772_366_400, transactionIndex: 0, logIndex: 0, gasUsed: '22000' };
  const failing = HASH.replaceAll('ab', 'cd');
  await onBatch({ type: 'SealBatch', number: 1, fromIndex: 0, toIndex: 9, size: 10, root: ROOT });
  await onBatch({ type: 'SubmitAnchor', ...transaction, txHash: failing });
  await onBatch({ type: 'FailAnchor', chainId, txHash: failing, code: 'nonceUsed' });
  await onBatch({ type: 'SubmitAnchor', ...transaction, nonce: 1, txHash: HASH });
  const higher = HASH.replaceAll('ab', 'ef');
  await onBatch({ type: 'ReplaceAnchor', ...transaction, nonce: 1, txHash: higher, replaces: HASH });
  await onBatch({ type: 'RequestAnchor', chainId: 11_155_111 });
  await onBatch({ type: 'ConfirmAnchor', ...mined });
  await onBatch({ type: 'FinaliseAnchor', ...block });
  await onBatch({ type: 'ReorganiseAnchor', ...block });
  const { gasUsed: _, blockTime: __, ...included } = mined;
  const proof: AnchorProof = {
    ...included,
    contract: ADDRESS,
    anchorer: ADDRESS,
    header: '0xc0',
    receiptProof: ['0xc0'],
    transactionProof: ['0xc0'],
  };
  await one('vault-anchor-1', 'AnchorProofKept', { proof: { ...proof } });

  await small.onDefinition(definition, { type: 'RetireVersion', version: 1 });
  const profile = { name: 'Påhittad Utbildning', organisationNumber: '2021002114', country: 'SE' };
  const details = { region: 'Skåne', website: 'https://exempel.se', roles: ['issuer'] as const };
  await small.onOrganisation(organisation, { type: 'ChangeOrganisationDetails', ...profile, ...details });
  const [first, second] = [await keyOf(small, organisation), await small.issuingKeys.make(AT)];
  await small.onOrganisation(organisation, { type: 'RotateIssuingKey', ...second, replaces: first });
  const logSize = (await store.head()).logSize;
  const revoked = { kid: second.kid, reason: 'compromised', fromIndex: 3, logSize } as const;
  await small.onOrganisation(organisation, { type: 'RevokeIssuingKey', ...revoked });
  await small.onOrganisation(organisation, { type: 'CloseOrganisation' });
  await small.vault.ensureKey(organisationVault(organisation), AT);

  const request = { headers: { 'idempotency-key': 'k' }, caller: { by: 'operator' } };
  await requestContext(ledger, request as unknown as Parameters<typeof requestContext>[1], 'credential.issue', {});
  await eraseHolder(ledger, holder);
  await one('vault-issuingkey-z6Mk', 'RemoteSignerKept', { wrapped: 'AAAA' });
  await one('vault-seed', 'SeedStarted', {});
  await one('vault-seed', 'SeedFinished', {});
  await one('vault-worker', 'SealRequested', {});
  await onLedger({
    type: 'AcceptLoss',
    previous: { origin, vkey: `${origin}+00000000+AAAA`, size: 12, root: ROOT },
    entriesLost: 2,
    lostUpTo: [{ chainId, blockNumber: 9 }],
    origin: `${origin}/2`,
    vkey: `${origin}/2+00000000+AAAA`,
  });
}

async function keyOf({ store }: SmallLedger, organisation: string): Promise<string> {
  const events = await store.readStream(`organisation-${organisation}`);
  return events.find(({ type }) => type === 'IssuingKeyAdded')?.data['kid'] as string;
}
