/** The audit with the operator's keys: nothing on a sound ledger, and each check red by its own tampering. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { credentialDecider, type CredentialCommand } from '../credentials/credential.js';
import { credentialStream, type CredentialIssued } from '../credentials/credential.events.js';
import { heldCredential, type HeldCredential } from '../credentials/held-credential.js';
import { issueCredential, type SealedCredential } from '../credentials/issue.js';
import { recordAssessment } from '../credentials/record-assessment.js';
import { assessmentSchema } from '../credentials/credentials.schema.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { toHex } from '../encoding/hex.js';
import type { JsonObject } from '../encoding/json.js';
import { InvariantError } from '../errors.js';
import type { SealedFacts } from '../event-store/decider.js';
import { parseEntry } from '../event-store/entry.js';
import type { EventStore, StoredEvent } from '../event-store/event-store.js';
import { handle } from '../event-store/handle.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { PassingStore } from '../event-store/passing-store.js';
import { EVENT_TYPES } from '../event-types.js';
import { eraseHolder } from '../holders/erasure.js';
import { EpochKeys } from '../holders/epoch-keys.js';
import { encodeContainer } from '../holders/sealing.js';
import { holderVault, Vault } from '../holders/vault.js';
import { sha256 } from '../log/hash.js';
import { verificationMethodOf, organisationDid } from '../organisations/did.js';
import { issuanceOf, PUBLIC_URL, SmallLedger } from '../small-ledger.fixture.js';
import { credentialDigest, signEddsaJcs } from '../verification/data-integrity.js';
import { auditSealed, type SealedAudit } from './sealed-audit.js';

let folder: string;
let store: EventStore;
let small: SmallLedger;
let organisation: string;
let other: string;
let definition: string;
let credentials: string[];
let size: number;
/** The one whose holder was erased. */
let erasedHolder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-sealed-'));
  store = openMemoryEventStore(EVENT_TYPES);
  small = await SmallLedger.open(store, folder);
  organisation = await small.organisation();
  other = await small.organisation();
  definition = await small.definition(organisation);
  await small.onDefinition(definition, { type: 'ReviseDraft', content: { title: { sv: 'Utkast' } } });
  credentials = [];
  for (let i = 0; i < 4; i += 1) credentials.push((await issued()).id);
  await recorded([1, 2], false);
  const revoked = await heldCredential(small.ledger, credentials[1]!);
  await onCredential(credentials[1]!, {
    ...{ type: 'RevokeCredential', reasonCode: 'issuedInError' },
    sealed: [{ under: revoked.under, facts: { note: 'Fel person.' } }],
  });
  const erased = await heldCredential(small.ledger, credentials[3]!);
  erasedHolder = erased.holder;
  await onCredential(credentials[3]!, {
    ...{ type: 'SuspendCredential', reasonCode: 'underReview' },
    sealed: [{ under: erased.under, facts: { note: 'Väntar.' } }],
  });
  for (const id of [credentials[2]!, credentials[0]!]) {
    await small.settle();
    await small.statusPublisher.publish();
    await onCredential(id, { type: 'SuspendCredential', reasonCode: 'underReview' });
  }
  await small.settle();
  await small.statusPublisher.publish();
  await eraseHolder(small.ledger, erasedHolder);
  await small.settle();
  size = (await store.head()).logSize;
}, 60_000);

