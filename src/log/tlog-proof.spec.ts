import { describe, expect, it } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { fromBase64, toBase64 } from '../encoding/base64.js';
import { utf8 } from '../encoding/bytes.js';
import { formatCheckpoint } from './checkpoint.js';
import { verifyEd25519 } from './ed25519.js';
import { hashLeaf } from './hash.js';
import { MerkleTree } from './merkle-tree.js';
import { formatVerifierKey, NoteError, signNote } from './note.js';
import {
  formatTlogProof,
  isTlogProof,
  MAX_TLOG_PROOF_LENGTH,
  openTlogProof,
  parseTlogProof,
  TlogProofError,
  type TlogProof,
} from './tlog-proof.js';

const ORIGIN = 'ledger.example/log';
const SECRET = new Uint8Array(32).fill(3);
const PUBLIC = ed25519.getPublicKey(SECRET);
const LOG = { origin: ORIGIN, vkey: formatVerifierKey(ORIGIN, PUBLIC) };

function entry(i: number): Uint8Array {
  return utf8(`entry ${i}`);
}

function signed(tree: MerkleTree, size = tree.size, origin = ORIGIN, secret = SECRET): string {
  const text = formatCheckpoint({ origin, size, root: tree.root(size) });
  return signNote(text, origin, ed25519.getPublicKey(secret), (message) => ed25519.sign(message, secret));
}

const tree = MerkleTree.ofEntries(Array.from({ length: 21 }, (_, i) => entry(i)));

function proofOf(index: number, size = tree.size): TlogProof {
  return { extra: entry(index), index, path: tree.inclusionPath(index, size), checkpoint: signed(tree, size) };
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof TlogProofError || error instanceof NoteError) return error.code;
    throw error;
  }
  return 'none';
}

/**
 * The example of c2sp.org/tlog-proof. The specification has shortened its signatures and left no base64 as its extra
 * data: here are ones of some bytes.
 */
const EXAMPLE_LINES = [
  'c2sp.org/tlog-proof@v1',
  'extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6',
  'index 73894',
  'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=',
  'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=',
  'EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=',
  'RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=',
  'AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=',
  '',
  'example.com/fancylog',
  '109482',
  'sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=',
  '',
  '\u2014 example.com/fancylog hI2DJwroloI=',
  '\u2014 witness1.example mJirIklqY9v2B/5bgw==',
  '',
];
const EXAMPLE = EXAMPLE_LINES.join('\n');

