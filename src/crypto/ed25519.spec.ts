/** One set of edge cases for all implementations of Ed25519 in use (S26): they agree with each other and the rule. */
import { describe, expect, it } from '@jest/globals';
import * as noble from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { fromHex, toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { verifyEd25519 as verifyByNoble } from '../log/ed25519.js';
import { ed25519Of, PLAIN, verifySignature } from '../verification/platform.js';
import { generateKeyPair, signer, verifyEd25519 as verifyByNode } from './ed25519.js';

const { Point } = noble;
const L = Point.CURVE().n;
const P = Point.CURVE().p;
noble.hashes.sha512 = sha512;

/** Every case of this file with its answer, for the implementation that takes its time: see the end. */
const cases: (readonly [Uint8Array, Uint8Array, Uint8Array, boolean])[] = [];

/** Both answers, which must be one. */
function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const byNode = verifyByNode(publicKey, message, signature);
  cases.push([publicKey, message, signature, byNode]);
  expect(verifyByNoble(publicKey, message, signature)).toBe(byNode);
  return byNode;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}

describe('the vectors of RFC 8032, section 7.1', () => {
  it.each([
    [
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('seed %s', (seed, publicKey, message, signature) => {
    const key = signer(fromHex(seed));
    expect(toHex(key.publicKey)).toBe(publicKey);
    expect(toHex(key.sign(fromHex(message)))).toBe(signature);
    expect(verify(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(true);
  });
});

/**
 * novifinancial/ed25519-speccheck (Chalkias, Garillot, Nikolaenko: "Taming the many EdDSAs", table 5), cases.txt of
 * 2297da78 and, as 12 and 13, cases 8 and 9 of cases.json of 336651ba. Only case 3 satisfies the strict rule.
 */
const SPECCHECK: readonly [string, boolean, string, string, string][] = [
  [
    '0: A and R of small order, S = 0',
    false,
    '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    '1: A of small order, R mixed',
    false,
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    '2: R of small order, A mixed',
    false,
    'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
  ],
  [
    '3: A and R mixed, right with and without cofactor',
    true,
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ],
  [
    '4: A and R mixed, right with cofactor only',
    false,
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ],
  [
    '5: A mixed, right with cofactor only and k not reduced early',
    false,
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d',
    '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
  ],
  [
    '6: S above L',
    false,
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
  ],
  [
    '7: S far above L',
    false,
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623',
    '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
  ],
  [
    '8: R not canonical, hashed reduced',
    false,
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f',
  ],
  [
    '9: R not canonical, hashed as it is',
    false,
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908',
  ],
  [
    '10: A not canonical, hashed reduced',
    false,
    'e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    '11: A not canonical, hashed as it is',
    false,
    '39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    '12: R = p for y = 0, hashed reduced',
    false,
    'fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607',
  ],
  [
    '13: R = p for y = 0, hashed as it is',
    false,
    '84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f084d5b99c2a9463d9c8bd5026916969984eeec87ddf1d3be329006ace1b37b09',
  ],
];

describe('S26: Speccheck', () => {
  it.each(SPECCHECK)('case %s: %s', (_, expected, message, publicKey, signature) => {
    expect(verify(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(expected);
  });
});

/** C2SP/wycheproof testvectors_v1/ed25519_test.json at 00de17e3: one key; the numbers are its tcId. */
const WYCHEPROOF_KEY = fromHex('7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa');
const WYCHEPROOF: readonly [number, boolean, string, string][] = [
  [
    1,
    true,
    '',
    'd4fbdb52bfa726b44d1786a8c0d171c3e62ca83c9e5bbe63de0bb2483f8fd6cc1429ab72cafc41ab56af02ff8fcc43b99bfe4c7ae940f60f38ebaa9d311c4007',
  ],
  [
    3,
    true,
    '54657374',
    '7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d',
  ],
  [
    5,
    true,
    '313233343030',
    '657c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c2bf0cf5b3a289976458a1be6277a5055545253b45b07dcc1abd96c8b989c00f301',
  ],
  [
    9,
    true,
    'ffffffffffffffffffffffffffffffff',
    '5dbd7360e55aa38e855d6ad48c34bd35b7871628508906861a7c4776765ed7d1e13d910faabd689ec8618b78295c8ab8f0e19c8b4b43eb8685778499e943ae04',
  ],
  [30, false, '54657374', ''],
  [31, false, '54657374', '7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab0'],
  [
    32,
    false,
    '54657374',
    '7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946',
  ],
  [
    33,
    false,
    '54657374',
    '7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d2020',
  ],
  [
    34,
    false,
    '54657374',
    '7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab07a9155711ecfaf7f99f277bad0c6ae7e39d4eef676573336a5c51eb6f946b30d7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa',
  ],
  [
    38,
    false,
    '546573743137',
    '93de3ca252426c95f735cb9edd92e83321ac62372d5aa5b379786bae111ab6b17251330e8f9a7c30d6993137c596007d7b001409287535ac4804e662bc58a3',
  ],
  [
    42,
    false,
    '313233343030',
    '647c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c2b1d125e5538f38afbcc1c84e489521083041d24bc6240767029da063271a1ff0c',
  ],
  [
    58,
    false,
    '313233343030',
    '657c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281c6b8da07efd07a6dafb015ed6a32fe136319a972ffbc341f3a0beae97ccf8136505',
  ],
  [
    59,
    false,
    '313233343030',
    '657c1492402ab5ce03e2c3a7f0384d051b9cf3570f1207fc78c1bcc98c281cab227aedf259f910f0f3a759a335062665217925d019173b88917eae294f75d40f',
  ],
  [
    60,
    false,
    '313233343030',
    '0000000000000000000000000000000000000000000000000000000000000000e0b8e7770d51c7a36375d006c5bffd6af43ff54aaf47e4330dc118c71d61ec02',
  ],
  [
    61,
    false,
    '313233343030',
    'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff463a1908382e7eb7693acef9884f7cf931a215e0791876be22c631a59881fd0e',
  ],
  [
    63,
    false,
    '54657374',
    '7c38e026f29e14aabd059a0f2db8b0cd783040609a8be684db12f82a27774ab067654bce3832c2d76f8f6f5dafc08d9339d4eef676573336a5c51eb6f946b31d',
  ],
];

describe('S26: Wycheproof', () => {
  it.each(WYCHEPROOF)('test %d: %s', (_, expected, message, signature) => {
    expect(verify(WYCHEPROOF_KEY, fromHex(message), fromHex(signature))).toBe(expected);
  });

  it('tests 10 to 29: special values of R and S', () => {
    for (const r of [0n, 1n, L, P]) {
      for (const s of [0n, 1n, L - 1n, L, P]) {
        const signature = concatBytes(littleEndian(r), littleEndian(s));
        expect(verify(WYCHEPROOF_KEY, utf8('?'), signature)).toBe(false);
      }
    }
  });
});

/** Multiples of a point of order 8: all points of small order. */
const GENERATOR_8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa', false);
const SMALL_ORDER = Array.from({ length: 8 }, (_, i) => GENERATOR_8.multiply(BigInt(i), false));

/** Their encodings: canonical, with y + p where that fits, and with the sign bit set where x = 0. */
const SMALL_ORDER_ENCODINGS = [
  ...new Set(
    [...SMALL_ORDER.map((point) => point.toAffine().y), P, P + 1n].flatMap((y) =>
      [0, 128].map((sign) => {
        const bytes = littleEndian(y);
        bytes[31]! |= sign;
        return toHex(bytes);
      }),
    ),
  ),
].map(fromHex);

describe('S26: points of small order', () => {
  it('are 8, in 14 encodings', () => {
    expect(new Set(SMALL_ORDER.map((point) => point.toHex())).size).toBe(8);
    expect(SMALL_ORDER_ENCODINGS).toHaveLength(14);
    for (const bytes of SMALL_ORDER_ENCODINGS) expect(Point.fromBytes(bytes, true).isSmallOrder()).toBe(true);
  });

  it('are refused as A and as R together, where ZIP-215 takes them', () => {
    let taken = 0;
    for (const a of SMALL_ORDER_ENCODINGS) {
      for (const r of SMALL_ORDER_ENCODINGS) {
        const signature = concatBytes(r, littleEndian(0n));
        expect(verify(a, utf8('Zcash'), signature)).toBe(false);
        if (noble.verify(signature, utf8('Zcash'), a, { zip215: true })) taken++;
      }
    }
    expect(taken).toBe(196);
  });

  it('are refused as R alone, with an S that satisfies the equation', () => {
    const secret = 123_456_789_012_345n;
    const publicKey = Point.BASE.multiply(secret).toBytes();
    for (const r of SMALL_ORDER_ENCODINGS) {
      const k = fromLittleEndian(sha512(concatBytes(r, publicKey, utf8('m')))) % L;
      expect(verify(publicKey, utf8('m'), concatBytes(r, littleEndian((k * secret) % L)))).toBe(false);
    }
  });
});

describe('S26: a key with a part of small order', () => {
  const secret = 987_654_321_098_765_432_109n;
  const nonce = 112_233_445_566_778_899n;
  const publicKey = Point.BASE.multiply(secret).add(GENERATOR_8).toBytes();
  const r = Point.BASE.multiply(nonce).toBytes();

  it('is taken exactly where the equation holds without cofactor: both implementations, unlike the library', () => {
    const answers = { strict: 0, library: 0 };
    for (let i = 0; i < 64; i++) {
      const message = Uint8Array.of(i);
      const k = fromLittleEndian(sha512(concatBytes(r, publicKey, message))) % L;
      const signature = concatBytes(r, littleEndian((nonce + k * secret) % L));
      const isRight = verify(publicKey, message, signature);
      expect(isRight).toBe(k % 8n === 0n);
      if (isRight) answers.strict++;
      if (noble.verify(signature, message, publicKey, { zip215: false })) answers.library++;
    }
    expect(answers.library).toBe(64);
    expect(answers.strict).toBeGreaterThan(0);
    expect(answers.strict).toBeLessThan(20);
  });
});

describe('S26: encodings that are not canonical', () => {
  const key = signer(fromHex('01'.repeat(32)));
  const message = utf8('message');
  const signature = key.sign(message);

  it('S + nL is refused', () => {
    const s = fromLittleEndian(signature.subarray(32));
    expect(verify(key.publicKey, message, signature)).toBe(true);
    for (let other = s + L; other < 1n << 256n; other += L) {
      expect(verify(key.publicKey, message, concatBytes(signature.subarray(0, 32), littleEndian(other)))).toBe(false);
    }
  });

  it('y + p is refused, for every y for which it fits', () => {
    for (let y = 0n; y < 19n; y++) {
      for (const sign of [0, 128]) {
        const point = littleEndian(y + P);
        point[31]! |= sign;
        expect(verify(point, message, signature)).toBe(false);
        expect(verify(key.publicKey, message, concatBytes(point, signature.subarray(32)))).toBe(false);
      }
    }
  });

  it('y + p is refused where it would be right for every message: A the neutral point so written, R = [S]B', () => {
    const neutral = littleEndian(1n + P);
    const s = 12_345n;
    const right = concatBytes(Point.BASE.multiply(s).toBytes(), littleEndian(s));
    for (const sign of [0, 128]) {
      neutral[31] = (neutral[31]! & 127) | sign;
      expect(verify(neutral, message, right)).toBe(false);
    }
  });

  it('bytes that are no point are refused', () => {
    let none = 0;
    for (let y = 2n; y < 40n; y++) {
      const bytes = littleEndian(y);
      expect(verify(bytes, message, signature)).toBe(false);
      try {
        Point.fromBytes(bytes, false);
      } catch {
        none++;
      }
    }
    expect(none).toBeGreaterThan(5);
  });
});

describe('S26: a signature', () => {
  it('is of its key and message alone: any bit changed, and it is none', () => {
    const key = signer(generateKeyPair().seed);
    const message = utf8('ett meddelande');
    const signature = key.sign(message);
    expect(verify(key.publicKey, message, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit++) expect(verify(key.publicKey, message, flipped(signature, bit))).toBe(false);
    for (let bit = 0; bit < 256; bit++) expect(verify(flipped(key.publicKey, bit), message, signature)).toBe(false);
    for (let bit = 0; bit < 8 * message.length; bit++) {
      expect(verify(key.publicKey, flipped(message, bit), signature)).toBe(false);
    }
  });

  it('made by either library is right for both', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 200 }),
        (seed, message) => {
          const key = signer(seed);
          expect(key.publicKey).toEqual(new Uint8Array(noble.getPublicKey(seed)));
          const signature = key.sign(message);
          expect(signature).toEqual(new Uint8Array(noble.sign(message, seed)));
          expect(verify(key.publicKey, message, signature)).toBe(true);
          // Buffers are byte arrays too, and stay as they are.
          const [a, s] = [Buffer.from(key.publicKey), Buffer.from(signature)];
          expect(verify(a, Buffer.from(message), s)).toBe(true);
          expect([new Uint8Array(a), new Uint8Array(s)]).toEqual([key.publicKey, signature]);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('of random bytes is refused without an exception', () => {
    const bytes = fc.uint8Array({ maxLength: 70 });
    fc.assert(
      fc.property(bytes, bytes, bytes, (publicKey, message, signature) => {
        expect(verify(publicKey, message, signature)).toBe(false);
      }),
    );
    const [point, pair] = [
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
    ];
    fc.assert(
      fc.property(point, bytes, pair, (publicKey, message, signature) => {
        signature[63] = 0;
        expect(verify(publicKey, message, signature)).toBe(false);
      }),
    );
  });
});

describe('a key pair', () => {
  it('is new each time, and its seed is the key', () => {
    const [one, other] = [generateKeyPair(), generateKeyPair()];
    expect(one.seed).toHaveLength(32);
    expect(one.publicKey).not.toEqual(other.publicKey);
    expect(signer(one.seed).publicKey).toEqual(one.publicKey);
  });

  it('is not made of a seed of another length', () => {
    expect(() => signer(new Uint8Array(31))).toThrow(EncodingError);
    expect(() => signer(new Uint8Array(64))).toThrow(EncodingError);
  });

  it('verifies also when more keys are in use than are kept', () => {
    const keys = Array.from({ length: 1100 }, () => signer(generateKeyPair().seed));
    const signatures = keys.map((key) => key.sign(utf8('m')));
    expect(keys.every((key, i) => verifyByNode(key.publicKey, utf8('m'), signatures[i]!))).toBe(true);
    expect(keys.some((key, i) => verifyByNode(key.publicKey, utf8('n'), signatures[i]!))).toBe(false);
  });
});

/** Last in the file: the cases of all that stands above it. */
describe('S26: WebCrypto, as the verifier uses it', () => {
  it('answers every case of this file as the others do', async () => {
    const ed25519 = ed25519Of(globalThis.crypto.subtle);
    expect(cases.length).toBeGreaterThan(300);
    for (const [publicKey, message, signature, answer] of cases) {
      const given = await verifySignature({ ...PLAIN, ed25519 }, publicKey, message, signature);
      if (given !== answer) throw new Error(`expected ${answer} for ${toHex(publicKey)} and ${toHex(signature)}`);
    }
  });
});
