/** Each rule of the audit, broken once in a log that is whole otherwise: named with the index of the event that breaks it. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { signer as ed25519 } from '../crypto/ed25519.js';
import { utf8 } from '../encoding/bytes.js';
import { canonicalize } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { EventTypes } from '../event-store/upcasting.js';
import { EVENT_TYPES } from '../event-types.js';
import { ORGANISATION_EVENTS } from '../organisations/organisation.events.js';
import { formatVerifierKey } from '../log/note.js';
import { auditLog } from './audit.js';
import { livedLedger, ORIGIN, parsed, ServedLog, VKEY, withRoots, type LivedLedger } from './audited-ledger.fixture.js';
import { CATALOGUE } from './catalogue.js';
import { EVENT_SHAPES } from './event-shapes.js';
import type { Finding } from './findings.js';
import type { LogAudit } from './log-audit.js';

let lived: LivedLedger;

beforeAll(async () => {
  lived = await livedLedger();
});

function served(): ServedLog {
  return new ServedLog(lived.entries);
}

function audited(log: ServedLog): Promise<LogAudit> {
  return auditLog(log, { vkeys: [{ vkey: VKEY }] });
}

/** The first error: what an audit names. */
async function firstError(log: ServedLog): Promise<Pick<Finding, 'rule' | 'code' | 'index'> | undefined> {
  const errors = (await audited(withRoots(log))).findings.filter(({ severity }) => severity === 'error');
  const error = errors.find(({ index }) => index !== undefined) ?? errors[0];
  return error && { rule: error.rule, code: error.code, ...(error.index !== undefined && { index: error.index }) };
}

/** All findings but their texts. */
async function found(log: ServedLog): Promise<readonly Omit<Finding, 'detail'>[]> {
  return (await audited(withRoots(log))).findings.map(({ detail: _, ...finding }) => finding);
}

function hexOf(fill: string): string {
  return fill.repeat(64 / fill.length);
}

describe('an untouched log', () => {
  it('has nothing to report', async () => {
    const audit = await audited(served());
    expect(audit.findings).toEqual([]);
    expect(audit).toMatchObject({ size: lived.entries.length, entries: lived.entries.length, credentials: 5, from: 0 });
    expect(audit.batches.map(({ state, isOfThisLog }) => [state.number, isOfThisLog])).toEqual([
      [1, true],
      [2, true],
    ]);
    const checks = { outcomesMet: 5, holderNamed: 5, versionPublished: 5, outcomesInRange: 5 };
    expect(audit.notChecked).toEqual({ privateRules: checks, unknownTypes: [] });
    expect(audit.ledger).toMatchObject({ is: 'founded', origin: ORIGIN, vkey: VKEY });
    expect(audit.clock.map(({ from, to }) => [from, to]).flat()).toContain(lived.entries.length - 1);
  });

  it('has nothing to report where the key was rotated, a mandate withdrawn and another version published', async () => {
    const types = new Set(served().entries.map((entry) => parsed(entry).type));
    for (const type of ['IssuingKeyRotated', 'MandateWithdrawn', 'CredentialRevoked', 'StatusListPublished']) {
      expect(types).toContain(type);
    }
  });
});

