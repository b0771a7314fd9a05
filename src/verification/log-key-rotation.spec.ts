/** S19: a log's next key is believed on the word of the key before, and on nothing else. */
import { describe, expect, it } from '@jest/globals';
import { signer } from '../crypto/ed25519.js';
import { formatVerifierKey } from '../log/note.js';
import type { TrustFile } from './bundle.js';
import { formatLogKeyRotation, openLogKeyRotation, type LogKeyRotation } from './log-key-rotation.js';
import { ORIGIN, trustFile } from './synthetic-ledger.fixture.js';
import { isRotationOf, keysOf, parseTrust } from './trust.js';

const KEYS = [1, 61, 62].map((byte) => signer(new Uint8Array(32).fill(byte)));
const VKEYS = KEYS.map((key) => formatVerifierKey(ORIGIN, key.publicKey));
const PINNED = trustFile();

function rotation(from: number, to: number, at: number, changes: Partial<LogKeyRotation> = {}): string {
  const given = { origin: ORIGIN, from: at, previous: VKEYS[from]!, next: VKEYS[to]!, ...changes };
  return formatLogKeyRotation(
    given,
    (message) => KEYS[from]!.sign(message),
    (message) => KEYS[to]!.sign(message),
  );
}

/** What the ledger serves once its second key signs from entry 20 on. */
const NEWER: TrustFile = {
  ...PINNED,
  vkey: VKEYS[1]!,
  vkeys: [
    { vkey: VKEYS[0]!, from: 0, to: 20 },
    { vkey: VKEYS[1]!, from: 20 },
  ],
  rotations: [rotation(0, 1, 20)],
};

describe('a rotation of the log’s key', () => {
  it('is a note by both keys', () => {
    expect(VKEYS[0]).toBe(PINNED.vkey);
    expect(openLogKeyRotation(rotation(0, 1, 20))).toEqual({
      origin: ORIGIN,
      from: 20,
      previous: VKEYS[0],
      next: VKEYS[1],
    });
  });

  it('is none without either signature, with another’s, or with another text', () => {
    const note = rotation(0, 1, 20);
    const lines = note.trimEnd().split('\n');
    const broken = [
      note.replace('\n20\n', '\n21\n'),
      note.replace('rotation v1', 'rotation v2'),
      [...lines.slice(0, -1), ''].join('\n'),
      [...lines.slice(0, -2), lines.at(-1), ''].join('\n'),
      rotation(0, 1, 20, { origin: 'other.example/log' }),
      rotation(0, 2, 20).replaceAll(VKEYS[2]!, VKEYS[1]!),
      'x',
      '',
    ];
    for (const one of broken) expect(openLogKeyRotation(one)).toBeUndefined();
  });
});

describe('a trust file with a rotated key', () => {
  it('is read, and has each key for its own heads', () => {
    expect(parseTrust(JSON.parse(JSON.stringify(NEWER)))).toEqual(NEWER);
    expect([19, 20, 21].map((size) => keysOf(NEWER, size))).toEqual([[VKEYS[0]], [VKEYS[0]], [VKEYS[1]]]);
    expect(keysOf(PINNED, 1_000)).toEqual([VKEYS[0]]);
  });

  it.each([
    ['terms without its key', { vkeys: [NEWER.vkeys![0]] }],
    ['a term without index', { vkeys: [{ vkey: VKEYS[1] }] }],
    ['a term of another log’s key', { vkeys: [{ vkey: VKEYS[1]!.replace(ORIGIN, 'x/log'), from: 0 }] }],
    ['terms that are none', { vkeys: 'x' }],
    ['a rotation that is none', { rotations: ['x'] }],
    ['rotations that are none', { rotations: 7 }],
  ])('is refused with %s', (_, changes) => {
    expect(() => parseTrust({ ...NEWER, ...changes })).toThrow();
  });

  it('follows from the pinned one where the pinned key has signed it, over several steps too', () => {
    expect(isRotationOf(PINNED, NEWER)).toBe(true);
    const twice: TrustFile = {
      ...NEWER,
      vkey: VKEYS[2]!,
      vkeys: [NEWER.vkeys![0]!, { ...NEWER.vkeys![1]!, to: 50 }, { vkey: VKEYS[2]!, from: 50 }],
      rotations: [...NEWER.rotations!, rotation(1, 2, 50)],
    };
    expect(isRotationOf(PINNED, twice)).toBe(true);
    expect(isRotationOf(NEWER, twice)).toBe(true);
  });

  it.each([
    ['no rotation', { rotations: [] }],
    ['the rotation of another key', { rotations: [rotation(2, 1, 20)] }],
    [
      'other terms than were signed',
      {
        vkeys: [
          { vkey: VKEYS[0]!, from: 0, to: 30 },
          { vkey: VKEYS[1]!, from: 30 },
        ],
      },
    ],
    ['a further key', { vkeys: [...NEWER.vkeys!, { vkey: VKEYS[2]!, from: 0 }] }],
    ['another chain besides', { chains: [] }],
    ['the pinned key itself', { vkey: PINNED.vkey }],
    ['a step back', { vkey: VKEYS[0]!, rotations: [rotation(0, 1, 20), rotation(1, 0, 10)] }],
  ] as [string, Partial<TrustFile>][])('does not follow with %s', (_, changes) => {
    expect(isRotationOf(PINNED, { ...NEWER, ...changes })).toBe(false);
  });
});
