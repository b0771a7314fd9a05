/** Issuing: one person one holder, one request one credential, and nothing that cites what has moved on (S7, S21, S24). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { definitionStream } from '../definitions/definition.events.js';
import { DomainError, InvariantError, StaleReadError } from '../errors.js';
import type { Append, Appended, EventStore, StoredEvent } from '../event-store/event-store.js';
import { openSqliteEventStore } from '../event-store/sqlite.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { credentialDigest } from '../verification/data-integrity.js';
import type { CredentialIssued } from './credential.events.js';
import { heldCredential } from './held-credential.js';
import { issueCredential } from './issue.js';
import { recordAssessment } from './record-assessment.js';

const PERSON = { givenName: 'Namnlös', familyName: 'Testsson', personalNumber: '198507099805' };

/** The store, with what happens around a commit in the test's hand. */
class Watched implements EventStore {
  before: (appends: readonly Append[]) => Promise<void> | void = () => undefined;
  after: (appends: readonly Append[]) => Promise<void> | void = () => undefined;
  constructor(private readonly store: EventStore) {}
  append = (append: Append): Promise<Appended> => this.store.append(append);
  async appendMany(appends: readonly Append[]): Promise<readonly Appended[]> {
    await this.before(appends);
    const done = await this.store.appendMany(appends);
    await this.after(appends);
    return done;
  }
  readStream: EventStore['readStream'] = (stream, options) => this.store.readStream(stream, options);
  readAll: EventStore['readAll'] = (options) => this.store.readAll(options);
  readLog: EventStore['readLog'] = (options) => this.store.readLog(options);
  head: EventStore['head'] = () => this.store.head();
  subscribe: EventStore['subscribe'] = (options, handler) => this.store.subscribe(options, handler);
  deleteStream: EventStore['deleteStream'] = (stream) => this.store.deleteStream(stream);
  close: EventStore['close'] = () => this.store.close();
}

