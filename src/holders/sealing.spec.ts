/** Private parts (S22): one key, one place, and a key that commits. */
import { createCipheriv } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { EncodingError } from '../errors.js';
import { decodeContainer, encodeContainer, openPart, sealPart, type SealedPart } from './sealing.js';

const KEY = new Uint8Array(32).fill(7);
const OTHER = new Uint8Array(32).fill(8);
const PLACE = { stream: 'credential-a', revision: 3 };
const FACTS = { name: 'Påhittad', list: [1, 2] };

describe('a sealed part', () => {
  const part = sealPart('vault-holder-a', KEY, FACTS, PLACE);

  it('S22: opens under its key at its place', () => {
    expect(openPart(part, KEY, PLACE)).toEqual(FACTS);
  });

  it('S22: opens under no other key', () => {
    expect(() => openPart(part, OTHER, PLACE)).toThrow(EncodingError);
  });

  it.each([
    ['stream', { stream: 'credential-b', revision: 3 }],
    ['revision', { stream: 'credential-a', revision: 4 }],
    ['stream and revision that read the same together', { stream: 'credential-a@3', revision: 3 }],
  ])('S22: cannot be moved to another %s', (_, place) => {
    expect(() => openPart(part, KEY, place)).toThrow(/another place/);
  });

  it('S22: is refused where the plaintext does not begin with 32 zero bytes, though it decrypts', () => {
    const nonce = new Uint8Array(12).fill(1);
    for (const prefix of [new Uint8Array(), new Uint8Array(31), new Uint8Array(32).fill(1, 31)]) {
      const cipher = createCipheriv('aes-256-gcm', KEY, nonce).setAAD(utf8('credential-a@3'));
      const plaintext = concatBytes(prefix, utf8(JSON.stringify({ padding: 'x'.repeat(40) })));
      const ciphertext = concatBytes(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
      expect(() => openPart({ under: 'u', nonce, ciphertext }, KEY, PLACE)).toThrow(/key commitment/);
    }
  });

  it('is refused with any byte changed or cut off, by our own error', () => {
    for (let i = 0; i < part.ciphertext.length; i += 1) {
      const ciphertext = part.ciphertext.map((byte, at) => (at === i ? byte ^ 1 : byte));
      expect(() => openPart({ ...part, ciphertext }, KEY, PLACE)).toThrow(EncodingError);
      expect(() => openPart({ ...part, ciphertext: part.ciphertext.subarray(0, i) }, KEY, PLACE)).toThrow(
        EncodingError,
      );
    }
    for (const length of [0, 11, 13]) {
      expect(() => openPart({ ...part, nonce: new Uint8Array(length) }, KEY, PLACE)).toThrow(EncodingError);
    }
  });

  it('S21: tells nothing: the same facts again look different', () => {
    const again = sealPart('vault-holder-a', KEY, FACTS, PLACE);
    expect(encodeContainer([again])).not.toEqual(encodeContainer([part]));
  });
});

describe('a container', () => {
  it('S22: keeps two parts under two keys apart', () => {
    const parts = [
      sealPart('vault-holder-a', KEY, { whose: 'holder' }, PLACE),
      sealPart('vault-member-b', OTHER, { whose: 'assessor' }, PLACE),
    ];
    const [holder, member] = decodeContainer(encodeContainer(parts)) as [SealedPart, SealedPart];
    expect([holder.under, member.under]).toEqual(['vault-holder-a', 'vault-member-b']);
    expect(openPart(holder, KEY, PLACE)).toEqual({ whose: 'holder' });
    expect(openPart(member, OTHER, PLACE)).toEqual({ whose: 'assessor' });
    expect(() => openPart(member, KEY, PLACE)).toThrow(EncodingError);
  });

  it('comes back as it was', () => {
    const part = fc.record({ under: fc.string(), nonce: fc.uint8Array(), ciphertext: fc.uint8Array() });
    fc.assert(fc.property(fc.array(part), (parts) => expect(decodeContainer(encodeContainer(parts))).toEqual(parts)));
  });

  it.each([
    '',
    'x',
    '[]',
    '{"v":2,"parts":[]}',
    '{"v":1}',
    '{"v":1,"parts":[1]}',
    '{"v":1,"parts":[{"under":"a","nonce":"a"}]}',
    '{"v":1,"parts":[{"under":"a","nonce":"*","ciphertext":""}]}',
  ])('is refused where it is %j', (text) => {
    expect(() => decodeContainer(utf8(text))).toThrow(EncodingError);
  });

  it('is refused where it is not UTF-8', () => {
    expect(() => decodeContainer(new Uint8Array([0xff]))).toThrow(EncodingError);
  });
});
