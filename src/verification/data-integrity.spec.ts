/** With the W3C's vectors for eddsa-jcs-2022 (vc-di-eddsa, TestVectors), where ../shared/data is there. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { getPublicKey, hashes, sign, utils } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { fromMultibase, fromMultikey, toMultibase, toMultikey } from '../encoding/base58.js';
import { toHex } from '../encoding/hex.js';
import type { JsonObject } from '../encoding/json.js';
import { createProofInput, credentialDigest, eddsaJcsProofOf, signEddsaJcs, verifyEddsaJcs } from './data-integrity.js';
import { VerificationError } from './verification-error.js';

hashes.sha512 = sha512;

const folder = new URL('../../../shared/data/eddsa-jcs-2022/', import.meta.url);
const isThere = existsSync(folder);
const text = (name: string): string => readFileSync(new URL(name, folder), 'utf8').trim();
const json = (name: string): JsonObject => JSON.parse(text(name)) as JsonObject;
const vectors = isThere ? describe : describe.skip;

const secret = new Uint8Array(32).fill(7);
const publicKey = getPublicKey(secret);
const kid = toMultikey(publicKey);
const options = { verificationMethod: `did:key:${kid}#${kid}`, created: '2026-11-24T08:00:00Z', nonce: 'bm9uY2U' };
const document: JsonObject = {
  '@context': ['https://www.w3.org/ns/credentials/v2', 'https://example.org/own'],
  type: ['VerifiableCredential'],
  issuer: 'did:example:a',
  credentialSubject: { type: 'Person' },
};
const signed = (given = document): Promise<JsonObject> =>
  signEddsaJcs(given, options, (message) => sign(message, secret));
const proofOf = (given: JsonObject): JsonObject => (given['proof'] as JsonObject[])[0]!;

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
  return undefined;
}

vectors(`the vectors of vc-di-eddsa${isThere ? '' : ' (skipped: ../shared/data is not there)'}`, () => {
  it('give the hashes, proof configuration first', () => {
    const input = createProofInput(json('unsigned.json'), json('proofConfigJCS.json'));
    expect(toHex(input.slice(0, 32))).toBe(text('proofHashJCS.txt'));
    expect(toHex(input.slice(32))).toBe(text('docHashJCS.txt'));
    expect(toHex(input)).toBe(text('combinedHashJCS.txt'));
  });

  it('give the signature', () => {
    const keys = json('keyPair.json');
    const seed = fromMultibase(keys['privateKeyMultibase'] as string).slice(2);
    const signature = sign(createProofInput(json('unsigned.json'), json('proofConfigJCS.json')), seed);
    expect(toHex(signature)).toBe(text('sigHexJCS.txt'));
    expect(toMultibase(signature)).toBe(text('sigBTC58JCS.txt'));
  });

  it('verify the signed document', () => {
    const key = fromMultikey(json('keyPair.json')['publicKeyMultibase'] as string);
    const credential = json('signedJCS.json');
    expect(verifyEddsaJcs(credential, credential['proof'] as JsonObject, key)).toBe(true);
    expect(verifyEddsaJcs({ ...credential, name: 'Alumni' }, credential['proof'] as JsonObject, key)).toBe(false);
  });

  it.each(['signedProofSet1', 'signedProofSet2', 'signedProofChain1', 'signedProofChain2'])(
    'hold no proof of ours in %s, whose proofs are of another suite',
    (name) => {
      const credential = json(`proof-set-chain/${name}.json`);
      expect(codeOf(() => eddsaJcsProofOf(credential))).toBe('proofSuite');
      const proof = [credential['proof'] as JsonObject | JsonObject[]].flat()[0]!;
      const key = fromMultikey(
        (json('proof-set-chain/multiKeyPairs.json')['keyPair1'] as Record<string, string>)['publicKeyMultibase']!,
      );
      expect(verifyEddsaJcs(credential, proof, key)).toBe(false);
    },
  );
});

describe('a document that we signed', () => {
  it('verifies, and its proof keeps the contexts', async () => {
    const credential = await signed();
    expect(proofOf(credential)['@context']).toEqual(document['@context']);
    expect(verifyEddsaJcs(credential, proofOf(credential), publicKey)).toBe(true);
  });

  it('may get further contexts after those signed, but none before or between', async () => {
    const credential = await signed();
    const contexts = document['@context'] as string[];
    const verified = (context: string[]): boolean =>
      verifyEddsaJcs({ ...credential, '@context': context }, proofOf(credential), publicKey);
    expect(verified([...contexts, 'https://example.org/more'])).toBe(true);
    expect(verified(['https://example.org/more', ...contexts])).toBe(false);
    expect(verified([contexts[0]!])).toBe(false);
  });

  it.each(['type', 'cryptosuite', 'created', 'verificationMethod', 'proofPurpose', 'nonce'])(
    'does not verify with another %s in its proof',
    async (member) => {
      const credential = await signed();
      expect(verifyEddsaJcs(credential, { ...proofOf(credential), [member]: 'x' }, publicKey)).toBe(false);
    },
  );

  it('S27: does not verify by a proof for another purpose, of another type or suite, though the key has signed it', async () => {
    const credential = await signed();
    const verifiedWith = (changes: JsonObject): boolean => {
      const proof = { ...proofOf(credential), ...changes };
      const proofValue = toMultibase(sign(createProofInput(document, proof), secret));
      return verifyEddsaJcs(credential, { ...proof, proofValue }, publicKey);
    };
    expect(verifiedWith({})).toBe(true);
    expect(verifiedWith({ proofPurpose: 'authentication' })).toBe(false);
    expect(verifiedWith({ type: 'Ed25519Signature2020' })).toBe(false);
    expect(verifiedWith({ cryptosuite: 'eddsa-rdfc-2022' })).toBe(false);
  });

  it.each(['', 'z', 'z1', 'u1234', 'z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2', 'zOOOO'])(
    'does not verify with the proof value "%s"',
    async (proofValue) => {
      const credential = await signed();
      expect(verifyEddsaJcs(credential, { ...proofOf(credential), proofValue }, publicKey)).toBe(false);
    },
  );

  it('is not signed again', async () => {
    await expect(signed(await signed())).rejects.toThrow('without proof');
  });

  it('S26: is not taken from a key of small order, nor with a signature that is not canonical', async () => {
    const credential = await signed();
    const small = new Uint8Array(32);
    small[0] = 1;
    const trivial = new Uint8Array(64);
    trivial[0] = 1;
    const forged = { ...proofOf(credential), proofValue: toMultibase(trivial) };
    expect(verifyEddsaJcs(credential, forged, small)).toBe(false);

    // S + L is another text for the same signature: refused, or one document would have two digests.
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const bytes = fromMultibase(proofOf(credential)['proofValue'] as string);
    let s = order;
    for (let i = 0; i < 32; i++) s += BigInt(bytes[32 + i]!) << BigInt(8 * i);
    for (let i = 0; i < 32; i++) bytes[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
    const malleated = { ...proofOf(credential), proofValue: toMultibase(bytes) };
    expect(verifyEddsaJcs(credential, malleated, publicKey)).toBe(false);
  });
});

describe('the digest of a credential', () => {
  it('S27: is the same whether the proof is an object, an array, or has a proof of another suite beside it', async () => {
    const credential = await signed();
    const proof = proofOf(credential);
    const digest = credentialDigest(credential);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(credentialDigest({ ...credential, proof })).toBe(digest);
    const other = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-rdfc-2022', proofValue: 'z1' };
    expect(credentialDigest({ ...credential, proof: [other, proof] })).toBe(digest);
  });

  it('S27: is refused for two eddsa-jcs-2022 proofs', async () => {
    const credential = await signed();
    const twice = { ...credential, proof: [proofOf(credential), proofOf(credential)] };
    expect(codeOf(() => credentialDigest(twice))).toBe('proofTwice');
  });

  it('S21: changes with the nonce alone', async () => {
    const again = await signEddsaJcs(document, { ...options, nonce: toHex(utils.randomSecretKey()) }, (message) =>
      sign(message, secret),
    );
    expect(credentialDigest(again)).not.toBe(credentialDigest(await signed()));
  });

  it.each([
    ['none', undefined, 'proofMissing'],
    ['an empty set', [], 'proofMissing'],
    ['a text', 'proof', 'proofSuite'],
    ['a chained one', { cryptosuite: 'eddsa-jcs-2022', previousProof: 'urn:uuid:x' }, 'proofChain'],
    ['seventeen', Array.from({ length: 17 }, () => ({})), 'proofMalformed'],
  ])('has a code for proofs that are no proofs: %s', (_, proof, code) => {
    const given = { ...document, ...(proof === undefined ? {} : { proof }) } as JsonObject;
    expect(codeOf(() => credentialDigest(given))).toBe(code);
  });
});