let folder: string;
let store: Watched;
let small: SmallLedger;
let organisation: string;
let definition: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-issue-'));
  store = new Watched(openSqliteEventStore(join(folder, 'events.db')));
  small = await SmallLedger.open(store, folder);
  organisation = await small.organisation();
  definition = await small.definition(organisation);
});
afterEach(async () => {
  await small.stop();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

async function restart(): Promise<void> {
  await small.stop();
  small = await SmallLedger.open(store, folder);
}

async function events(prefix: string): Promise<readonly StoredEvent[]> {
  return (await store.readAll({ limit: 10_000 })).filter(({ stream }) => stream.startsWith(prefix));
}

/** Every private part in the store opens with the keys in the store. */
async function everythingOpens(): Promise<void> {
  await restart();
  for (const event of await store.readAll({ limit: 10_000 })) {
    const parts = await small.vault.open(event);
    if (event.sealed) expect(parts.length).toBeGreaterThan(0);
  }
}

describe('an issued credential', () => {
  it('S6: is in the log by its digest, and holder and assessment open under their keys', async () => {
    const { id, linkKey } = await issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
    const held = await heldCredential(small.ledger, id);
    const data = held.issued.data as unknown as CredentialIssued['data'];
    expect(data.digest).toBe(credentialDigest(held.document));
    expect(data).toMatchObject({ organisation, definition, version: 1, mandate: 'owner' });
    expect(held.linkKey).toBe(linkKey);
    await everythingOpens();
  });

  it('S20: has nothing in the log of whom it is about', async () => {
    await issueCredential(small.ledger, issuanceOf(definition, organisation, PERSON), small.oneOff());
    const [holder] = await events('vault-holder-');
    const log = (await store.readLog({ from: 0, limit: 1_000 }))
      .map(({ entry }) => Buffer.from(entry!).toString())
      .join();
    for (const secret of [
      'Namnlös',
      'Testsson',
      '198507099805',
      'Påhittad Bedömare',
      holder!.stream.slice('vault-holder-'.length),
    ]) {
      expect(log).not.toContain(secret);
    }
  });

  it('S21: has a digest of its own, though the request is the same', async () => {
    const input = issuanceOf(definition, organisation, PERSON);
    await issueCredential(small.ledger, input, small.oneOff());
    await issueCredential(small.ledger, input, small.oneOff());
    const digests = (await events('credential-')).map(({ data }) => data['digest']);
    expect(new Set(digests).size).toBe(2);
    // Not the id alone makes the difference: the proof has random bytes of its own.
    const nonces = [];
    for (const { stream } of await events('credential-')) {
      const { document } = await heldCredential(small.ledger, stream.slice('credential-'.length));
      nonces.push((document['proof'] as { nonce: string }[])[0]!.nonce);
    }
    expect(new Set(nonces).size).toBe(2);
    expect(nonces.every((nonce) => Buffer.from(nonce, 'base64url').length >= 16)).toBe(true);
  });

  it('that is refused leaves nothing behind of the person', async () => {
    const input = issuanceOf(definition, organisation, PERSON);
    const unmet = { ...input, assessment: { ...input.assessment, outcomes: [{ number: 1, met: true }] } };
    await expect(issueCredential(small.ledger, unmet, small.oneOff())).rejects.toThrow(DomainError);
    expect(await events('vault-pnr-')).toEqual([]);
    expect(await events('vault-holder-')).toEqual([]);
  });
});

describe('one person', () => {
  it('S24: is one holder, issued to ten times at once', async () => {
    const issued = await Promise.all(
      Array.from({ length: 10 }, () =>
        issueCredential(small.ledger, issuanceOf(definition, organisation, PERSON), small.oneOff()),
      ),
    );
    expect(new Set(issued.map(({ id }) => id)).size).toBe(10);
    const holders = await Promise.all(issued.map(async ({ id }) => (await heldCredential(small.ledger, id)).holder));
    expect(new Set(holders).size).toBe(1);
    expect(await events('vault-pnr-')).toHaveLength(1);
    await everythingOpens();
  });

  it('S24: is the same however the number is written', async () => {
    for (const personalNumber of ['198507099805', '850709-9805', '19850709-9805']) {
      const input = issuanceOf(definition, organisation, { ...PERSON, personalNumber });
      await issueCredential(small.ledger, input, small.oneOff());
    }
    expect(await events('vault-pnr-')).toHaveLength(1);
  });

  it('S22: assessed by the same assessor as others at once leaves no part that nobody can open', async () => {
    await Promise.all(
      Array.from({ length: 10 }, () =>
        issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff()),
      ),
    );
    expect(new Set((await events('vault-member-')).map(({ stream }) => stream)).size).toBe(1);
    for (const event of await events('assessment-')) expect(await small.vault.open(event)).toHaveLength(2);
    await everythingOpens();
    for (const event of await events('assessment-')) expect(await small.vault.open(event)).toHaveLength(2);
  });

  it('S22: whose assessor’s key was refused with another issuance is sealed under the one that is kept', async () => {
    // The first issuance is held up, then refused; the second meanwhile seals for the same new assessor.
    let second: Promise<unknown> | undefined;
    store.before = async () => {
      store.before = () => undefined;
      second = issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
      await second;
      throw new DomainError('refused');
    };
    const first = issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
    await expect(first).rejects.toThrow('refused');
    await restart();
    for (const event of await events('assessment-')) expect(await small.vault.open(event)).toHaveLength(2);
    expect(await events('assessment-')).toHaveLength(1);
  });
});

describe('a request with an Idempotency-Key', () => {
  it.each(['before', 'after'] as const)(
    'S24: killed %s the commit and sent again ends in one credential',
    async (when) => {
      const input = issuanceOf(definition, organisation, PERSON);
      store[when] = () => {
        store[when] = () => undefined;
        throw new InvariantError('killed');
      };
      await expect(issueCredential(small.ledger, input, small.repeatable('k'))).rejects.toThrow('killed');
      await restart();
      const again = await issueCredential(small.ledger, input, small.repeatable('k'));
      const third = await issueCredential(small.ledger, input, small.repeatable('k'));
      expect(third.id).toBe(again.id);
      expect(third.linkKey).toBe(again.linkKey);
      for (const prefix of ['credential-', 'assessment-', 'vault-pnr-', 'vault-share-']) {
        expect(await events(prefix)).toHaveLength(1);
      }
      await everythingOpens();
    },
  );

  it('S24: sent many times at once ends in one credential, and everybody is told the same', async () => {
    const input = issuanceOf(definition, organisation);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => issueCredential(small.ledger, input, small.repeatable('k'))),
    );
    expect(new Set(all.map(({ id, linkKey }) => `${id} ${linkKey}`)).size).toBe(1);
    expect(all.every((one) => one.events[0]?.type === 'CredentialIssued')).toBe(true);
    for (const prefix of ['credential-', 'assessment-', 'vault-share-']) expect(await events(prefix)).toHaveLength(1);
  });

  it('S24: overtaken by itself while it is being prepared writes nothing more', async () => {
    const input = issuanceOf(definition, organisation);
    const key = small.vault.key.bind(small.vault);
    // Between the look for an earlier one and the assessment the same request is carried out.
    small.vault.key = async (stream) => {
      small.vault.key = key;
      await issueCredential(small.ledger, input, small.repeatable('k'));
      return key(stream);
    };
    const { events: told } = await issueCredential(small.ledger, input, small.repeatable('k'));
    expect(told.map(({ type }) => type)).toEqual(['CredentialIssued']);
    expect(await events('vault-share-')).toHaveLength(1);
  });

  it('S24: for an assessment alone ends in one assessment too', async () => {
    const { validFrom: _, validUntil: __, ...input } = issuanceOf(definition, organisation);
    store.after = () => {
      store.after = () => undefined;
      throw new InvariantError('killed');
    };
    await expect(recordAssessment(small.ledger, input, small.repeatable('a'))).rejects.toThrow('killed');
    await restart();
    const all = await Promise.all(
      Array.from({ length: 4 }, () => recordAssessment(small.ledger, input, small.repeatable('a'))),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(all.every((one) => one.events[0]?.type === 'AssessmentRecorded')).toBe(true);
    expect(await events('assessment-')).toHaveLength(1);
  });
});

