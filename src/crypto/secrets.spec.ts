/** Deterministic ids and wrapping under the master key: nobody without it gets either (S21). */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EncodingError, InvariantError } from '../errors.js';
import { Secrets, unwrapUnder, uuidFrom, wrapUnder } from './secrets.js';

const master = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('a master key', () => {
  it('has 32 bytes', () => {
    expect(() => new Secrets(new Uint8Array(31))).toThrow(InvariantError);
  });
});

describe('a deterministic id', () => {
  const secrets = new Secrets(master(1));

  it('S21: is the same for the same request, and a UUID of version 4', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (token, key) => {
        const id = secrets.id('credential', token, key);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(new Secrets(master(1)).id('credential', token, key)).toBe(id);
      }),
    );
  });

  it('S21: needs the secret: another master key gives another', () => {
    expect(new Secrets(master(2)).id('credential', 'a')).not.toBe(secrets.id('credential', 'a'));
  });

  it('tells purposes and the parts’ borders apart', () => {
    expect(secrets.id('holder', 'a')).not.toBe(secrets.id('member', 'a'));
    expect(secrets.id('event', 'ab', 'c')).not.toBe(secrets.id('event', 'a', 'bc'));
    expect(secrets.id('event', 1)).not.toBe(secrets.id('event', '1'));
  });

  it('is not changed by what it is made from being changed later', () => {
    const bytes = new Uint8Array(16).fill(0xff);
    uuidFrom(bytes);
    expect(bytes).toEqual(new Uint8Array(16).fill(0xff));
  });
});

describe('a wrapped key', () => {
  it('S23: opens under its key for its place, and is never the same twice', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.string(), (key, secret, place) => {
        const wrapped = wrapUnder(key, secret, place);
        expect(unwrapUnder(key, wrapped, place)).toEqual(secret);
        expect(wrapUnder(key, secret, place)).not.toEqual(wrapped);
      }),
    );
  });

  it('S23: opens for no other place, under no other key, and with no bit changed', () => {
    const secrets = new Secrets(master(1));
    const wrapped = secrets.wrap(master(9), 'vault-holder-a');
    expect(secrets.unwrap(wrapped, 'vault-holder-a')).toEqual(master(9));
    expect(() => secrets.unwrap(wrapped, 'vault-holder-b')).toThrow(EncodingError);
    expect(() => new Secrets(master(2)).unwrap(wrapped, 'vault-holder-a')).toThrow(/MASTER_KEY/);
    for (let i = 0; i < wrapped.length; i += 1) {
      const corrupt = wrapped.map((byte, at) => (at === i ? byte ^ 1 : byte));
      expect(() => secrets.unwrap(corrupt, 'vault-holder-a')).toThrow(EncodingError);
    }
    expect(() => secrets.unwrap(wrapped.subarray(0, 27), 'vault-holder-a')).toThrow(/too short/);
  });
});
