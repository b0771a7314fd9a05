/** What is taken from the platform, and what is never left to it; the cases of Ed25519 are crypto/ed25519.spec.ts. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { NODE_PLATFORM } from '../crypto/node-platform.js';
import { signer } from '../crypto/ed25519.js';
import { utf8 } from '../encoding/bytes.js';
import { fromHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { sha256 } from '../log/hash.js';
import { ed25519Of, PLAIN, verifySignature, webPlatform, type Platform } from './platform.js';
import { NOW, syntheticLedger } from './synthetic-ledger.fixture.js';
import { verify } from './verify.js';

const key = signer(new Uint8Array(32).fill(7));
const message = utf8('a message');
const signature = key.sign(message);
const other = key.sign(utf8('another'));
/** A point of order 8: with S = 0 a lax check takes it for any message. */
const SMALL = fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');

/** A WebCrypto whose answers are made up; it counts what it is asked. */
function subtle(answers: {
  readonly importKey?: () => Promise<CryptoKey>;
  readonly verify: (signature: Uint8Array) => Promise<boolean>;
}): { readonly subtle: SubtleCrypto; readonly asked: Uint8Array[] } {
  const asked: Uint8Array[] = [];
  const made = {
    importKey: answers.importKey ?? (() => Promise.resolve({})),
    verify: (_name: string, _key: CryptoKey, given: Uint8Array) => (asked.push(given), answers.verify(given)),
  };
  return { subtle: made as unknown as SubtleCrypto, asked };
}

describe.each([
  ['plain', PLAIN],
  ['web', webPlatform()],
  ['node', NODE_PLATFORM],
] as [string, Platform][])('the %s platform', (_, platform) => {
  it('S26: knows the key’s signature from another', async () => {
    expect(await verifySignature(platform, key.publicKey, message, signature)).toBe(true);
    expect(await verifySignature(platform, key.publicKey, message, other)).toBe(false);
  });

  it('hashes as all do', () => {
    for (const length of [0, 1, 55, 56, 64, 65, 4_000]) {
      const bytes = new Uint8Array(length).fill(length);
      expect(new Uint8Array(platform.sha256(bytes))).toEqual(sha256(bytes));
    }
  });

  it('unzips up to a limit, and refuses what is longer or broken', async () => {
    const bytes = new Uint8Array(10_000).fill(3);
    expect(new Uint8Array(await platform.gunzip(gzipSync(bytes), 10_000))).toEqual(bytes);
    const refusal = async (given: Uint8Array): Promise<unknown> => {
      try {
        return await platform.gunzip(given, 9_999);
      } catch (error) {
        return error;
      }
    };
    for (const given of [gzipSync(bytes), utf8('no gzip'), gzipSync(bytes).subarray(0, 20)]) {
      expect(await refusal(given)).toBeInstanceOf(EncodingError);
    }
  });

  it('gives the same report', async () => {
    const { bundle, trust, blockHashes } = await syntheticLedger();
    const options = { trust: [trust], now: new Date(NOW), clock: 'given' as const };
    const pinnedBlockHashes = [...blockHashes.values()];
    const plain = await verify(bundle, { ...options, pinnedBlockHashes, platform: PLAIN });
    expect(plain.verdict).toBe('valid');
    expect(await verify(bundle, { ...options, pinnedBlockHashes, platform })).toEqual(plain);
  });
});

describe('a platform’s signature check', () => {
  it('S26: is not asked about encodings that are not strict, whatever it would say', async () => {
    const yes: Platform = { ...PLAIN, ed25519: () => true };
    const smallR = Uint8Array.from([...SMALL, ...new Uint8Array(32)]);
    expect(await verifySignature(yes, key.publicKey, message, signature)).toBe(true);
    expect(await verifySignature(yes, SMALL, message, signature)).toBe(false);
    expect(await verifySignature(yes, key.publicKey, message, smallR)).toBe(false);
    expect(await verifySignature(yes, key.publicKey, message, signature.subarray(1))).toBe(false);
  });

  it('S26: of WebCrypto is not used where it takes what is right only with the cofactor', async () => {
    const lax = subtle({ verify: () => Promise.resolve(true) });
    const ed25519 = ed25519Of(lax.subtle);
    expect(await ed25519(key.publicKey, message, other)).toBe(false);
    expect(await ed25519(key.publicKey, message, signature)).toBe(true);
    expect(lax.asked).not.toContainEqual(other);
  });

  it('S26: of WebCrypto is not used where it refuses what is right', async () => {
    const none = subtle({ verify: () => Promise.resolve(false) });
    expect(await ed25519Of(none.subtle)(key.publicKey, message, signature)).toBe(true);
  });

  it('is @noble’s where WebCrypto has no Ed25519, none at all, or fails', async () => {
    const unsupported = subtle({
      importKey: () => Promise.reject(new DOMException('', 'NotSupportedError')),
      verify: () => Promise.resolve(true),
    });
    for (const one of [undefined, unsupported.subtle]) {
      expect(await ed25519Of(one)(key.publicKey, message, signature)).toBe(true);
      expect(await ed25519Of(one)(key.publicKey, message, other)).toBe(false);
    }
    let calls = 0;
    const real = globalThis.crypto.subtle;
    const failing = {
      importKey: real.importKey.bind(real),
      verify: (...given: Parameters<SubtleCrypto['verify']>) =>
        ++calls > 3 ? Promise.reject(new DOMException('', 'OperationError')) : real.verify(...given),
    } as SubtleCrypto;
    const ed25519 = ed25519Of(failing);
    expect(await ed25519(key.publicKey, message, signature)).toBe(true);
    expect(await ed25519(key.publicKey, message, other)).toBe(false);
    expect(calls).toBe(5);
  });
});
