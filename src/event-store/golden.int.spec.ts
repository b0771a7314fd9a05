/**
 * Golden files: of every type and version of event that was ever written one event, exactly as it was written, and what
 * it is read as today (S14). A log lives for decades: what is red here would break somebody's oldest events.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventVersions } from '../../scripts/generate-events-doc.mjs';
import { batchDecider } from '../anchoring/batch.js';
import { ledgerDecider } from '../anchoring/ledger.js';
import { leafBytes, StandingState } from '../anchoring/standing-state.js';
import { batchesProjection } from '../anchoring/batches.read.js';
import { assessmentDecider } from '../credentials/assessment.js';
import { credentialDecider } from '../credentials/credential.js';
import { registerProjection } from '../credentials/register.read.js';
import { statusListDecider } from '../credentials/status-list.js';
import { statusListsProjection } from '../credentials/status-lists.read.js';
import { catalogueProjection } from '../definitions/catalogue.read.js';
import { definitionDecider } from '../definitions/definition.js';
import { fromUtf8, utf8 } from '../encoding/bytes.js';
import { toHex } from '../encoding/hex.js';
import { canonicalize } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { EVENT_TYPES } from '../event-types.js';
import { hashLeaf } from '../log/hash.js';
import { organisationDecider } from '../organisations/organisation.js';
import { organisationsProjection } from '../organisations/organisations.read.js';
import type { Decider, DomainEvent } from './decider.js';
import { parseEntry } from './entry.js';
import { isVaultStream, type StoredEvent } from './event-store.js';
import { writeEveryEvent } from './every-event.fixture.js';
import { GroupCommitStore } from './group-commit.js';
import { MemoryStorage } from './memory.js';
import { ReadModels } from './projections.js';
import { parsedEvent } from './upcasting.js';

const FOLDER = fileURLToPath(new URL('golden', import.meta.url));
const MANIFEST = 'sha256.json';
/** Where the test leaves what is missing. */
const MADE = join(tmpdir(), 'meritkedja-golden');

/** A golden file. */
interface Golden {
  /** The event's canonical bytes, as text: the log's entry, where it is in the log. */
  readonly written: string;
  /** Of an entry of the log, its leaf hash (RFC 9162), hex. */
  readonly leaf?: string;
  /** What it is read as today. Changes with each upcaster, `written` never does. */
  readonly today: { readonly v: number; readonly data: JsonObject };
}

const names = readdirSync(FOLDER).filter((name) => name !== MANIFEST);
const golden = new Map(names.map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as Golden]));

function nameOf(type: string, v: number): string {
  return `${type}.v${v}.json`;
}

function goldenOf(bytes: Uint8Array): Golden {
  const { stream, v, data } = parsedEvent(bytes, EVENT_TYPES);
  const leaf = isVaultStream(stream) ? {} : { leaf: toHex(hashLeaf(bytes)) };
  return { written: fromUtf8(bytes), ...leaf, today: { v, data } };
}

/** All golden events, in the order in which they came about. */
function history(): StoredEvent[] {
  return [...golden.values()]
    .map(({ written }, i) => {
      const bytes = utf8(written);
      const event = parsedEvent(bytes, EVENT_TYPES);
      return { ...event, position: BigInt(i + 1), ...(!isVaultStream(event.stream) && { index: i, entry: bytes }) };
    })
    .sort((a, b) => a.revision - b.revision);
}

let folder: string;
/** What this program writes, the first event of each type. */
const written = new Map<string, Uint8Array>();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-golden-'));
  for (const { event, bytes } of await writeEveryEvent(folder)) {
    const name = nameOf(event.type, event.v);
    if (!written.has(name)) written.set(name, bytes);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the catalogue of event types', () => {
  it('is what the types say: each event of the log with its stream and version', () => {
    const catalogued = EVENT_TYPES.list()
      .filter(({ stream }) => !isVaultStream(stream))
      .map(({ stream, type, version }) => ({ type, stream, version }));
    const typed = eventVersions().map((event) => ({
      ...event,
      stream: event.stream.replace(/<(uuid|n)>$/, ''),
    }));
    const byType = (a: { type: string }, b: { type: string }): number => (a.type < b.type ? -1 : 1);
    expect(catalogued.sort(byType)).toEqual(typed.sort(byType));
  });

  it('is written by this program, every type of it', () => {
    const missing = EVENT_TYPES.list().filter(({ type, version }) => !written.has(nameOf(type, version)));
    expect(missing).toEqual([]);
  });
});

