/**
 * What the verifier takes from the machine that it runs on: a signature check, a hash and gzip. Each can be had in plain
 * JavaScript (`PLAIN`), faster where the platform has its own (`webPlatform`; Node's is `crypto/node-platform.ts`).
 * Whatever checks a signature, what it may say yes to is decided here (S26): encodings that are not strict never reach
 * it, and WebCrypto is used only after it has shown, on the cases in which implementations differ, that it leaves out the
 * cofactor as all others here do. Proven by platform.spec.ts and crypto/ed25519.spec.ts, one set of cases on all.
 */
import { hasStrictEncoding } from '../crypto/ed25519-strict.js';
import { concatBytes } from '../encoding/bytes.js';
import { fromHex, toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { verifyEd25519 } from '../log/ed25519.js';
import { sha256, type Sha256 } from '../log/hash.js';

/**
 * Whether a signature is the key's, of the message.
 * @param publicKey 32 bytes
 * @param message any length
 * @param signature 64 bytes
 */
export type Ed25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean | Promise<boolean>;

export interface Platform {
  readonly ed25519: Ed25519;
  readonly sha256: Sha256;
  /** What the gzip holds, at most `limit` bytes. Throws or rejects with EncodingError when it is broken or longer. */
  readonly gunzip: (bytes: Uint8Array, limit: number) => Uint8Array | Promise<Uint8Array>;
}

/** @noble's arithmetic, and the decompression that browsers and Node have in common. */
export const PLAIN: Platform = { ed25519: verifyEd25519, sha256, gunzip };

let web: Platform | undefined;

/** As `PLAIN`, with the Ed25519 of WebCrypto where there is one that is strict; made once. */
export function webPlatform(): Platform {
  const { crypto } = globalThis as { readonly crypto?: Crypto };
  return (web ??= { ...PLAIN, ed25519: ed25519Of(crypto?.subtle) });
}

/** A signature check that is strict whatever the platform's is (S26). Never throws for a signature's sake. */
export async function verifySignature(
  { ed25519 }: Platform,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return hasStrictEncoding(publicKey, signature) && (await ed25519(publicKey, message, signature));
}

/**
 * WebCrypto's Ed25519 (Web Cryptography API, "Ed25519"), or @noble's where WebCrypto has none, gets a case of `PROBES`
 * wrong, or fails.
 */
export function ed25519Of(subtle: SubtleCrypto | undefined): Ed25519 {
  if (subtle === undefined) return verifyEd25519;
  const keys = new Map<string, CryptoKey>();
  const bySubtle = async (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> => {
    const name = toHex(publicKey);
    let key = keys.get(name);
    if (key === undefined) {
      key = await subtle.importKey('raw', Uint8Array.from(publicKey), 'Ed25519', false, ['verify']);
      if (keys.size >= KEPT_KEYS) keys.clear();
      keys.set(name, key);
    }
    return subtle.verify('Ed25519', key, Uint8Array.from(signature), Uint8Array.from(message));
  };
  let strict: Promise<boolean> | undefined;
  return async (publicKey, message, signature) => {
    if (await (strict ??= isStrict(bySubtle))) {
      try {
        return await bySubtle(publicKey, message, signature);
      } catch {
        // A key that it does not take, or a failure of its own: the other implementation knows which.
      }
    }
    return verifyEd25519(publicKey, message, signature);
  };
}

const KEPT_KEYS = 64;

/** Speccheck's cases 3, 4 and 5: right with and without cofactor; right with it only, so to be refused (S26). */
const PROBES: readonly (readonly [boolean, string, string, string])[] = [
  [
    true,
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ],
  [
    false,
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ],
  [
    false,
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
  ],
];

async function isStrict(ed25519: Ed25519): Promise<boolean> {
  try {
    for (const [right, message, key, signature] of PROBES) {
      if ((await ed25519(fromHex(key), fromHex(message), fromHex(signature))) !== right) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** All that decompression gives, up to the limit: 22 kB of gzip can hold 20 MB of zeros. */
async function gunzip(bytes: Uint8Array, limit: number): Promise<Uint8Array> {
  return through(new DecompressionStream('gzip'), bytes, limit);
}

/** All that a (de)compression gives, up to a limit in bytes. @throws EncodingError when broken or longer */
export async function through(
  transform: CompressionStream | DecompressionStream,
  input: Uint8Array,
  limit: number,
): Promise<Uint8Array> {
  const writer = transform.writable.getWriter();
  const reader = transform.readable.getReader();
  // Failures arrive at the reading side too; the writing side's must not become unhandled rejections.
  writer.write(Uint8Array.from(input)).catch(() => undefined);
  writer.close().catch(() => undefined);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new EncodingError('broken gzip');
    });
    if (done) return concatBytes(...parts);
    length += value.length;
    if (length > limit) {
      await reader.cancel().catch(() => undefined);
      throw new EncodingError(`gzip of more than ${limit} bytes`);
    }
    parts.push(value);
  }
}