afterAll(async () => {
  await small.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

function issued(): ReturnType<typeof issueCredential> {
  return issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
}

async function recorded(numbers: readonly number[], met: boolean): Promise<void> {
  const { validFrom: _, validUntil: __, ...issuance } = issuanceOf(definition, organisation);
  const { assessment } = issuance;
  const outcomes = numbers.map((number) => ({ number, met }));
  const input = assessmentSchema.parse({ ...issuance, assessment: { ...assessment, outcomes } });
  await recordAssessment(small.ledger, input, small.oneOff());
}

async function onCredential(id: string, command: CredentialCommand): Promise<void> {
  await handle(store, credentialDecider, {
    stream: credentialStream(id),
    command,
    context: undefined,
    meta: { at: small.now().toISOString(), by: 'operator' },
    seal: (facts, place) => small.vault.seal(facts, place),
  });
}

/** A store whose every event goes through a change first. */
class TamperedStore extends PassingStore {
  constructor(
    inner: EventStore,
    private readonly change: (event: StoredEvent) => StoredEvent | undefined,
  ) {
    super(inner);
  }

  override async readStream(...given: Parameters<EventStore['readStream']>): Promise<readonly StoredEvent[]> {
    return (await super.readStream(...given)).flatMap((event) => this.change(event) ?? []);
  }

  override async readLog(...given: Parameters<EventStore['readLog']>): Promise<readonly StoredEvent[]> {
    return (await super.readLog(...given)).flatMap((event) => this.change(event) ?? []);
  }
}

async function audited(
  change: (event: StoredEvent) => StoredEvent | undefined = (event) => event,
  { vault = small.vault, erased = new Set([erasedHolder]), upTo = size } = {},
): Promise<SealedAudit> {
  return auditSealed(new TamperedStore(store, change), vault, erased, { size: upTo });
}

function codes({ findings }: SealedAudit): readonly string[] {
  return findings.map(({ severity, rule, code, index }) => `${severity} ${rule} ${code} ${index}`);
}

async function firstOf(type: string, n = 0): Promise<StoredEvent> {
  const found = (await store.readLog({ from: 0, limit: size })).filter((event) => event.type === type)[n];
  if (!found) throw new InvariantError(`no ${type}`);
  return found;
}

/** Replaces one event by another in its place. */
function instead(old: StoredEvent, made: StoredEvent): (event: StoredEvent) => StoredEvent {
  return (event) => (event.id === old.id ? made : event);
}

/** As the ledger would have written it: with another public part, or with something else sealed. */
async function rewritten(
  event: StoredEvent,
  { data = event.data, parts }: { data?: JsonObject; parts?: readonly SealedFacts[] },
  place = { stream: event.stream, revision: event.revision },
): Promise<StoredEvent> {
  const sealed = parts ? await small.vault.seal(parts, place) : event.sealed;
  return withSealed({ ...event, data }, sealed);
}

function withSealed({ sealed: _, ...event }: StoredEvent, sealed: Uint8Array | undefined): StoredEvent {
  const { sealed: __, ...entry } = parseEntry(event.entry!);
  const named = sealed && { sealed: toHex(sha256(sealed)) };
  return { ...event, ...(sealed && { sealed }), entry: canonicalBytes({ ...entry, data: event.data, ...named }) };
}

/** Another document for an issuance, signed anew, with entry and seal to match. */
async function reissued(
  n: number,
  change: (document: JsonObject) => JsonObject,
  { key, facts = {} }: { key?: { kid: string; did: string }; facts?: Partial<SealedCredential> } = {},
): Promise<(event: StoredEvent) => StoredEvent> {
  const held = await heldCredential(small.ledger, credentials[n]!);
  const data = held.issued.data as unknown as CredentialIssued['data'];
  const { proof: _, ...unsigned } = held.document;
  const { kid, did } = key ?? { kid: data.key, did: organisationDid(PUBLIC_URL, organisation) };
  const document = await signEddsaJcs(
    change(unsigned),
    { verificationMethod: verificationMethodOf(did, kid), created: held.issued.at, nonce: 'n'.repeat(32) },
    (message, proof) => small.issuingKeys.sign(kid, message, { kind: 'credential', document: unsigned, proof }),
  );
  return resealed(held, { ...sealedOf(held), document, ...facts }, { digest: credentialDigest(document) });
}

function sealedOf({ document, holder, assessment, linkKey }: HeldCredential): SealedCredential {
  return { document, holder, assessment, linkKey };
}

async function resealed(
  held: HeldCredential,
  facts: SealedCredential | JsonObject,
  data: JsonObject = {},
): Promise<(event: StoredEvent) => StoredEvent> {
  const parts = [{ under: held.under, facts: { ...facts } }];
  return instead(held.issued, await rewritten(held.issued, { data: { ...held.issued.data, ...data }, parts }));
}

const subjectWith =
  (members: (subject: JsonObject) => JsonObject) =>
  (document: JsonObject): JsonObject => {
    const subject = document['credentialSubject'] as JsonObject;
    return { ...document, credentialSubject: { ...subject, ...members(subject) } };
  };

const assessmentWith = (members: JsonObject): ((document: JsonObject) => JsonObject) =>
  subjectWith(({ assessment }) => ({ assessment: { ...(assessment as JsonObject), ...members } }));

describe('an audit with the operator’s keys', () => {
  it('S22, S23: opens everything of a sound ledger, finds nothing, and counts what was erased', async () => {
    const done = await audited();
    expect(codes(done)).toEqual([]);
    expect(done).toMatchObject({
      ...{ documents: 3, assessments: 4, drafts: 1, notes: 1 },
      erased: { credentials: 1, assessments: 1, notes: 1, assessors: 0 },
    });
    const published = (await store.readLog({ from: 0, limit: size })).filter(
      ({ type }) => type === 'StatusListPublished',
    );
    expect([done.statusLists, done.statusLists > 2]).toEqual([published.length, true]);
  });

  it('reads no further than the head', async () => {
    const first = await firstOf('CredentialIssued');
    expect(await audited(undefined, { upTo: first.index! })).toMatchObject({ documents: 0, assessments: 1 });
    const seen: number[] = [];
    await auditSealed(store, small.vault, new Set(), { size, onProgress: (done) => seen.push(done) });
    expect(seen.at(-1)).toBe(size);
  });

  describe('of ciphertexts', () => {
    it('S22: swapped, changed, removed, added', async () => {
      const [first, second] = [await firstOf('CredentialIssued'), await firstOf('CredentialIssued', 1)];
      const put = (sealed: Uint8Array): ((event: StoredEvent) => StoredEvent) => instead(first, { ...first, sealed });
      expect(codes(await audited(put(second.sealed!)))).toEqual([`error S22 sealedDiffers ${first.index}`]);
      const flipped = first.sealed!.slice();
      flipped[flipped.length - 9]! ^= 1;
      expect(codes(await audited(put(flipped)))).toEqual([`error S22 sealedDiffers ${first.index}`]);
      const { sealed: _, ...bare } = first;
      expect(codes(await audited(instead(first, bare)))).toEqual([`error S22 sealedMissing ${first.index}`]);
      const plain = await firstOf('OrganisationRegistered');
      const added = instead(plain, { ...plain, sealed: first.sealed! });
      expect(codes(await audited(added))).toEqual([`error S22 sealedUnnamed ${plain.index}`]);
    });

    it('S22: of another place, of another key, of no container, with nothing sealed at all', async () => {
      const [first, second] = [await firstOf('CredentialIssued'), await firstOf('CredentialIssued', 1)];
      const moved = withSealed(first, second.sealed);
      expect(codes(await audited(instead(first, moved)))).toEqual([`error S22 partUnopened ${first.index}`]);
      // The right place, and under the key of another than it says.
      const held = await heldCredential(small.ledger, credentials[1]!);
      const made = JSON.parse(
        Buffer.from(await small.vault.seal([{ under: held.under, facts: {} }], first)).toString(),
      );
      const [part] = made.parts;
      const lying = canonicalBytes({ ...made, parts: [{ ...part, under: (await heldBy(0)).under }] });
      expect(codes(await audited(instead(first, withSealed(first, lying))))).toEqual([
        `error S22 partUnopened ${first.index}`,
      ]);
      const none = withSealed(first, Buffer.from('{"v":2}'));
      expect(codes(await audited(instead(first, none)))).toEqual([`error S22 containerMalformed ${first.index}`]);
      const empty = withSealed(first, encodeContainer([]));
      expect(codes(await audited(instead(first, empty)))).toEqual([`error S22 containerMalformed ${first.index}`]);
      for (const type of ['CredentialIssued', 'AssessmentRecorded', 'DraftRevised']) {
        const event = await firstOf(type);
        const found = codes(await audited(instead(event, withSealed(event, undefined))));
        expect([type, found[0]]).toEqual([type, `error S22 notSealed ${event.index}`]);
      }
    });

    it('S22: under another’s key, under an organisation’s, under a key that is none', async () => {
      const held = await heldBy(0);
      const put = async (under: string): Promise<readonly string[]> => {
        const parts = [{ under, facts: { ...sealedOf(held) } }];
        return codes(await audited(instead(held.issued, await rewritten(held.issued, { parts }))));
      };
      const { index } = held.issued;
      expect(await put((await heldBy(1)).under)).toEqual([`error S22 wrongKey ${index}`]);
      expect(await put(`vault-organisation-${organisation}`)).toEqual([`error S22 wrongKey ${index}`]);
      const foreign = JSON.parse(Buffer.from(held.issued.sealed!).toString());
      foreign.parts[0].under = 'vault-elsewhere';
      const unknown = withSealed(held.issued, canonicalBytes(foreign));
      expect(codes(await audited(instead(held.issued, unknown)))).toEqual([`error S22 keyUnknown ${index}`]);
    });

    it('S22: a draft under another organisation’s key, and an organisation’s key that is gone', async () => {
      const draft = await firstOf('DraftRevised');
      const parts = [{ under: `vault-organisation-${other}`, facts: { content: {} } }];
      const moved = instead(draft, await rewritten(draft, { parts }));
      expect(codes(await audited(moved))).toEqual([`error S22 wrongKey ${draft.index}`]);
      const without = (event: StoredEvent): StoredEvent | undefined =>
        event.stream === `vault-organisation-${organisation}` ? undefined : event;
      const vault = freshVault(without);
      expect(codes(await audited(without, { vault }))).toEqual([`error S22 keyUnknown ${draft.index}`]);
    });

    it('S22: a note under another holder’s key than its credential', async () => {
      const note = await firstOf('CredentialRevoked');
      const parts = [{ under: (await heldBy(0)).under, facts: { note: 'x' } }];
      const moved = instead(note, await rewritten(note, { parts }));
      expect(codes(await audited(moved))).toEqual([`error S22 wrongKey ${note.index}`]);
      const shapeless = [{ under: (await heldBy(1)).under, facts: { note: 1 } }];
      const changed = instead(note, await rewritten(note, { parts: shapeless }));
      expect(codes(await audited(changed))).toEqual([`error S22 factsMalformed ${note.index}`]);
    });

    it('S22: what is sealed is of its shape, and the report does not repeat it', async () => {
      const held = await heldBy(0);
      const done = await audited(await resealed(held, { ...sealedOf(held), linkKey: 'hemligt' }));
      expect(codes(done)).toEqual([`error S22 factsMalformed ${held.issued.index}`]);
      expect(done.findings[0]!.detail).not.toContain('hemligt');
    });
  });

  describe('of keys that are gone', () => {
    const withoutHolder =
      (holder: string) =>
      (event: StoredEvent): StoredEvent | undefined =>
        event.stream === holderVault(holder) ? undefined : event;

    it('S23: says so where nobody was erased', async () => {
      const { holder, issued: event } = await heldBy(0);
      const change = withoutHolder(holder);
      const done = await audited(change, { vault: freshVault(change) });
      expect(codes(done)).toContain(`warning S23 keyMissing ${event.index}`);
      expect(done.counts).toMatchObject({ error: 0, warning: 2 });
      expect(done.erased).toMatchObject({ credentials: 2, assessments: 2 });
      const listed = { vault: freshVault(change), erased: new Set([holder, erasedHolder]) };
      expect(codes(await audited(change, listed))).toEqual([]);
    });

    it('S23: says that a copy is older than its keys where an epoch has ended', async () => {
      const { holder, issued: event } = await heldBy(0);
      const change = (one: StoredEvent): StoredEvent =>
        one.stream === holderVault(holder) && one.type === 'KeyWrapped'
          ? { ...one, data: { ...one.data, epoch: 0, wrapped: 'AAAA' } }
          : one;
      // First one that does not open at all.
      const wrong = codes(await audited(change, { vault: freshVault(change) }));
      expect(wrong).toContain(`error S22 keyUnreadable ${event.index}`);
      const epochs = EpochKeys.open(mkdtempSync(join(folder, 'epochs-')), small.secrets, true);
      epochs.begin('2026-03-01T12:00:00.000Z');
      epochs.destroyBefore(2);
      const done = await audited(undefined, { vault: new Vault(store, small.secrets, epochs) });
      expect(done.counts.error).toBe(0);
      expect(codes(done)).toContain(`warning S23 epochEnded ${event.index}`);
      expect(done).toMatchObject({ documents: 0, erased: { credentials: 4, assessors: 5 } });
    });

    it.each([
      ['no object', null],
      ['nothing', {}],
      ['no text', { epoch: 1, wrapped: 5 }],
      ['no epoch', { epoch: '1', wrapped: 'AAAA' }],
      ['no base64url', { epoch: 1, wrapped: '*' }],
      ['too few bytes', { epoch: 0, wrapped: 'AAAA' }],
    ])('S22: says that a wrapped key cannot be read: %s', async (_, data) => {
      const { holder, issued: event } = await heldBy(0);
      const change = (one: StoredEvent): StoredEvent =>
        one.stream === holderVault(holder) && one.type === 'KeyWrapped'
          ? { ...one, data: data as unknown as JsonObject }
          : one;
      expect(codes(await audited(change, { vault: freshVault(change) }))).toContain(
        `error S22 keyUnreadable ${event.index}`,
      );
    });

    it('S23: says that an erasure is due where the key of somebody who is listed opens', async () => {
      const { holder } = await heldBy(0);
      const done = await audited(undefined, { erased: new Set([erasedHolder, holder]) });
      expect(done.findings.map(({ severity, code }) => `${severity} ${code}`)).toEqual(['warning erasureDue']);
    });
  });

  describe('of documents', () => {
    it('S27: against the digest in the log', async () => {
      const held = await heldBy(0);
      const done = await audited(await resealed(held, sealedOf(held), { digest: '0'.repeat(64) }));
      expect(codes(done)).toEqual([`error S27 digestMismatch ${held.issued.index}`]);
      const { proof: _, ...unsigned } = held.document;
      const bare = await audited(await resealed(held, { ...sealedOf(held), document: unsigned }));
      expect(codes(bare)).toEqual([`error S27 proofMissing ${held.issued.index}`]);
    });

    it('S6: against what the entry says of it', async () => {
      const { issued: event } = await heldBy(0);
      const id = await reissued(0, (document) => ({ ...document, id: `urn:uuid:${crypto.randomUUID()}` }));
      expect(codes(await audited(id))).toEqual([`error S6 idMismatch ${event.index}`]);
      const until = await reissued(0, (document) => ({ ...document, validUntil: '2099-01-01T00:00:00Z' }));
      expect(codes(await audited(until))).toEqual([`error S6 validUntilMismatch ${event.index}`]);
      const status = await reissued(0, (document) => ({ ...document, credentialStatus: [] }));
      expect(codes(await audited(status))).toEqual([`error S6 statusMismatch ${event.index}`]);
      const did = organisationDid(PUBLIC_URL, other);
      const issuer = await reissued(0, (document) => ({ ...document, issuer: did }));
      expect(codes(await audited(issuer))).toEqual([`error S6 issuerMismatch ${event.index}`]);
      const notOne = await reissued(0, (document) => ({ ...document, type: 'Letter' }));
      expect(codes(await audited(notOne))).toEqual([`error S6 notACredential ${event.index}`]);
    });

    it('S8, S26: against the key that the entry names', async () => {
      const { issued: event, document } = await heldBy(0);
      const keyOf = async (id: string): Promise<string> =>
        (await store.readStream(`organisation-${id}`)).find(({ type }) => type === 'IssuingKeyAdded')!.data[
          'kid'
        ] as string;
      const key = { kid: await keyOf(other), did: organisationDid(PUBLIC_URL, other) };
      const byOther = await reissued(0, (one) => one, { key });
      expect(codes(await audited(byOther))).toEqual([
        `error S8 verificationMethod ${event.index}`,
        `error S26 signature ${event.index}`,
      ]);
      const [proof] = document['proof'] as JsonObject[];
      const lying = { ...document, proof: [{ ...proof, created: '2020-01-01T00:00:00Z' }] };
      const held = await heldBy(0);
      const facts = { ...sealedOf(held), document: lying };
      const done = await audited(await resealed(held, facts, { digest: credentialDigest(lying) }));
      expect(codes(done)).toEqual([`error S26 signature ${event.index}`]);
    });

    it('S6: against what the cited version says', async () => {
      const { issued: event } = await heldBy(0);
      const changed = await reissued(
        0,
        subjectWith(({ achievement }) => ({ achievement: { ...(achievement as JsonObject), name: 'Annat' } })),
      );
      expect(codes(await audited(changed))).toEqual([`error S6 achievementMismatch ${event.index}`]);
    });

    it('S17: decided again with the holder’s name', async () => {
      const { issued: event } = await heldBy(0);
      const named = await reissued(
        0,
        subjectWith(() => ({ identifier: [{ type: 'IdentityObject', identityHash: 'Namnlös ' }] })),
      );
      expect(codes(await audited(named))).toEqual([`error S17 dataElementsMissing ${event.index}`]);
    });

    it('S17: every outcome against its assessment, and the rest of what it says of it', async () => {
      const { issued: event } = await heldBy(0);
      const METHOD = 'workplaceObservationOfSetTasks';
      const outcomes = [1, 2].map((number) => ({ number, met: true, method: number === 2 ? 'writtenTest' : METHOD }));
      const other2 = await audited(await reissued(0, assessmentWith({ outcomes })));
      expect(codes(other2)).toEqual([`error S17 outcomeDiffers ${event.index}`]);
      expect(other2.findings[0]!.detail).toMatch(/assessment has them: 2$/);
      for (const members of [
        { assessedOn: '2026-02-27' },
        { method: 'writtenTest' },
        { route: 'course' },
        { supervision: 'unsupervisedWithIdCheck' },
        { grade: 'A' },
        { hours: 8 },
        { formOfParticipation: 'online' },
      ]) {
        const done = await audited(await reissued(0, assessmentWith(members)));
        expect([members, codes(done)]).toEqual([members, [`error S17 assessmentDiffers ${event.index}`]]);
      }
      const graded = await audited(
        await reissued(
          0,
          subjectWith(() => ({ result: [{ value: 'A' }] })),
        ),
      );
      expect(codes(graded)).toEqual([`error S17 assessmentDiffers ${event.index}`]);
    });

    it('S17: an assessment that is not there, is another holder’s, or comes later', async () => {
      const { issued: event } = await heldBy(0);
      const named = async (assessment: string): Promise<readonly string[]> =>
        codes(await audited(await reissued(0, (document) => document, { facts: { assessment } })));
      expect(await named(crypto.randomUUID())).toEqual([`error S17 assessmentMissing ${event.index}`]);
      const nth = async (n: number): Promise<string> =>
        (await firstOf('AssessmentRecorded', n)).stream.slice('assessment-'.length);
      expect(await named(await nth(4))).toEqual([`error S17 assessmentLater ${event.index}`]);
      // That of the one who was erased.
      expect(await named(await nth(3))).toEqual([`error S17 assessmentOther ${event.index}`]);
      const first = await firstOf('AssessmentRecorded');
      const last = await heldBy(2);
      const change = await reissued(2, (document) => document, {
        facts: { assessment: first.stream.slice('assessment-'.length) },
      });
      expect(codes(await audited(change))).toEqual([`error S17 assessmentOther ${last.issued.index}`]);
    });
  });

  describe('of assessments', () => {
    /** The first credential's assessment, sealed anew with other facts. */
    async function reassessed(members: JsonObject, data?: JsonObject): Promise<(event: StoredEvent) => StoredEvent> {
      const event = await firstOf('AssessmentRecorded');
      const [holder, assessor] = await small.vault.open(event);
      const parts = [{ under: holder!.under, facts: { ...holder!.facts, ...members } }, assessor!];
      return instead(event, await rewritten(event, { parts, ...(data && { data }) }));
    }

    it('S17: an outcome that was not met was not issued on', async () => {
      const { issued: event } = await heldBy(0);
      const outcomes = [
        { number: 1, met: true },
        { number: 2, met: false },
      ];
      const done = await audited(await reassessed({ outcomes }));
      expect(codes(done)).toEqual([
        `error S17 outcomeDiffers ${event.index}`,
        `error S17 outcomeNotMet ${event.index}`,
      ]);
    });

    it('S17: of a version that was published, its outcomes alone, each once', async () => {
      const { index } = await firstOf('AssessmentRecorded');
      const found = async (members: JsonObject): Promise<readonly string[]> =>
        codes(await audited(await reassessed(members))).filter((code) => code.endsWith(` ${index}`));
      const outcome = { number: 1, met: true };
      expect(await found({ version: 2 })).toEqual([`error S17 versionNotPublished ${index}`]);
      expect(await found({ outcomes: [{ ...outcome, number: 3 }] })).toEqual([`error S17 outcomeOutOfRange ${index}`]);
      expect(await found({ outcomes: [outcome, outcome] })).toEqual([`error S17 outcomeRepeated ${index}`]);
      expect(await found({ outcomes: 'all' })).toEqual([`error S22 factsMalformed ${index}`]);
      expect(await found({ holder: crypto.randomUUID() })).toEqual([`error S22 wrongKey ${index}`]);
    });

    it('S17: by the organisation that issues', async () => {
      const { issued: event } = await heldBy(0);
      const done = await audited(await reassessed({}, { organisation: other }));
      expect(codes(done)).toEqual([`error S17 assessmentOther ${event.index}`]);
    });

    it('S22: one part under the holder’s key, one under the assessor’s', async () => {
      const event = await firstOf('AssessmentRecorded', 4);
      const [holder, assessor] = await small.vault.open(event);
      const alone = instead(event, await rewritten(event, { parts: [assessor!] }));
      expect(codes(await audited(alone))).toEqual([`error S22 wrongKey ${event.index}`]);
      const nameless = { under: assessor!.under, facts: { assessor: {} } };
      const changed = instead(event, await rewritten(event, { parts: [holder!, nameless] }));
      expect(codes(await audited(changed))).toEqual([`error S22 factsMalformed ${event.index}`]);
    });
  });

  it('S1: every published status list is kept, the newest and those before', async () => {
    const published = (await store.readLog({ from: 0, limit: size })).filter(
      ({ type }) => type === 'StatusListPublished',
    );
    const newest = published.at(-1)!;
    const list = newest.stream.slice('statuslist-'.length);
    const isKept = ({ stream, data }: StoredEvent, sequence: unknown): boolean =>
      stream === `vault-statuslist-${list}` && data['sequence'] === sequence;
    for (const sequence of [newest.data['sequence'], 1]) {
      const { index } = published.find(
        ({ stream, data }) => stream === newest.stream && data['sequence'] === sequence,
      )!;
      const dropped = await audited((event) => (isKept(event, sequence) ? undefined : event));
      expect(codes(dropped)).toEqual([`error S1 statusListMissing ${index}`]);
      const changed = await audited((event) =>
        isKept(event, sequence) ? { ...event, data: { ...event.data, document: {} } } : event,
      );
      expect(codes(changed)).toEqual([`error S1 statusListDiffers ${index}`]);
    }
  });

  it('goes on past an entry that cannot be read, which the audit of what is public reports', async () => {
    const broken = await firstOf('CredentialIssued');
    const unreadable = instead(broken, { ...broken, entry: Buffer.from('{') });
    expect(await audited(unreadable)).toMatchObject({ documents: 2, findings: [] });
    const refusing = new TamperedStore(store, (event) => {
      if (event.id === broken.id) JSON.parse('{');
      return event;
    });
    const done = await auditSealed(refusing, small.vault, new Set([erasedHolder]), { size });
    expect(done).toMatchObject({ documents: 2, findings: [] });
  });
});

function heldBy(n: number): Promise<HeldCredential> {
  return heldCredential(small.ledger, credentials[n]!);
}

/** A vault that has read no key yet, over a changed store. */
function freshVault(change: (event: StoredEvent) => StoredEvent | undefined): Vault {
  return new Vault(new TamperedStore(store, change), small.secrets, EpochKeys.open(folder, small.secrets, false));
}