describe('a file of c2sp.org/tlog-proof@v1', () => {
  it('is read as the specification’s example shows it, and written the same again', () => {
    const proof = parseTlogProof(EXAMPLE);
    expect(proof).toMatchObject({ index: 73_894, extra: utf8('age-v1.2.1-darwin-arm64.tar.gz') });
    expect(proof.path).toHaveLength(5);
    expect(proof.path[0]).toEqual(fromBase64('gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ='));
    expect(proof.checkpoint).toBe(EXAMPLE_LINES.slice(9).join('\n'));
    expect(formatTlogProof(proof)).toBe(EXAMPLE);
    expect(isTlogProof(EXAMPLE)).toBe(true);
    expect(isTlogProof('{}')).toBe(false);
  });

  it('may have neither extra data nor a path: the only entry of a log', () => {
    const one = MerkleTree.ofEntries([entry(0)]);
    const text = formatTlogProof({ index: 0, path: [], checkpoint: signed(one) });
    expect(text.split('\n').slice(0, 3)).toEqual(['c2sp.org/tlog-proof@v1', 'index 0', '']);
    const proof = parseTlogProof(text);
    expect('extra' in proof).toBe(false);
    expect(openTlogProof(proof, LOG, hashLeaf(entry(0)), verifyEd25519).size).toBe(1);
  });

  it('proves every entry of every size, and comes back as it was', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 21 }), fc.nat(), (size, any) => {
        const index = any % size;
        const text = formatTlogProof(proofOf(index, size));
        const proof = parseTlogProof(text);
        expect(formatTlogProof(proof)).toBe(text);
        const head = openTlogProof(proof, LOG, hashLeaf(entry(index)), verifyEd25519);
        expect(head).toEqual({ origin: ORIGIN, size, root: tree.root(size) });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['another first line', (lines: string[]) => ['c2sp.org/tlog-proof@v2', ...lines.slice(1)]],
    ['no index', (lines: string[]) => [lines[0]!, lines[1]!, ...lines.slice(3)]],
    ['a leading zero in the index', (lines: string[]) => with2(lines, 'index 073894')],
    ['a sign in the index', (lines: string[]) => with2(lines, 'index +73894')],
    ['an index beyond 2^53', (lines: string[]) => with2(lines, 'index 9007199254740993')],
    ['two spaces before the index', (lines: string[]) => with2(lines, 'index  73894')],
    ['extra data that is empty', (lines: string[]) => [lines[0]!, 'extra ', ...lines.slice(2)]],
    ['extra data in another base64', (lines: string[]) => [lines[0]!, 'extra YWdl-_==', ...lines.slice(2)]],
    ['extra data after the index', (lines: string[]) => [lines[0]!, lines[2]!, lines[1]!, ...lines.slice(3)]],
    [
      'a hash of 31 bytes',
      (lines: string[]) => [...lines.slice(0, 3), toBase64(new Uint8Array(31)), ...lines.slice(4)],
    ],
    ['a carriage return', (lines: string[]) => with2(lines, 'index 73894\r')],
    ['no empty line', (lines: string[]) => lines.filter((line) => line !== '')],
    [
      'a path that no tree has',
      (lines: string[]) => [...lines.slice(0, 3), ...Array<string>(54).fill(lines[3]!), ...lines.slice(8)],
    ],
  ])('is refused with %s', (_, change) => {
    expect(codeOf(() => parseTlogProof(change(EXAMPLE_LINES).join('\n')))).toBe('malformedProof');
  });

  it('is refused where the checkpoint is no signed note, or the file is endless', () => {
    expect(codeOf(() => parseTlogProof(EXAMPLE_LINES.slice(0, 12).join('\n')))).toBe('malformedNote');
    expect(codeOf(() => parseTlogProof(EXAMPLE + 'x'.repeat(MAX_TLOG_PROOF_LENGTH)))).toBe('malformedProof');
    expect(codeOf(() => formatTlogProof({ ...proofOf(3), index: 0.5 }))).toBe('malformedProof');
  });

  it('proves nothing of another entry, index, head, log or key', () => {
    const proof = proofOf(7);
    const open = (changes: Partial<TlogProof>, log = LOG, leaf = hashLeaf(entry(7))): string =>
      codeOf(() => openTlogProof({ ...proof, ...changes }, log, leaf, verifyEd25519));
    expect(open({})).toBe('none');
    expect(open({}, LOG, hashLeaf(entry(8)))).toBe('notIncluded');
    expect(open({ index: 6 })).toBe('notIncluded');
    expect(open({ index: 400 })).toBe('notIncluded');
    expect(open({ path: proof.path.slice(1) })).toBe('notIncluded');
    expect(open({ checkpoint: signed(tree, 20) })).toBe('notIncluded');
    expect(open({ checkpoint: signed(tree, 21, 'other.example/log') })).toBe('otherOrigin');
    const stranger = new Uint8Array(32).fill(9);
    expect(open({ checkpoint: signed(tree, 21, ORIGIN, stranger) })).toBe('notSigned');
    const forged = proof.checkpoint.replace('\n21\n', '\n22\n');
    expect(open({ checkpoint: forged })).toBe('badSignature');
  });
});

function with2(lines: string[], index: string): string[] {
  return [...lines.slice(0, 2), index, ...lines.slice(3)];
}
