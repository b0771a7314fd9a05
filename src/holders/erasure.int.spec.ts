/** Erasing a holder (S20, S23): what goes, what stays, and that a crash anywhere and an older copy change nothing of it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { heldCredential, isHolderErased } from '../credentials/held-credential.js';
import { issueCredential } from '../credentials/issue.js';
import { recordAssessment } from '../credentials/record-assessment.js';
import { ConcurrencyError, ConfigError, NotFoundError } from '../errors.js';
import type { EventStore, StoredEvent } from '../event-store/event-store.js';
import { openMemoryEventStore } from '../event-store/memory.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { applyErasures, eraseHolder, ERASURES_STREAM, followErasures } from './erasure.js';
import { erasuresFile, listErasures, readErasures } from './erasures-list.js';
import { holderVault } from './vault.js';

const PERSON = {
  givenName: 'Zebulonia',
  familyName: 'Qvistmärke',
  personalNumber: '19850709-9805',
  email: 'z@example.se',
};

let folder: string;
let store: EventStore;
let small: SmallLedger;
let organisation: string;
let definition: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-erasure-'));
  store = openMemoryEventStore();
  small = await SmallLedger.open(store, folder);
  organisation = await small.organisation();
  definition = await small.definition(organisation);
});
afterEach(async () => {
  await small.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function issued(holder: typeof PERSON | Record<string, string> = PERSON, ledger = small.ledger): Promise<string> {
  return (await issueCredential(ledger, issuanceOf(definition, organisation, holder), small.oneOff())).id;
}
async function holderOf(credential: string): Promise<string> {
  return (await heldCredential(small.ledger, credential)).holder;
}
async function events(prefix: string, from = store): Promise<StoredEvent[]> {
  return (await from.readAll({ limit: 10_000 })).filter(({ stream }) => stream.startsWith(prefix));
}
async function counts(): Promise<Record<string, number>> {
  const streams = async (prefix: string): Promise<number> => new Set((await events(prefix)).map((e) => e.stream)).size;
  return {
    holders: await streams('vault-holder-'),
    shares: await streams('vault-share-'),
    reservations: await streams('vault-pnr-'),
    erasures: (await store.readStream(ERASURES_STREAM)).length,
  };
}
/** The ledger with a store that fails from its n-th change on, as one does whose process was killed. */
function dyingAfter(changes: number): SmallLedger['ledger'] {
  let left = changes;
  const alive = (): void => {
    if (left === 0) throw new Killed();
    left -= 1;
  };
  const dying: Partial<EventStore> = {
    readStream: (stream) => store.readStream(stream),
    readAll: (options) => store.readAll(options),
    append: async (append) => (alive(), store.append(append)),
    deleteStream: async (stream) => (alive(), store.deleteStream(stream)),
  };
  return Object.assign(Object.create(small.ledger) as SmallLedger['ledger'], { store: dying });
}
class Killed extends Error {}

