import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { syntheticLedger } from '../../verification/synthetic-ledger.fixture.js';
import type { TrustFile } from '../../verification/bundle.js';
import { Pins, readTrust, type Storage } from './pins.js';

let trust: TrustFile;
let kept: Map<string, string>;

beforeAll(async () => {
  ({ trust } = await syntheticLedger());
});
beforeEach(() => {
  kept = new Map();
});

const storage = (): Storage => ({
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => void kept.set(key, value),
  removeItem: (key) => void kept.delete(key),
});
const refusing = (): Storage => {
  throw new DOMException('no', 'SecurityError');
};
const origins = (pins: Pins): string[] => pins.all.map((pin) => pin.trust.origin);

describe('a trust file that a person relies on', () => {
  it('S4: is kept nowhere unless the person says so', () => {
    new Pins(storage).add(trust, false);
    expect(kept.size).toBe(0);
    expect(origins(new Pins(storage))).toEqual([]);
  });

  it('is there again where it was to be kept, until it is removed', () => {
    new Pins(storage).add(trust, true);
    const again = new Pins(storage);
    expect(again.all).toEqual([{ trust, isKept: true }]);
    again.remove(trust.origin);
    expect(kept.size).toBe(0);
  });

  it('S4: is neither kept nor found where the storage is not the page’s own', () => {
    const pins = new Pins();
    pins.add(trust, true);
    expect(origins(pins)).toEqual([trust.origin]);
    expect(pins.canKeep).toBe(false);
    expect(origins(new Pins())).toEqual([]);
  });

  it('takes the place of an older one of the same log', () => {
    const pins = new Pins(storage);
    pins.add(trust, true);
    pins.add({ ...trust, chains: [] }, false);
    expect(pins.all).toEqual([{ trust: { ...trust, chains: [] }, isKept: false }]);
    expect(kept.size).toBe(0);
  });

  it('counts for the page’s life where the browser keeps nothing', () => {
    const pins = new Pins(refusing);
    pins.add(trust, true);
    expect(origins(pins)).toEqual([trust.origin]);
  });

  it.each(['no json', '{}', '[{}]', '[{"origin":"x"}]'])('is not taken from a storage that holds %s', (held) => {
    kept.set('meritkedja-trust', held);
    expect(origins(new Pins(storage))).toEqual([]);
  });

  it('is read strictly, and what is wrong is told', () => {
    expect(readTrust(`\uFEFF${JSON.stringify(trust)}`)).toEqual(trust);
    expect(() => readTrust('{')).toThrow(expect.objectContaining({ code: 'badTrust', params: { detail: 'JSON' } }));
    expect(() => readTrust('{"a":1,"a":2}')).toThrow(expect.objectContaining({ code: 'badTrust' }));
    expect(() => readTrust(JSON.stringify({ ...trust, vkey: undefined }))).toThrow(
      expect.objectContaining({ params: { detail: expect.stringContaining('vkey') } }),
    );
  });
});
