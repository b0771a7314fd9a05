/**
 * Issuing on a store that commits one stream at a time and finds stale citations only afterwards: every prefix of every
 * piece of work is tried, and whatever is done next ends in one holder, one assessment, one credential (S7, S24).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { InvariantError } from '../errors.js';
import { Crash, LateStore } from '../event-store/memory-late.fixture.js';
import type { StoredEvent } from '../event-store/event-store.js';
import { EVENT_TYPES } from '../event-types.js';
import { issuanceOf, SmallLedger } from '../small-ledger.fixture.js';
import { heldCredential } from './held-credential.js';
import { issueCredential } from './issue.js';
import { recordAssessment } from './record-assessment.js';
import { registerRow, staleCredentials } from './register.read.js';
import { StaleVoiding } from './void-stale.process.js';

const PERSON = { givenName: 'Namnlös', familyName: 'Testsson', personalNumber: '198507099805' };
/** Reservation, holder's key, assessor's key, assessment, the holder's list, share, credential. */
const ISSUING = 7;
const ASSESSING = 4;

let folder: string;
let store: LateStore;
let small: SmallLedger;
let organisation: string;
let definition: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-late-'));
  store = new LateStore(EVENT_TYPES);
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

async function streams(prefix: string): Promise<number> {
  return new Set((await events(prefix)).map(({ stream }) => stream)).size;
}

async function everythingOpens(): Promise<void> {
  await restart();
  for (const event of await store.readAll({ limit: 10_000 })) {
    if (event.sealed) expect((await small.vault.open(event)).length).toBeGreaterThan(0);
  }
}

describe.each([...Array(ISSUING + 1).keys()])('an issuance cut off after %i of its appends', (written) => {
  beforeEach(async () => {
    store.crashAfter = written;
    const input = issuanceOf(definition, organisation, PERSON);
    await expect(issueCredential(small.ledger, input, small.repeatable('k'))).rejects.toThrow(Crash);
    expect(store.lastMany).toHaveLength(ISSUING);
    await restart();
  });

  it('S24: and sent again is one holder, one assessment, one credential, and everything opens', async () => {
    const input = issuanceOf(definition, organisation, PERSON);
    const again = await issueCredential(small.ledger, input, small.repeatable('k'));
    const third = await issueCredential(small.ledger, input, small.repeatable('k'));
    expect(third).toMatchObject({ id: again.id, linkKey: again.linkKey });
    expect(await events('credential-')).toHaveLength(1);
    expect(await events('assessment-')).toHaveLength(1);
    expect(await events('vault-pnr-')).toHaveLength(1);
    expect(await streams('vault-holder-')).toBe(1);
    const held = await heldCredential(small.ledger, again.id);
    expect(held.linkKey).toBe(again.linkKey);
    expect((await events('assessment-'))[0]!.stream).toBe(`assessment-${held.assessment}`);
    await everythingOpens();
  });

  it('S24: does not keep others from issuing to the same person, at once, under the same holder', async () => {
    const others = Array.from({ length: 4 }, () =>
      issueCredential(small.ledger, issuanceOf(definition, organisation, PERSON), small.oneOff()),
    );
    const issued = await Promise.all(others);
    const again = await issueCredential(
      small.ledger,
      issuanceOf(definition, organisation, PERSON),
      small.repeatable('k'),
    );
    const held = await Promise.all([...issued, again].map(({ id }) => heldCredential(small.ledger, id)));
    expect(new Set(held.map(({ holder }) => holder)).size).toBe(1);
    expect(await streams('vault-holder-')).toBe(1);
    expect(await streams('credential-')).toBe(5);
    await everythingOpens();
  });

  it('S7: and sent again after a new version is of the version that was assessed, or of the new one', async () => {
    await small.publish(definition, organisation);
    const input = issuanceOf(definition, organisation, PERSON);
    const { id } = await issueCredential(small.ledger, input, small.repeatable('k'));
    const { issued, assessment } = await heldCredential(small.ledger, id);
    const [recorded] = await store.readStream(`assessment-${assessment}`);
    const [opened] = await small.vault.open(recorded!);
    expect(opened!.facts['version']).toBe(issued.data['version']);
    expect(issued.data['version']).toBe(written >= 4 ? 1 : 2);
  });
});

describe.each([...Array(ASSESSING + 1).keys()])('an assessment cut off after %i of its appends', (written) => {
  it('S24: and sent again is one holder and one assessment', async () => {
    const { validFrom: _, validUntil: __, ...input } = issuanceOf(definition, organisation, PERSON);
    store.crashAfter = written;
    await expect(recordAssessment(small.ledger, input, small.repeatable('a'))).rejects.toThrow(Crash);
    expect(store.lastMany).toHaveLength(ASSESSING);
    await restart();
    const all = await Promise.all([1, 2, 3].map(() => recordAssessment(small.ledger, input, small.repeatable('a'))));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await events('assessment-')).toHaveLength(1);
    expect(await streams('vault-holder-')).toBe(1);
    await everythingOpens();
  });
});