describe('an erased holder', () => {
  it('S23: has neither key, personal data, reservation nor shares any more; the log is as it was', async () => {
    const credentials = [await issued(), await issued(), await issued()];
    const other = await issued({ ...PERSON, personalNumber: '198507099813' }).catch(() =>
      issued({ givenName: 'Annan', familyName: 'Person' }),
    );
    const holder = await holderOf(credentials[0]!);
    const log = await store.readLog({ from: 0, limit: 1_000 });
    const erased = await eraseHolder(small.ledger, holder);
    expect(erased).toMatchObject({ holder, credentials: 3, shares: 3, reservations: 1 });
    expect(await store.readStream(holderVault(holder))).toEqual([]);
    expect(await small.vault.key(holderVault(holder))).toBeUndefined();
    for (const id of credentials) {
      await expect(heldCredential(small.ledger, id)).rejects.toMatchObject({ code: 'holderErased' });
      expect(await isHolderErased(small.ledger, id)).toBe(true);
    }
    expect(await isHolderErased(small.ledger, other)).toBe(false);
    expect((await heldCredential(small.ledger, other)).document).toBeDefined();
    expect(await store.readLog({ from: 0, limit: 1_000 })).toEqual(log);
    expect(readErasures(folder)).toEqual([{ holder, at: expect.stringMatching(/^\d{4}-.*Z$/) }]);
    expect(await counts()).toMatchObject({ holders: 1, shares: 1, erasures: 1 });
  });

  it('S24: is nobody: the same number issued to again makes a new one', async () => {
    const first = await holderOf(await issued());
    await eraseHolder(small.ledger, first);
    const second = await holderOf(await issued());
    expect(second).not.toBe(first);
    expect(await counts()).toMatchObject({ holders: 1, reservations: 1 });
  });

  it('is erased once, and asked for again has nothing left', async () => {
    const holder = await holderOf(await issued());
    await eraseHolder(small.ledger, holder);
    const again = await eraseHolder(small.ledger, holder);
    expect(again).toMatchObject({ credentials: 0, shares: 0, reservations: 0 });
    expect(readErasures(folder)).toHaveLength(1);
    expect(await store.readStream(ERASURES_STREAM)).toHaveLength(1);
  });

  it('must have been one: an unknown id leaves nothing on the list', async () => {
    await expect(eraseHolder(small.ledger, crypto.randomUUID())).rejects.toThrow(NotFoundError);
    expect(readErasures(folder)).toEqual([]);
  });

  it('without a number, or with an assessment alone, goes as well', async () => {
    const holder = await holderOf(await issued({ givenName: 'Utan', familyName: 'Nummer' }));
    expect(await eraseHolder(small.ledger, holder)).toMatchObject({ credentials: 1, shares: 1, reservations: 0 });
    const input = issuanceOf(definition, organisation, PERSON);
    const { route, assessment, organisationId, definitionId, holder: person } = input;
    await recordAssessment(
      small.ledger,
      { route, assessment, organisationId, definitionId, holder: person },
      small.oneOff(),
    );
    const [reserved] = await events('vault-pnr-');
    const assessed = reserved!.data['holder'] as string;
    expect(await eraseHolder(small.ledger, assessed)).toMatchObject({ credentials: 0, shares: 0, reservations: 1 });
    expect(await counts()).toMatchObject({ holders: 0, shares: 0, reservations: 0 });
  });

  it('issued to by a version without a list is searched for: its shares go too', async () => {
    const credential = await issued();
    const holder = await holderOf(credential);
    // The stream as it was: key and person, no list.
    const [key, person] = await store.readStream(holderVault(holder));
    await store.deleteStream(holderVault(holder));
    const drafts = [key!, person!].map(({ stream: _, revision: __, position: ___, ...draft }) => draft);
    await store.append({
      stream: holderVault(holder),
      expectedRevision: -1,
      events: drafts.map((d) => ({ ...d, id: crypto.randomUUID(), at: '2026-01-01T00:00:00.000Z' })),
    });
    await issued();
    const erased = await eraseHolder(small.ledger, holder);
    expect(erased).toMatchObject({ credentials: 2, shares: 2, reservations: 1 });
    expect(await counts()).toMatchObject({ holders: 0, shares: 0, reservations: 0 });
  });
});

describe('an erasure that is cut short', () => {
  it('S23: after any of its steps is finished by the next start, and nothing of it is there twice', async () => {
    for (let step = 0; ; step += 1) {
      const credentials = [await issued(), await issued()];
      const holder = await holderOf(credentials[0]!);
      const before = await counts();
      const outcome = await eraseHolder(dyingAfter(step), holder).catch((error: unknown) => error);
      // The list has it whatever happened after.
      expect(readErasures(folder).some((one) => one.holder === holder)).toBe(true);
      if (!(outcome instanceof Killed)) {
        expect(step).toBeGreaterThan(5);
        return;
      }
      await small.stop();
      small = await SmallLedger.open(store, folder);
      expect(await applyErasures(small.ledger)).toBe(1);
      expect(await counts()).toEqual({ holders: 0, shares: 0, reservations: 0, erasures: before['erasures']! + 1 });
      expect(await small.vault.key(holderVault(holder))).toBeUndefined();
      expect(await applyErasures(small.ledger)).toBe(0);
    }
  });

  it('S23: an issuance under way when it begins is not left behind under a key that is gone', async () => {
    for (let round = 0; round < 5; round += 1) {
      const holder = await holderOf(await issued());
      const outcomes = await Promise.allSettled([issued(), issued(), eraseHolder(small.ledger, holder), issued()]);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(ConcurrencyError);
      }
      expect(outcomes[2].status).toBe('fulfilled');
      // Whoever was issued to afterwards is a new holder; every share has a list that names it.
      const listed = (await events('vault-holder-')).filter(({ type }) => type === 'CredentialHeld');
      const shares = (await events('vault-share-')).map(({ stream }) => stream).sort();
      expect(listed.map(({ data }) => `vault-share-${data['share'] as string}`).sort()).toEqual(shares);
      for (const { stream } of listed) expect(stream).not.toBe(holderVault(holder));
    }
  });
});