describe('the head', () => {
  it('S4: an audit without a pinned key says that it takes the log at its word', async () => {
    const { findings } = await auditLog(served());
    expect(findings).toMatchObject([{ severity: 'warning', rule: 'S4', code: 'notPinned' }]);
  });

  it('S2: a checkpoint that the pinned key has not signed', async () => {
    const log = new ServedLog(lived.entries, ORIGIN, ed25519(new Uint8Array(32).fill(9)));
    expect(await firstError(log)).toEqual({ rule: 'S2', code: 'headNotSigned' });
  });

  it('S2: without a pinned key, one that the key of the log itself has not signed', async () => {
    const log = new ServedLog(lived.entries, ORIGIN, ed25519(new Uint8Array(32).fill(9)));
    const { findings } = await auditLog(log);
    expect(findings).toContainEqual(
      expect.objectContaining({ severity: 'error', rule: 'S2', code: 'headNotOfLedger' }),
    );
  });

  it('S19: a pinned key beyond the sizes that it may sign', async () => {
    const { findings } = await auditLog(served(), { vkeys: [{ vkey: VKEY, to: 10 }] });
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'S2', code: 'headNotSigned' }));
  });

  it('S19: a pinned key that the log does not name', async () => {
    const key = ed25519(new Uint8Array(32).fill(9));
    const { findings } = await auditLog(new ServedLog(lived.entries, ORIGIN, key), {
      vkeys: [{ vkey: VKEY }, { vkey: formatVerifierKey(ORIGIN, key.publicKey) }],
    });
    expect(findings).toMatchObject([{ severity: 'error', rule: 'S19', code: 'keyDiffers' }]);
  });

  it('S15: a root that is not that of the entries', async () => {
    const log = served();
    log.checkpointText = await log.checkpoint();
    log.editData(log.indexOf('CredentialRevoked'), () => ({ reasonCode: 'replaced' }));
    const { findings } = await audited(log);
    expect(findings).toContainEqual(expect.objectContaining({ severity: 'error', rule: 'S15', code: 'rootDiffers' }));
  });

  it('S15: a tile that is not that of the entries, with the entry that it is about', async () => {
    const log = served();
    log.tamperTile = (level, _, bytes) => bytes.map((byte, i) => (level === 0 && i === 7 * 32 + 3 ? byte ^ 1 : byte));
    const { findings } = await audited(log);
    expect(findings).toMatchObject([{ severity: 'error', rule: 'S15', code: 'tileDiffers', index: 7 }]);
  });

  it('S15: entries that are not served', async () => {
    const log = served();
    log.bundle = () => Promise.resolve(new Uint8Array([0, 9, 1]));
    const { findings } = await audited(log);
    expect(findings).toMatchObject([{ severity: 'error', rule: 'S15', code: 'notServed', index: 0 }]);
  });
});

