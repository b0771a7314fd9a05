import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { decodeStatusList, encodeStatusList, setStatusBit, STATUS_LIST_BYTES, statusBit } from './status-list.js';

const empty = (): Uint8Array => new Uint8Array(STATUS_LIST_BYTES);
const encoded = (bytes: Uint8Array): string => `u${toBase64url(gzipSync(bytes))}`;

describe('a status list', () => {
  it('S25: has its first index in the left-most bit of the first byte', () => {
    const bits = empty();
    setStatusBit(bits, 0, true);
    setStatusBit(bits, 9, true);
    setStatusBit(bits, 131_071, true);
    expect([bits[0], bits[1], bits.at(-1)]).toEqual([0x80, 0x40, 0x01]);
    expect([0, 1, 9, 131_071].map((index) => statusBit(bits, index))).toEqual([true, false, true, true]);
    setStatusBit(bits, 0, false);
    expect(statusBit(bits, 0)).toBe(false);
  });

  it.each([-1, 131_072, 0.5, Number.NaN])('has no entry %d', (index) => {
    expect(() => statusBit(empty(), index)).toThrow('no entry');
  });

  it('comes back from its encoding', async () => {
    const indices = fc.uniqueArray(fc.integer({ min: 0, max: 131_071 }), { maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(indices, async (set) => {
        const bits = empty();
        for (const index of set) setStatusBit(bits, index, true);
        expect(await decodeStatusList(await encodeStatusList(bits))).toEqual(bits);
      }),
      { numRuns: 20 },
    );
  });

  it('S25: stays within 22 kB when its bits cannot be compressed', async () => {
    const bits = empty();
    let state = 1;
    for (let i = 0; i < bits.length; i++) bits[i] = (state = (state * 48_271) % 2_147_483_647) >> 8;
    const text = await encodeStatusList(bits);
    expect(text.length).toBeLessThan(22_528);
    expect(await decodeStatusList(text)).toEqual(bits);
  });

  it('tells neither time nor system in its gzip header', async () => {
    const header = fromBase64url((await encodeStatusList(empty())).slice(1)).slice(0, 10);
    expect([...header.slice(0, 8), header[9]]).toEqual([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 255]);
  });

  it('is read from what another gzip wrote', async () => {
    expect(await decodeStatusList(encoded(empty()))).toEqual(empty());
  });

  it.each([
    ['another multibase', `z${encoded(empty()).slice(1)}`],
    ['no base64url', 'u====='],
    ['no gzip', `u${toBase64url(new Uint8Array(100))}`],
    ['a cut end', encoded(empty()).slice(0, -8)],
    ['no bytes at all', 'u'],
    ['one entry byte too few', encoded(new Uint8Array(STATUS_LIST_BYTES - 1))],
    ['one entry byte too many', encoded(new Uint8Array(STATUS_LIST_BYTES + 1))],
    ['20 MB of zeros in 20 kB', encoded(new Uint8Array(20_000_000))],
    ['a text beyond all need', `u${'A'.repeat(30_000)}`],
  ])('is refused for %s', async (_, text) => {
    await expect(decodeStatusList(text)).rejects.toThrow(/status list|base64/);
  });

  it('is not encoded at another length', async () => {
    await expect(encodeStatusList(new Uint8Array(10))).rejects.toThrow('16384 bytes');
  });
});
