import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { fromUtf8, utf8 } from '../encoding/bytes.js';
import { EncodingError } from '../errors.js';
import { openShare, sealShare, ShareError, shareId } from './share-crypto.js';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
const PLAINTEXT = utf8('{"credential":{"name":"Räksmörgås"}}');

describe('a share', () => {
  it('opens under its key', async () => {
    expect(await openShare(KEY, await sealShare(KEY, PLAINTEXT))).toEqual(PLAINTEXT);
  });

  it('has an id that another implementation of the same words gives, in the form of a UUID v4', async () => {
    const digest = createHash('sha256').update('meritkedja share id').update(KEY).digest();
    digest[6] = (digest[6]! & 0x0f) | 0x40;
    digest[8] = (digest[8]! & 0x3f) | 0x80;
    const id = await shareId(KEY);
    expect(id.replaceAll('-', '')).toBe(digest.subarray(0, 16).toString('hex'));
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('is AES-256-GCM under HKDF-SHA-256 with the id as additional data, as OpenSSL sees it', async () => {
    const { nonce, ciphertext } = await sealShare(KEY, PLAINTEXT);
    const sealed = Buffer.from(fromBase64url(ciphertext));
    const key = Buffer.from(hkdfSync('sha256', KEY, new Uint8Array(0), 'meritkedja share', 32));
    const decipher = createDecipheriv('aes-256-gcm', key, fromBase64url(nonce));
    decipher.setAAD(Buffer.from(await shareId(KEY)));
    decipher.setAuthTag(sealed.subarray(-16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    expect(opened.toString()).toBe(fromUtf8(PLAINTEXT));
  });

  it('has a fresh nonce each time it is sealed', async () => {
    expect((await sealShare(KEY, PLAINTEXT)).nonce).not.toBe((await sealShare(KEY, PLAINTEXT)).nonce);
  });

  it('does not open under another key', async () => {
    const other = KEY.slice();
    other[31]! ^= 1;
    await expect(openShare(other, await sealShare(KEY, PLAINTEXT))).rejects.toThrow(ShareError);
  });

  it('does not open with any byte of ciphertext, tag or nonce changed', async () => {
    const sealed = await sealShare(KEY, PLAINTEXT);
    for (const member of ['ciphertext', 'nonce'] as const) {
      const bytes = fromBase64url(sealed[member]);
      for (let i = 0; i < bytes.length; i++) {
        const flipped = bytes.slice();
        flipped[i]! ^= 1;
        await expect(openShare(KEY, { ...sealed, [member]: toBase64url(flipped) })).rejects.toThrow(ShareError);
      }
    }
  });

  it('is refused with a key or nonce of another length', async () => {
    await expect(shareId(KEY.slice(1))).rejects.toThrow(EncodingError);
    await expect(sealShare(KEY.slice(1), PLAINTEXT)).rejects.toThrow(EncodingError);
    const sealed = await sealShare(KEY, PLAINTEXT);
    await expect(openShare(KEY, { ...sealed, nonce: 'AAAA' })).rejects.toThrow(EncodingError);
  });
});