describe('golden files', () => {
  it('are there for every type at every version up to today’s', () => {
    const due = EVENT_TYPES.list().flatMap(({ type, version }) =>
      Array.from({ length: version }, (_, i) => nameOf(type, i + 1)),
    );
    const missing = [...new Set(due)].filter((name) => !golden.has(name));
    for (const name of missing.filter((one) => written.has(one))) {
      mkdirSync(MADE, { recursive: true });
      writeFileSync(join(MADE, name), `${JSON.stringify(goldenOf(written.get(name)!), undefined, 2)}\n`);
    }
    // A new type, or a new version of one: see every-event.fixture.ts write it, look at the file that this test has left
    // in MADE, put it into golden/ with its SHA-256 in sha256.json. The file of the older version stays as it is; if its
    // `today` is red below, see that the upcaster is right, and only then change `today`.
    expect({ missing, left: missing.length > 0 ? MADE : '' }).toEqual({ missing: [], left: '' });
    expect(names.filter((name) => !due.includes(name))).toEqual([]);
  });

  it('are as they were: what was written does not change and does not go', () => {
    const manifest = JSON.parse(readFileSync(join(FOLDER, MANIFEST), 'utf8')) as Record<string, string>;
    // Of `written` alone: `today` moves on with the versions.
    const digests = [...golden].map(([name, { written: text }]) => [
      name,
      createHash('sha256').update(text).digest('hex'),
    ]);
    expect(Object.fromEntries(digests)).toEqual(manifest);
  });

  it.each(names)('S14: %s is canonical, has its leaf hash, and is read as today’s version', (name) => {
    const { written: text, leaf, today } = golden.get(name)!;
    const bytes = utf8(text);
    expect(canonicalize(JSON.parse(text))).toBe(text);
    const { stream, type, v, data } = parsedEvent(bytes, EVENT_TYPES);
    expect(nameOf(type, (JSON.parse(text) as { v: number }).v)).toBe(name);
    expect({ v, data }).toEqual(today);
    expect(v).toBe(EVENT_TYPES.versionOf({ stream, type }));
    if (isVaultStream(stream)) return;
    parseEntry(bytes);
    expect(toHex(hashLeaf(bytes))).toBe(leaf);
  });

  it.each(EVENT_TYPES.list())('$type of $stream has the members that this program writes', ({ type, version }) => {
    const name = nameOf(type, version);
    // Another shape under the same version cannot be told from the old one for ever after: give it a new version, with an
    // upcaster. (A member that is new and optional: give the golden file's event that member in every-event.fixture.ts
    // only where old readers do without it, and keep both readings apart in a test of the context.)
    expect(shapeOf(JSON.parse(fromUtf8(written.get(name)!)) as JsonObject)).toEqual(
      shapeOf(JSON.parse(golden.get(name)!.written) as JsonObject),
    );
  });
});

describe('the whole of the golden events', () => {
  it.each([
    ['ledger', ledgerDecider, 'founded'],
    ['batch-', batchDecider, 'sealed'],
    ['organisation-', organisationDecider, 'registered'],
    ['definition-', definitionDecider, 'created'],
    ['credential-', credentialDecider, 'void'],
    ['assessment-', assessmentDecider, 'recorded'],
    ['statuslist-', statusListDecider, 'open'],
  ] as const)('folds, in %s', (prefix, decider, is) => {
    const folding = decider as unknown as Decider<{ is: string }, never, DomainEvent, never>;
    const events = history().filter(({ stream }) => stream.startsWith(prefix));
    expect(events.length).toBeGreaterThan(0);
    const states = events.reduce(
      (all, { sealed: _, ...event }) => [...all, folding.evolve(all.at(-1)!, event, event)],
      [folding.initialState],
    );
    expect(states.map((state) => state.is)).toContain(is);
  });

  it('folds into a standing', () => {
    const standing = new StandingState();
    const stated = history().filter((event) => standing.apply(event));
    expect(new Set(stated.map(({ stream }) => stream.split('-')[0]))).toEqual(
      new Set(['organisation', 'definition', 'statuslist']),
    );
    expect(() => standing.leaves().map(leafBytes)).not.toThrow();
  });

  it('fills the read models', async () => {
    const storage = new MemoryStorage();
    const events = history();
    let logSize = 0;
    storage.transaction(() => {
      for (const [i, { stream, revision, id, entry }] of events.entries()) {
        const bytes = entry ?? utf8([...golden.values()].find(({ written: text }) => text.includes(id))!.written);
        storage.insert({ stream, revision, id }, { position: i + 1, bytes, ...(entry && { index: logSize++ }) });
      }
      return { position: events.length, logSize };
    });
    const projections = [
      ...[organisationsProjection, catalogueProjection, registerProjection],
      ...[statusListsProjection, batchesProjection],
    ];
    const store = new GroupCommitStore(storage, EVENT_TYPES);
    const models = await ReadModels.start(join(folder, 'models'), store, projections, () => Promise.resolve([]));
    await models.caughtUp(BigInt(events.length));
    for (const table of ['organisations', 'definitions', 'credentials', 'status_lists', 'batches']) {
      const { n } = models.db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
      expect([table, n]).toEqual([table, expect.any(Number)]);
      expect(n).toBeGreaterThan(0);
    }
    await models.stop();
    await store.close();
  });
});

/** The names and kinds of members, to the bottom. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}
