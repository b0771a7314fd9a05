import { describe, expect, it } from '@jest/globals';
import type { LogSource } from '../audit/log-source.js';
import { signer } from '../crypto/ed25519.js';
import type { JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import { entryBytes } from '../event-store/entry.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import { encodeEntryBundle, TILE_WIDTH } from '../log/tiles.js';
import { monitorLog, type Monitored, type MonitorState, type NamedEntry } from './monitor.js';

const ORIGIN = 'monitored.example/log';
const KEY = signer(new Uint8Array(32).fill(7));
const VKEY = formatVerifierKey(ORIGIN, KEY.publicKey);
const OURS = '00000000-0000-4000-8000-00000000000a';
const THEIRS = '00000000-0000-4000-8000-00000000000b';
const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** The n-th entry of a log in which every tenth credential is ours, and each fifteenth of ours is revoked later. */
function entry(n: number): Uint8Array {
  const of = (stream: string, type: string, data: object, revision = 0): Uint8Array =>
    entryBytes({
      ...{ stream, revision, id: uuid(n), type, v: 1, at: '2026-03-01T12:00:00.000Z', by: 'operator' },
      data: data as JsonObject,
    });
  if (n === 0) return of(`organisation-${OURS}`, 'OrganisationRegistered', { name: 'Vi' });
  if (n === 1) return of(`organisation-${THEIRS}`, 'OrganisationRegistered', { name: 'De' });
  if (n === 2) return of(`definition-${uuid(2)}`, 'DefinitionCreated', { creator: THEIRS, owner: THEIRS });
  if (n === 3) return of(`definition-${uuid(2)}`, 'MandateGranted', { mandate: uuid(3), organisation: OURS }, 1);
  if (n === 999) return of(`definition-${uuid(2)}`, 'MandateWithdrawn', { mandate: uuid(3) }, 2);
  if (n % 150 === 15) return of(`credential-${uuid(n - 5)}`, 'CredentialRevoked', { reasonCode: 'replaced' }, 1);
  return of(`credential-${uuid(n)}`, 'CredentialIssued', { organisation: n % 10 === 0 ? OURS : THEIRS });
}
const LOG = Array.from({ length: 1_000 }, (_, n) => entry(n));
/** Indexes of what is ours, by the same definition. */
const OUR_INDEXES = LOG.flatMap((_, n) =>
  n === 0 || n === 3 || n === 999 || n % 150 === 15 || (n > 3 && n % 10 === 0) ? [n] : [],
);

function sourceOf(entries: readonly Uint8Array[], size = entries.length, key = KEY): LogSource & { asked: number[] } {
  const tree = new MerkleTree();
  for (const one of entries.slice(0, size)) tree.appendEntry(one);
  const asked: number[] = [];
  return {
    ...{ name: 'a test', asked },
    checkpoint: async () =>
      signNote(formatCheckpoint({ origin: ORIGIN, size, root: tree.root() }), ORIGIN, key.publicKey, (m) =>
        key.sign(m),
      ),
    bundle: async (number, width) => {
      asked.push(number);
      return encodeEntryBundle(entries.slice(number * TILE_WIDTH, number * TILE_WIDTH + width));
    },
    tile: async () => undefined,
    close: async () => undefined,
  };
}

async function monitored(
  source: LogSource,
  state?: MonitorState,
  organisation = OURS,
): Promise<Monitored & { entries: readonly NamedEntry[] }> {
  const entries: NamedEntry[] = [];
  const onEntry = (one: NamedEntry): void => void entries.push(one);
  const vkeys = [{ vkey: VKEY }];
  return { ...(await monitorLog(source, { organisation, vkeys, state, onEntry })), entries };
}
const codes = ({ findings }: Monitored): readonly string[] => findings.map(({ code }) => code);

describe('S13: a monitor of one organisation', () => {
  it('tells every entry in its name and no other', async () => {
    const { entries, findings, from } = await monitored(sourceOf(LOG));
    expect(entries.map(({ index }) => index)).toEqual(OUR_INDEXES);
    expect([findings, from]).toEqual([[], 0]);
  });

  it.each([1, 255, 256, 257, 700, 999, 1_000])(
    'goes on from entry %i and tells only what has come since',
    async (size) => {
      const first = await monitored(sourceOf(LOG, size));
      // As it lies in a file.
      const state = JSON.parse(JSON.stringify(first.state)) as MonitorState;
      const source = sourceOf(LOG);
      const second = await monitored(source, state);
      expect([...first.entries, ...second.entries].map(({ index }) => index)).toEqual(OUR_INDEXES);
      expect(second.findings).toEqual([]);
      expect(second.from).toBe(size);
      if (size < LOG.length) expect(Math.min(...source.asked)).toBe(Math.floor(size / TILE_WIDTH));
    },
  );

  it('begins anew for another organisation', async () => {
    const { state } = await monitored(sourceOf(LOG, 500));
    const theirs = await monitored(sourceOf(LOG), state, THEIRS);
    expect(theirs.from).toBe(0);
    expect(theirs.entries.map(({ index }) => index)).toContain(2);
  });
});

describe('what is wrong with the log', () => {
  it('S15: is found where an entry is left out or changed, and nothing is kept of it', async () => {
    const changed = [...LOG];
    changed[10] = entry(11);
    const other = sourceOf(changed);
    const result = await monitored({ ...sourceOf(LOG), bundle: (number, width) => other.bundle(number, width) });
    expect(codes(result)).toEqual(['rootDiffers']);
    expect(result.state).toBeUndefined();
  });

  it('S16: is found where what was seen before has been changed since', async () => {
    const { state } = await monitored(sourceOf(LOG, 500));
    const rewritten = [...LOG];
    rewritten[20] = entry(21);
    expect(codes(await monitored(sourceOf(rewritten), state))).toEqual(['rootDiffers']);
    expect(codes(await monitored(sourceOf(LOG, 400), state))).toEqual(['logShrank']);
  });

  it('S2: is found where another key has signed the head', async () => {
    const other = signer(new Uint8Array(32).fill(8));
    expect(codes(await monitored(sourceOf(LOG, 600, other)))).toEqual(['headNotSigned']);
  });

  it('S14: is found where one of our entries is not canonical', async () => {
    const spaced = [...LOG];
    spaced[10] = new TextEncoder().encode(`${new TextDecoder().decode(LOG[10])} `);
    const { findings } = await monitored(sourceOf(spaced));
    expect(findings).toMatchObject([{ code: 'notCanonical', index: 10 }]);
  });

  it('is an error where a bundle is none', async () => {
    const source = { ...sourceOf(LOG), bundle: async () => Uint8Array.of(0, 9, 1) };
    await expect(monitored(source)).rejects.toThrow(EncodingError);
  });
});
