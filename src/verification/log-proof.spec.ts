import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from '@jest/globals';
import { utf8 } from '../encoding/bytes.js';
import { formatCheckpoint } from '../log/checkpoint.js';
import { MerkleTree } from '../log/merkle-tree.js';
import { formatVerifierKey, signNote } from '../log/note.js';
import { formatTlogProof } from '../log/tlog-proof.js';
import type { TrustFile } from './bundle.js';
import { verifyLogProof, type LogProofReport } from './log-proof.js';

const ORIGIN = 'ledger.example/log';
const SECRET = new Uint8Array(32).fill(3);
const trust: TrustFile = {
  origin: ORIGIN,
  vkey: formatVerifierKey(ORIGIN, ed25519.getPublicKey(SECRET)),
  log: 'https://ledger.example/log',
  chains: [],
};
const entries = Array.from({ length: 5 }, (_, i) => utf8(`{"a":${i},"type":"Happened"}`));
const tree = MerkleTree.ofEntries(entries);

function file(index: number, { extra = true, secret = SECRET } = {}): string {
  const text = formatCheckpoint({ origin: ORIGIN, size: tree.size, root: tree.root() });
  const checkpoint = signNote(text, ORIGIN, ed25519.getPublicKey(secret), (message) => ed25519.sign(message, secret));
  return formatTlogProof({
    ...(extra ? { extra: entries[index]! } : {}),
    index,
    path: tree.inclusionPath(index),
    checkpoint,
  });
}

const outcome = ({ outcome: is, code }: LogProofReport): unknown[] => [is, code];

describe('an offline proof of an entry', () => {
  it('shows the entry of a pinned log', () => {
    const report = verifyLogProof(file(3), { trust: [trust] });
    expect(report).toMatchObject({
      outcome: 'pass',
      origin: ORIGIN,
      index: 3,
      size: 5,
      entry: { a: 3, type: 'Happened' },
    });
  });

  it('S4: determines nothing without a pinned trust file for its log', () => {
    expect(outcome(verifyLogProof(file(3), { trust: [] }))).toEqual(['unknown', 'untrusted']);
    const other = { ...trust, origin: 'other.example/log' };
    expect(outcome(verifyLogProof(file(3), { trust: [other] }))).toEqual(['unknown', 'untrusted']);
  });

  it('S19: takes the key that was in force at the head’s size', () => {
    const other = formatVerifierKey(ORIGIN, ed25519.getPublicKey(new Uint8Array(32).fill(4)));
    const terms = (at: number): TrustFile => ({
      ...trust,
      vkey: other,
      vkeys: [
        { vkey: trust.vkey, from: 0, to: at },
        { vkey: other, from: at },
      ],
    });
    expect(outcome(verifyLogProof(file(3), { trust: [terms(5)] }))).toEqual(['pass', undefined]);
    expect(outcome(verifyLogProof(file(3), { trust: [terms(4)] }))).toEqual(['fail', 'checkpointSignature']);
    expect(outcome(verifyLogProof(file(3), { trust: [{ ...trust, vkeys: [] }] }))).toEqual([
      'fail',
      'checkpointSignature',
    ]);
  });

  it('needs the entry, from the file or from elsewhere', () => {
    const bare = file(3, { extra: false });
    expect(outcome(verifyLogProof(bare, { trust: [trust] }))).toEqual(['unknown', 'entryMissing']);
    expect(outcome(verifyLogProof(bare, { trust: [trust], entry: entries[3]! }))).toEqual(['pass', undefined]);
    expect(outcome(verifyLogProof(bare, { trust: [trust], entry: entries[2]! }))).toEqual(['fail', 'notIncluded']);
    expect(outcome(verifyLogProof(file(3), { trust: [trust], entry: entries[2]! }))).toEqual(['fail', 'entryDiffers']);
  });

  it('fails where the entry, the path or the signature is another', () => {
    const changed = file(3).replace(/^extra .*$/m, `extra ${Buffer.from('{"a":9}').toString('base64')}`);
    const report = verifyLogProof(changed, { trust: [trust] });
    expect(outcome(report)).toEqual(['fail', 'notIncluded']);
    // Nothing vouches for it, so it is not repeated.
    expect(report.entry).toBeUndefined();
    expect(outcome(verifyLogProof(file(3).replace('index 3', 'index 2'), { trust: [trust] }))).toEqual([
      'fail',
      'notIncluded',
    ]);
    const forged = file(3, { secret: new Uint8Array(32).fill(4) });
    expect(outcome(verifyLogProof(forged, { trust: [trust] }))).toEqual(['fail', 'checkpointSignature']);
    expect(outcome(verifyLogProof('{}', { trust: [trust] }))).toEqual(['fail', 'proofMalformed']);
  });
});