describe('an older copy of the store', () => {
  /** The events before the erasure, as a backup has them. */
  async function copyOf(original: readonly StoredEvent[]): Promise<EventStore> {
    const copy = openMemoryEventStore();
    for (const { stream, revision, position: _, index: __, entry: ___, ...draft } of original) {
      await copy.append({ stream, expectedRevision: revision - 1, events: [draft] });
    }
    return copy;
  }

  it('S23: put back is erased again at the start, from the list alone', async () => {
    const credential = await issued();
    const holder = await holderOf(credential);
    const backup = await store.readAll({ limit: 10_000 });
    await eraseHolder(small.ledger, holder);
    const older = await copyOf(backup);
    const scope = Object.assign(Object.create(small.ledger) as SmallLedger['ledger'], { store: older });
    expect(await older.readStream(holderVault(holder))).not.toEqual([]);
    expect(await applyErasures(scope)).toBe(1);
    for (const prefix of ['vault-holder-', 'vault-share-', 'vault-pnr-'])
      expect(await events(prefix, older)).toEqual([]);
    expect(await applyErasures(scope)).toBe(0);
    await older.close();
  });

  it('S23: that claims to have erased already is searched where it is thorough, without any key', async () => {
    const credential = await issued();
    const holder = await holderOf(credential);
    const backup = await store.readAll({ limit: 10_000 });
    await eraseHolder(small.ledger, holder);
    const [erased] = await store.readStream(ERASURES_STREAM);
    const older = await copyOf([...backup, erased!]);
    // The key is forgotten and the epoch's gone: only what stands in clear can be followed.
    const scope = Object.assign(Object.create(small.ledger) as SmallLedger['ledger'], { store: older });
    expect(await applyErasures(scope)).toBe(0);
    expect(await applyErasures(scope, { thorough: true })).toBe(1);
    for (const prefix of ['vault-holder-', 'vault-share-', 'vault-pnr-'])
      expect(await events(prefix, older)).toEqual([]);
    await older.close();
  });
});

describe('another node', () => {
  it('S23: forgets the key when it hears of the erasure, and has it on its list', async () => {
    const credential = await issued();
    const holder = await holderOf(credential);
    const there = mkdtempSync(join(tmpdir(), 'meritkedja-erasure-'));
    mkdirSync(join(there, 'keys'));
    writeFileSync(join(there, 'epochs.json'), readFileSync(join(folder, 'epochs.json')));
    const node = await SmallLedger.open(store, there);
    expect(await node.vault.key(holderVault(holder))).toBeDefined();
    const following = followErasures(node.ledger, (await store.head()).position);
    await eraseHolder(small.ledger, holder);
    while (readErasures(there).length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(await node.vault.key(holderVault(holder))).toBeUndefined();
    await following.stop();
    await node.stop();
    rmSync(there, { recursive: true, force: true });
  });
});

describe('the list of erasures', () => {
  const erasure = (): { holder: string; at: string } => ({
    holder: crypto.randomUUID(),
    at: '2026-11-24T12:00:00.000Z',
  });

  it('S23: keeps what is on it, once', () => {
    const [one, two] = [erasure(), erasure()];
    listErasures(folder, [one]);
    listErasures(folder, [one, two]);
    listErasures(folder, [{ ...one, at: '2027-01-01T00:00:00.000Z' }]);
    expect(readErasures(folder)).toEqual([one, two]);
    expect(JSON.parse(readFileSync(erasuresFile(folder), 'utf8'))).toEqual({ erasures: [one, two] });
  });

  it('S23: that was lost is made again from what the store has erased', async () => {
    const holder = await holderOf(await issued());
    await eraseHolder(small.ledger, holder);
    rmSync(erasuresFile(folder));
    expect(await applyErasures(small.ledger)).toBe(0);
    expect(readErasures(folder).map((one) => one.holder)).toEqual([holder]);
  });

  it.each([
    ['is no JSON', '{'],
    ['is empty', ''],
    ['has another shape', '{"erasures":[{"holder":"x"}]}'],
    ['has more than it may', '{"erasures":[],"more":1}'],
  ])('S23: that %s stops the start: going on could bring somebody back', async (_, text) => {
    writeFileSync(erasuresFile(folder), text);
    expect(() => readErasures(folder)).toThrow(ConfigError);
    await expect(applyErasures(small.ledger)).rejects.toThrow(/erased\.json is damaged/);
  });
});

describe('a reservation whose holder has no key', () => {
  it('S24: from an attempt that was cut off keeps its holder; of an erased one, brought back, it goes', async () => {
    const holder = await holderOf(await issued());
    const [reserved] = await events('vault-pnr-');
    await store.deleteStream(holderVault(holder));
    small.vault.forget(holderVault(holder));
    expect(await holderOf(await issued())).toBe(holder);
    await eraseHolder(small.ledger, holder);
    const { stream, id: _, revision: __, position: ___, ...draft } = reserved!;
    await store.append({ stream, expectedRevision: -1, events: [{ ...draft, id: crypto.randomUUID() }] });
    await expect(issued()).resolves.toBeDefined();
    const [again] = await events('vault-pnr-');
    expect(again!.data['holder']).not.toBe(holder);
  });
});