describe('ten issuances to one person at once', () => {
  it('S24: are one holder, without an Idempotency-Key one assessment each, and no share that nobody has', async () => {
    const issued = await Promise.all(
      Array.from({ length: 10 }, () =>
        issueCredential(small.ledger, issuanceOf(definition, organisation, PERSON), small.oneOff()),
      ),
    );
    const held = await Promise.all(issued.map(({ id }) => heldCredential(small.ledger, id)));
    expect(new Set(held.map(({ holder }) => holder)).size).toBe(1);
    expect(await streams('vault-holder-')).toBe(1);
    for (const prefix of ['credential-', 'assessment-', 'vault-share-']) expect(await events(prefix)).toHaveLength(10);
    await everythingOpens();
  });

  it('S24: of the same request are one credential, and everybody is told the same', async () => {
    const input = issuanceOf(definition, organisation, PERSON);
    const all = await Promise.all(
      Array.from({ length: 10 }, () => issueCredential(small.ledger, input, small.repeatable('k'))),
    );
    expect(new Set(all.map(({ id, linkKey }) => `${id} ${linkKey}`)).size).toBe(1);
    for (const prefix of ['credential-', 'assessment-', 'vault-share-']) expect(await events(prefix)).toHaveLength(1);
  });
});

describe('a definition that changes between check and append', () => {
  /** Publishes another version in the moment that the credential is written. */
  function changing(): void {
    store.meanwhile = async ({ stream }) => {
      if (!stream.startsWith('credential-')) return;
      store.meanwhile = async () => undefined;
      await small.publish(definition, organisation);
    };
  }
  const issue = (key: string) =>
    issueCredential(small.ledger, issuanceOf(definition, organisation, PERSON), small.repeatable(key));

  it('S7: leaves an issuance that is voided at once, and the same request is told so each time', async () => {
    changing();
    await expect(issue('k')).rejects.toMatchObject({ code: 'issuanceVoided' });
    expect((await events('credential-')).map(({ type }) => type)).toEqual(['CredentialIssued', 'CredentialVoided']);
    await restart();
    for (let i = 0; i < 2; i++) await expect(issue('k')).rejects.toMatchObject({ code: 'issuanceVoided' });
    expect(await events('credential-')).toHaveLength(2);
    const { events: told } = await issue('another');
    expect(told[0]!.data['version']).toBe(2);
    expect(await streams('vault-holder-')).toBe(1);
  });

  it('S7: and a crash before it is voided: the same request voids it and is never told that it stands', async () => {
    changing();
    const append = store.append.bind(store);
    store.append = (one) => (one.events[0]?.type === 'CredentialVoided' ? Promise.reject(new Crash()) : append(one));
    await expect(issue('k')).rejects.toThrow(InvariantError);
    store.append = append;
    expect((await events('credential-')).map(({ type }) => type)).toEqual(['CredentialIssued']);
    await restart();
    await expect(issue('k')).rejects.toMatchObject({ code: 'issuanceVoided' });
    expect((await events('credential-')).map(({ type }) => type)).toEqual(['CredentialIssued', 'CredentialVoided']);
  });

  it('S7: and a crash: the register does not have it in force, and the worker voids it, once', async () => {
    changing();
    const append = store.append.bind(store);
    store.append = (one) => (one.events[0]?.type === 'CredentialVoided' ? Promise.reject(new Crash()) : append(one));
    await expect(issue('k')).rejects.toThrow(InvariantError);
    store.append = append;
    const good = await issue('another');
    await restart();
    await small.settle();
    const stale = staleCredentials(small.readModels.db, 10);
    expect(stale).toHaveLength(1);
    expect(registerRow(small.readModels.db, stale[0]!)).toMatchObject({ state: 'voided', reasonCode: 'staleRead' });
    expect(registerRow(small.readModels.db, good.id)).toMatchObject({ state: 'active' });

    const failures: unknown[] = [];
    const workers = [1, 2].map(
      () => new StaleVoiding(small.ledger, small.readModels, small.log, (error) => failures.push(error)),
    );
    for (const worker of workers) worker.start();
    await until(async () => staleCredentials(small.readModels.db, 10).length === 0);
    await expect(issue('k')).rejects.toMatchObject({ code: 'issuanceVoided' });
    for (const worker of workers) await worker.stop();
    expect(failures).toEqual([]);
    expect((await events(`credential-${stale[0]!}`)).map(({ type }) => type)).toEqual([
      'CredentialIssued',
      'CredentialVoided',
    ]);
    expect(await store.readStream(`credential-${good.id}`)).toHaveLength(1);
    expect(registerRow(small.readModels.db, stale[0]!)).toMatchObject({ state: 'voided', revision: 1 });
  });

  it('S7: is found by a worker that was running all the time', async () => {
    const worker = new StaleVoiding(small.ledger, small.readModels, small.log, (error) => {
      throw error;
    });
    worker.start();
    changing();
    const append = store.append.bind(store);
    let isCrashing = true;
    store.append = (one) =>
      one.events[0]?.type === 'CredentialVoided' && isCrashing ? Promise.reject(new Crash()) : append(one);
    await expect(issue('k')).rejects.toThrow(Crash);
    isCrashing = false;
    await issue('another');
    await until(async () => (await events('credential-')).some(({ type }) => type === 'CredentialVoided'));
    await worker.stop();
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
}