describe('an entry', () => {
  const bent: readonly [string, (text: string) => string][] = [
    ['with a space', (text) => text.replace('"by":', '"by": ')],
    ['with its members in another order', (text) => text.replace(/^\{("at":"[^"]*"),(.*)\}$/, '{$2,$1}')],
    ['with a member twice', (text) => text.replace(',"id":', ',"id":"00000000-0000-0000-0000-000000000000","id":')],
    ['with a member that no entry has', (text) => text.replace('"v":1}', '"v":1,"w":1}')],
    ['with a number that is no integer', (text) => text.replace('"revision":1', '"revision":1.5')],
    ['with a number that is too large', (text) => text.replace('"revision":1', '"revision":9007199254740993')],
    ['with a lone surrogate', (text) => text.replace('"issuedInError"', '"\\ud800"')],
    ['that is no JSON', (text) => text.slice(0, -1)],
  ];

  it.each(bent)('S14: %s', async (_, bend) => {
    const log = served();
    const index = log.indexOf('CredentialRevoked');
    log.put(index, utf8(bend(Buffer.from(log.entries[index]!).toString())));
    expect(await firstError(log)).toEqual({ rule: 'S14', code: 'entryMalformed', index });
  });

  it('S14: bytes that are not UTF-8', async () => {
    const log = served();
    const index = log.indexOf('CredentialRevoked');
    const bytes = Uint8Array.from(log.entries[index]!);
    bytes[bytes.indexOf('issuedInError'.charCodeAt(0), 60)] = 0xff;
    expect(await firstError(log.put(index, bytes))).toMatchObject({ rule: 'S14', index });
  });

  it('S14: an issuance, an organisation and the ledger are read as strictly', async () => {
    for (const type of ['CredentialIssued', 'AssessmentRecorded', 'OrganisationRegistered', 'LedgerFounded']) {
      const log = served();
      const index = log.indexOf(type);
      log.put(index, utf8(Buffer.from(log.entries[index]!).toString().replace('"by":', '"by": ')));
      expect(await firstError(log)).toEqual({ rule: 'S14', code: 'entryMalformed', index });
    }
  });

  it('S14: data that is not of its type', async () => {
    const changes: Readonly<Record<string, (data: JsonObject) => JsonObject>> = {
      CredentialIssued: (data) => ({ ...data, name: 'Namnlös' }),
      AssessmentRecorded: () => ({}),
      CredentialRevoked: () => ({ reasonCode: 'because' }),
      VersionPublished: (data) => ({ ...data, content: { ...(data['content'] as JsonObject), tasks: 'none' } }),
      StatusListPublished: (data) => ({ ...data, digest: 'abc' }),
      BatchSealed: (data) => ({ ...data, note: 1 }),
      LedgerFounded: (data) => ({ origin: data['origin'] }),
    };
    for (const [type, change] of Object.entries(changes)) {
      const log = served();
      const index = log.indexOf(type);
      const error = await firstError(log.editData(index, change));
      expect({ type, error }).toEqual({ type, error: { rule: 'S14', code: 'dataMalformed', index } });
    }
  });

  it('S14: a stream without a UUID', async () => {
    const log = served().add({ stream: 'credential-1', type: 'CredentialReinstated', data: {} });
    expect(await firstError(log)).toEqual({ rule: 'S14', code: 'streamMalformed', index: lived.entries.length });
  });

  it('S15: a gap in a stream, or a revision twice', async () => {
    for (const type of ['CredentialRevoked', 'IssuingKeyRotated', 'StandingRecorded', 'BatchSealed']) {
      for (const by of [1, -1]) {
        const log = served();
        const index = log.indexOf(type);
        if (parsed(log.entries[index]!).revision + by < 0) continue;
        log.edit(index, (entry) => ({ ...entry, revision: entry.revision + by }));
        expect(await firstError(log)).toEqual({ rule: 'S15', code: 'revisionGap', index });
      }
    }
  });

  it('S20: a person as the one who acted', async () => {
    for (const type of ['CredentialIssued', 'VersionPublished']) {
      const log = served();
      const index = log.indexOf(type);
      log.edit(index, (entry) => ({ ...entry, by: '19850709-9805' }));
      expect(await firstError(log)).toEqual({ rule: 'S20', code: 'notAnActor', index });
    }
  });

  it('S20: a vault stream in the log', async () => {
    const log = served().add({ stream: 'vault-holder-1', type: 'PersonRecorded', data: {} });
    expect(await firstError(log)).toEqual({ rule: 'S20', code: 'vaultStream', index: lived.entries.length });
  });

  it('S18: a clock that goes back by more than two minutes', async () => {
    const log = served();
    const index = log.indexOf('CredentialSuspended');
    expect(
      await firstError(log.edit(index, (entry) => ({ ...entry, at: '2026-03-01T11:58:00.000Z' }))),
    ).toBeUndefined();
    log.edit(index, (entry) => ({ ...entry, at: '2026-03-01T11:57:59.999Z' }));
    expect(await firstError(log)).toEqual({ rule: 'S18', code: 'clockWentBack', index });
  });

  it('S14: a time that there is not', async () => {
    const log = served();
    const index = log.indexOf('CredentialSuspended');
    log.edit(index, (entry) => ({ ...entry, at: '2026-02-30T12:00:00.000Z' }));
    expect(await firstError(log)).toEqual({ rule: 'S14', code: 'entryMalformed', index });
  });
});

describe('an issuance', () => {
  /** One more, as the last one was, with changes. */
  function issued(log: ServedLog, change: (data: JsonObject) => JsonObject, status = 7): ServedLog {
    const last = parsed(log.entries[log.indexOf('CredentialIssued', 4)]!);
    const lists = last.data['statusLists'] as Record<string, JsonObject>;
    const statusLists = {
      revocation: { ...lists['revocation'], index: status },
      suspension: { ...lists['suspension'], index: status },
    };
    // The definition has moved on since: its mandate was withdrawn.
    const reads = (last.data['reads'] as readonly JsonObject[]).map((read) =>
      (read['stream'] as string).startsWith('definition-')
        ? { ...read, revision: (read['revision'] as number) + 1 }
        : read,
    );
    const stream = `credential-${crypto.randomUUID()}`;
    return log.add({ stream, type: 'CredentialIssued', data: change({ ...last.data, statusLists, reads }) });
  }

  const index = (): number => lived.entries.length;
  const at7 = ({ statusLists }: JsonObject): JsonObject => {
    const { revocation, suspension } = statusLists as Record<string, JsonObject>;
    return { revocation: { ...revocation, index: 7 }, suspension: { ...suspension, index: 7 } };
  };

  it('that keeps every rule is no finding', async () => {
    expect(await found(issued(served(), (data) => data))).toEqual([]);
  });

  it('S7: cites a revision that is not the newest', async () => {
    const log = issued(served(), (data) => ({
      ...data,
      reads: (data['reads'] as readonly JsonObject[]).map((read) => ({ ...read, revision: 0 })),
    }));
    expect(await firstError(log)).toEqual({ rule: 'S7', code: 'staleCitation', index: index() });
    const { stream } = parsed(log.entries[index()]!);
    const voided = log.add({ stream, type: 'CredentialVoided', data: { reasonCode: 'staleRead' } });
    expect(await found(voided)).toEqual([]);
  });

  it('S7: void for a citation that was the newest', async () => {
    const stream = `credential-${lived.credentials[2]!}`;
    const log = served().add({ stream, type: 'CredentialVoided', data: { reasonCode: 'staleRead' } });
    expect(await firstError(log)).toEqual({ rule: 'S7', code: 'voidUnfounded', index: index() });
  });

  it('S7: cites a revision that is not there yet, or another stream', async () => {
    const ahead = issued(served(), (data) => ({
      ...data,
      reads: (data['reads'] as readonly JsonObject[]).map((read) => ({ ...read, revision: 99 })),
    }));
    expect(await firstError(ahead)).toEqual({ rule: 'S17', code: 'decidedOtherwise', index: index() });
    const none = issued(served(), (data) => ({ ...data, reads: [] }));
    expect(await firstError(none)).toEqual({ rule: 'S17', code: 'decidedOtherwise', index: index() });
  });

  it('S17: of a version that is not published, or with a mandate that is withdrawn', async () => {
    const version = issued(served(), (data) => ({ ...data, version: 9 }));
    expect(await firstError(version)).toEqual({ rule: 'S17', code: 'versionNotPublished', index: index() });
    const log = served();
    const other = parsed(log.entries[log.indexOf('CredentialIssued', 3)]!).data;
    const withdrawn = issued(log, (data) => ({
      ...{ ...data, organisation: other['organisation'], key: other['key'], statusLists: at7(other) },
      reads: [(other['reads'] as readonly JsonObject[])[0]!, (data['reads'] as readonly JsonObject[])[1]!],
    }));
    expect(await firstError(withdrawn)).toEqual({ rule: 'S17', code: 'noMandate', index: index() });
  });

  it('S17: with another mandate than it stands on', async () => {
    const log = issued(served(), (data) => ({ ...data, mandate: crypto.randomUUID() }));
    expect(await firstError(log)).toEqual({ rule: 'S17', code: 'decidedOtherwise', index: index() });
  });

  it('S8: with a key that was rotated before', async () => {
    const log = served();
    const { key } = parsed(log.entries[log.indexOf('CredentialIssued')]!).data;
    expect(await firstError(issued(log, (data) => ({ ...data, key })))).toEqual({
      ...{ rule: 'S8', code: 'keyNotActive', index: index() },
    });
  });

  it('S17: twice in one stream', async () => {
    const log = served();
    const first = parsed(log.entries[log.indexOf('CredentialIssued', 4)]!);
    log.add({ stream: first.stream, type: 'CredentialIssued', data: first.data });
    expect(await firstError(log)).toEqual({ rule: 'S17', code: 'credentialExists', index: index() });
  });

  it('S17: a change of status that its state refuses', async () => {
    const changes = [
      [1, 'CredentialRevoked', { reasonCode: 'replaced' }, 'credentialRevoked'],
      [2, 'CredentialReinstated', {}, 'credentialNotSuspended'],
    ] as const;
    for (const [n, type, data, code] of changes) {
      const log = served().add({ stream: `credential-${lived.credentials[n]!}`, type, data });
      expect(await firstError(log)).toEqual({ rule: 'S17', code, index: index() });
    }
    const log = served().add({ stream: `credential-${crypto.randomUUID()}`, type: 'CredentialReinstated', data: {} });
    expect(await firstError(log)).toEqual({ rule: 'S17', code: 'credentialUnknown', index: index() });
  });

  it('S17: an assessment by nobody, or twice', async () => {
    const type = 'AssessmentRecorded';
    const nobody = served().add({
      ...{ stream: `assessment-${crypto.randomUUID()}`, type },
      data: { organisation: crypto.randomUUID() },
    });
    expect(await firstError(nobody)).toEqual({ rule: 'S17', code: 'organisationUnknown', index: index() });
    const log = served();
    const { stream, data } = parsed(log.entries[log.indexOf(type)]!);
    expect(await firstError(log.add({ stream, type, data }))).toEqual({
      ...{ rule: 'S17', code: 'assessmentExists', index: index() },
    });
  });

  it('S25: an index that another credential has', async () => {
    const log = served();
    const lists = parsed(log.entries[log.indexOf('CredentialIssued', 4)]!).data['statusLists'] as Record<
      string,
      JsonObject
    >;
    const taken = lists['revocation']!['index'] as number;
    const errors = await found(issued(log, (data) => data, taken));
    expect(errors[0]).toEqual({ severity: 'error', rule: 'S25', code: 'indexUsedTwice', index: index() });
  });

  it('S25: a list that is not there, of another organisation or for another purpose', async () => {
    const lists = (data: JsonObject): Record<string, JsonObject> => data['statusLists'] as Record<string, JsonObject>;
    const unknown = issued(served(), (data) => ({
      ...data,
      statusLists: { ...lists(data), revocation: { list: crypto.randomUUID(), index: 1 } },
    }));
    expect(await firstError(unknown)).toEqual({ rule: 'S25', code: 'listUnknown', index: index() });
    const exchanged = issued(served(), (data) => ({
      ...data,
      statusLists: { revocation: lists(data)['suspension'], suspension: lists(data)['revocation'] },
    }));
    expect(await firstError(exchanged)).toEqual({ rule: 'S25', code: 'listOfAnother', index: index() });
    const log = served();
    const others = lists(parsed(log.entries[log.indexOf('CredentialIssued', 3)]!).data);
    const another = issued(log, (data) => ({
      ...data,
      statusLists: { ...lists(data), revocation: others['revocation'] },
    }));
    expect(await firstError(another)).toEqual({ rule: 'S25', code: 'listOfAnother', index: index() });
  });

  it('S25: more indexes than were allotted', async () => {
    let log = served();
    // A block has 64 slots, and four credentials of this organisation have one each.
    for (let i = 0; i < 61; i += 1) log = issued(log, (data) => data, 200_00 + i);
    expect(await firstError(log)).toEqual({ rule: 'S25', code: 'indexNotAllotted', index: index() + 60 });
  });

  it('S8: does not stand where its key is found to have been in wrong hands before it', async () => {
    const log = served();
    const from = log.indexOf('CredentialIssued', 1);
    const { key } = parsed(log.entries[from]!).data;
    const stream = `organisation-${lived.organisation}`;
    log.add({ stream, type: 'IssuingKeyRevoked', data: { kid: key, reason: 'compromised', fromIndex: from } });
    expect(await found(log)).toEqual(
      [1, 2].map((n) => ({
        ...{ severity: 'warning', rule: 'S8', code: 'doesNotStand', index: log.indexOf('CredentialIssued', n) },
      })),
    );
  });
});

describe('what the log says of itself', () => {
  it('S1: a standing record that is not that of all before it', async () => {
    const log = served();
    const index = log.indexOf('StandingRecorded', 1);
    const { root } = parsed(log.entries[log.indexOf('StandingRecorded')]!).data;
    log.editData(index, (data) => ({ ...data, root }));
    expect(await firstError(log)).toEqual({ rule: 'S1', code: 'standingDiffers', index });
  });

  it('S1: a record that was overtaken is an error only where a batch ends with it', async () => {
    const log = served();
    const index = log.indexOf('StandingRecorded', 1);
    const { root } = parsed(log.entries[log.indexOf('StandingRecorded')]!).data;
    log.editData(index, (data) => ({ ...data, root, size: index - 1 }));
    expect((await found(log))[0]).toMatchObject({ severity: 'error', code: 'standingDiffers', index });
    const unsealed = new ServedLog(log.entries.slice(0, index + 1));
    expect(await found(unsealed)).toEqual([{ severity: 'note', rule: 'S1', code: 'standingOvertaken', index }]);
  });

  it('S2: a batch whose root is not that of the tree', async () => {
    const log = served();
    const index = log.indexOf('BatchSealed', 1);
    const { root } = parsed(log.entries[log.indexOf('BatchSealed')]!).data;
    log.editData(index, (data) => ({ ...data, root }));
    const audit = await audited(log);
    expect(audit.findings).toMatchObject([{ severity: 'error', rule: 'S2', code: 'batchRootDiffers', index }]);
    expect(audit.batches.map(({ isOfThisLog }) => isOfThisLog)).toEqual([true, false]);
  });

  it('S15, S1: a batch that does not go on from the one before, or ends elsewhere than with a standing record', async () => {
    const gap = served();
    const index = gap.indexOf('BatchSealed', 1);
    gap.editData(index, (data) => ({ ...data, fromIndex: (data['fromIndex'] as number) + 1 }));
    expect(await firstError(gap)).toEqual({ rule: 'S15', code: 'batchGap', index });
    const elsewhere = served().editData(index, (data) => ({
      ...data,
      toIndex: (data['toIndex'] as number) - 1,
      size: (data['size'] as number) - 1,
    }));
    expect(await firstError(elsewhere)).toEqual({ rule: 'S1', code: 'batchWithoutStanding', index });
  });

  it('S11: a status list that is older than what happened before the standing record', async () => {
    const log = served();
    const at = log.indexOf('CredentialRevoked');
    const stays = (entry: Uint8Array, index: number): boolean =>
      index <= at || parsed(entry).type !== 'StatusListPublished';
    const cut = new ServedLog(log.entries.filter(stays));
    expect(await found(cut)).toContainEqual({ severity: 'warning', rule: 'S11', code: 'listLags', index: at });
    // Two batches later nobody has been told yet.
    for (let more = 0; more < 2; more += 1) {
      const { data } = parsed(cut.entries[cut.indexOf('StandingRecorded')]!);
      cut.add({ stream: 'standing', type: 'StandingRecorded', data: { ...data, size: cut.entries.length } });
      const number = 3 + more;
      const range = { number, fromIndex: 0, toIndex: cut.entries.length - 1, size: cut.entries.length, root: 'AA==' };
      cut.add({ stream: `batch-${number}`, type: 'BatchSealed', data: range });
    }
    const index = parsed(cut.entries[cut.indexOf('BatchSealed', 1)]!).data['toIndex'];
    expect(await found(cut)).toContainEqual({ severity: 'error', rule: 'S11', code: 'listWithheld', index });
  });

  it('S17: a status list for an organisation that is not there, a block that does not follow, an edition out of turn', async () => {
    const nobody = served().add({
      ...{ stream: `statuslist-${crypto.randomUUID()}`, type: 'StatusListOpened' },
      data: { organisation: crypto.randomUUID(), purpose: 'revocation' },
    });
    const index = lived.entries.length;
    expect(await firstError(nobody)).toEqual({ rule: 'S17', code: 'organisationUnknown', index });
    const { stream } = parsed(nobody.entries[nobody.indexOf('StatusListOpened')]!);
    const block = served().add({ stream, type: 'IndexBlockAllotted', data: { from: 0, count: 64 } });
    expect(await firstError(block)).toEqual({ rule: 'S17', code: 'decidedOtherwise', index });
    const full = served().add({ stream, type: 'IndexBlockAllotted', data: { from: 64, count: 131_072 } });
    expect(await firstError(full)).toEqual({ rule: 'S25', code: 'statusListFull', index });
    const edition = served().add({ stream, type: 'StatusListPublished', data: { sequence: 9, digest: hexOf('ab') } });
    expect(await firstError(edition)).toEqual({ rule: 'S17', code: 'decidedOtherwise', index });
  });

  it('S17: a second founding, a mandate for nobody, a version out of turn', async () => {
    const index = lived.entries.length;
    const founded = parsed(served().entries[0]!);
    const again = served().add({ stream: 'ledger', type: 'LedgerFounded', data: founded.data });
    expect(await firstError(again)).toEqual({ rule: 'S17', code: 'ledgerFounded', index });
    const stream = `definition-${lived.definition}`;
    const granted = { mandate: crypto.randomUUID(), organisation: crypto.randomUUID(), requirementsChecked: true };
    expect(await firstError(served().add({ stream, type: 'MandateGranted', data: granted }))).toEqual({
      ...{ rule: 'S17', code: 'organisationUnknown', index },
    });
    const log = served();
    const published = parsed(log.entries[log.indexOf('VersionPublished')]!).data;
    expect(await firstError(log.add({ stream, type: 'VersionPublished', data: published }))).toEqual({
      ...{ rule: 'S17', code: 'decidedOtherwise', index },
    });
  });

  it('S19: a log that nobody founded', async () => {
    const log = new ServedLog(lived.entries.slice(1));
    expect((await found(log)).filter(({ code }) => code === 'ledgerUnfounded')).toHaveLength(1);
  });
});

describe('a ledger that went on after a loss', () => {
  const key = ed25519(new Uint8Array(32).fill(5));
  const origin = `${ORIGIN}/2`;
  const vkey = formatVerifierKey(origin, key.publicKey);

  it('S16: is whole under its new origin and key, and under no other', async () => {
    const root = parsed(served().entries[served().indexOf('BatchSealed')]!).data['root'];
    const log = new ServedLog(lived.entries, origin, key).add({
      ...{ stream: 'ledger', type: 'LossAccepted' },
      data: { previous: { origin: ORIGIN, vkey: VKEY, root, size: 99 }, entriesLost: 57, lostUpTo: [], origin, vkey },
    });
    const audit = await auditLog(log, { vkeys: [{ vkey }] });
    expect(audit.findings).toEqual([]);
    expect(audit.ledger).toMatchObject({ origin, vkey, former: [{ origin: ORIGIN, vkey: VKEY }] });
    const under = new ServedLog(log.entries);
    const { findings } = await auditLog(under, { vkeys: [{ vkey: VKEY }] });
    expect(findings).toMatchObject([{ severity: 'error', rule: 'S19', code: 'originDiffers' }]);
  });

  it('S16: names the origin before by its own name and key', async () => {
    const root = parsed(served().entries[served().indexOf('BatchSealed')]!).data['root'];
    const log = served().add({
      ...{ stream: 'ledger', type: 'LossAccepted' },
      data: { previous: { origin: 'other', vkey: VKEY, root }, lostUpTo: [], origin, vkey },
    });
    expect(await firstError(log)).toEqual({ rule: 'S16', code: 'notThePreviousOrigin', index: lived.entries.length });
  });
});

describe('events of a newer program', () => {
  it('S17: are named and counted, and what rests on them is undetermined', async () => {
    const stream = `definition-${lived.definition}`;
    const log = served().add(
      { stream, type: 'ReviewHeld', data: {} },
      { stream: 'cohort-1', type: 'CohortAccepted', data: {} },
      { stream: `credential-${lived.credentials[1]!}`, type: 'CredentialReinstated', v: 2, data: {} },
      { stream: `credential-${lived.credentials[1]!}`, type: 'CredentialReinstated', data: {} },
    );
    const audit = await audited(withRoots(log));
    expect(audit.notChecked.unknownTypes.map(({ stream: of, type, v, count }) => [of, type, v, count])).toEqual([
      ['definition', 'ReviewHeld', 1, 1],
      ['cohort', 'CohortAccepted', 1, 1],
      ['credential', 'CredentialReinstated', 2, 1],
    ]);
    expect(audit.counts).toEqual({ error: 0, warning: 4, note: 0 });
    expect(audit.findings.map(({ code }) => code).sort()).toEqual([
      'typeUnknown',
      'typeUnknown',
      'typeUnknown',
      'undetermined',
    ]);
  });

  it('S14: older versions are read by their upcasters', async () => {
    // As if `website` had been `url` in version 1, and every organisation in this log were still of that one.
    const renamed = ({ url, ...data }: JsonObject): JsonObject =>
      url === undefined ? data : { ...data, website: url };
    const organisations = { ...ORGANISATION_EVENTS, OrganisationRegistered: [renamed] };
    const streams: Record<string, Record<string, []>> = {};
    for (const { stream, type } of EVENT_TYPES.list()) (streams[stream] ??= {})[type] = [];
    const types = new EventTypes({
      ...streams,
      'organisation-': organisations,
    });
    const [shape] = EVENT_SHAPES['OrganisationRegistered']!;
    const shapes = { ...CATALOGUE.shapes, OrganisationRegistered: [shape!, shape!] };
    const { findings } = await auditLog(served(), { vkeys: [{ vkey: VKEY }] }, { types, shapes });
    expect(findings).toEqual([]);
  });
});

it('keeps the first findings and counts all', async () => {
  const log = served();
  for (let i = 0; i < 30; i += 1) log.add({ stream: 'vault-x', type: `Text${i}`, data: {} });
  const audit = await auditLog(withRoots(log), { vkeys: [{ vkey: VKEY }], mostFindings: 5 });
  const errors = audit.findings.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ index }) => index)).toEqual([0, 0, 1, 1, 2].map((n) => lived.entries.length + n));
  expect(audit.counts.error).toBe(60);
});

it('reads a text that JCS and JSON write alike', () => {
  expect(canonicalize(parsed(lived.entries[0]!))).toBe(Buffer.from(lived.entries[0]!).toString());
});