describe('a definition that changes between read and append', () => {
  /** Publishes another version right before the commit, so many times. */
  function changing(times: number): void {
    let left = times;
    store.before = async (appends) => {
      if (!appends.some(({ stream }) => stream.startsWith('credential-')) || left === 0) return;
      left -= 1;
      await small.publish(definition, organisation);
    };
  }

  async function everyIssuanceCitesTheNewest(): Promise<void> {
    const log = await store.readLog({ from: 0, limit: 1_000 });
    for (const { type, data, index } of log) {
      if (type !== 'CredentialIssued') continue;
      for (const { stream, revision } of (data as unknown as CredentialIssued['data']).reads) {
        const before = log.filter((event) => event.stream === stream && event.index! < index!);
        expect(before.at(-1)?.revision).toBe(revision);
      }
    }
  }

  it('S7: is read again: the issuance is of the newest version and cites the newest revision', async () => {
    changing(2);
    await issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
    const [issued] = await events('credential-');
    expect(issued!.data).toMatchObject({ version: 3 });
    await everyIssuanceCitesTheNewest();
  });

  it('S7: each time is given up as a stale read, and nothing is issued', async () => {
    changing(Infinity);
    const issuing = issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff());
    await expect(issuing).rejects.toThrow(StaleReadError);
    expect(await events('credential-')).toEqual([]);
    expect(await events('vault-holder-')).toEqual([]);
  });

  it('S7: so that the issuance is no longer allowed refuses it by that rule', async () => {
    store.before = async () => {
      store.before = () => undefined;
      await small.onDefinition(definition, { type: 'RetireVersion', version: 1 });
    };
    const input = { ...issuanceOf(definition, organisation), version: 1 };
    await expect(issueCredential(small.ledger, input, small.oneOff())).rejects.toThrow('versionRetired');
    expect(await events('credential-')).toEqual([]);
  });

  it('S7: while others issue cites the newest in every single one', async () => {
    const issuing = Array.from({ length: 12 }, () =>
      issueCredential(small.ledger, issuanceOf(definition, organisation), small.oneOff()).catch((error: unknown) => {
        if (!(error instanceof StaleReadError)) throw error;
      }),
    );
    await small.publish(definition, organisation);
    await Promise.all(issuing);
    expect(await store.readStream(definitionStream(definition))).toHaveLength(3);
    expect((await events('credential-')).length).toBeGreaterThan(0);
    await everyIssuanceCitesTheNewest();
  });
});
