/**
 * The ledger's own keys: the log's (Ed25519) and the embedded chain's anchorer (secp256k1). Made once, wrapped under the
 * master key, in a vault stream, so that every worker over the same store signs with the same ones.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { generateKeyPair } from './crypto/ed25519.js';
import type { Secrets } from './crypto/secrets.js';
import { fromBase64url, toBase64url } from './encoding/base64.js';
import type { JsonObject } from './encoding/json.js';
import { ConfigError, EncodingError, InvariantError } from './errors.js';
import type { Append, EventStore } from './event-store/event-store.js';

const STREAM = 'vault-ledger-keys';

export interface LedgerKeys {
  /** Seed of the log's Ed25519 key, 32 bytes. */
  readonly logSeed: Uint8Array;
  /** Private key of the anchorer, 32 bytes. */
  readonly anchorKey: Uint8Array;
}

/**
 * All keys that were ever made, oldest first: one set for each origin (S16).
 * @throws ConfigError for another MASTER_KEY
 */
export async function readLedgerKeys(store: EventStore, secrets: Secrets): Promise<readonly LedgerKeys[]> {
  const made = await store.readStream(STREAM);
  try {
    return made.map(({ data }) => ({
      logSeed: unwrap(secrets, data, 'logSeed'),
      anchorKey: unwrap(secrets, data, 'anchorKey'),
    }));
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new ConfigError('MASTER_KEY', 'is not the key that this data folder was made with; use that one');
  }
}

/**
 * New keys and the append that keeps them.
 * @param before the keys that were made before, where a loss was accepted (S16): the log's key is another, the anchorer
 *   stays, so that what it has anchored counts
 */
export function makeLedgerKeys(
  secrets: Secrets,
  at: string,
  before: readonly LedgerKeys[] = [],
): { keys: LedgerKeys; append: Append } {
  // Any 32 bytes below the curve's order are a secp256k1 key; a random one is not with probability 2^-128.
  const anchorKey = before.at(-1)?.anchorKey ?? new Uint8Array(randomBytes(32));
  const keys = { logSeed: generateKeyPair().seed, anchorKey };
  return {
    keys,
    append: {
      stream: STREAM,
      expectedRevision: before.length - 1,
      events: [
        {
          id: randomUUID(),
          type: 'LedgerKeysMade',
          v: 1,
          at,
          by: 'process:founding',
          data: {
            logSeed: toBase64url(secrets.wrap(keys.logSeed, placeOf('logSeed'))),
            anchorKey: toBase64url(secrets.wrap(keys.anchorKey, placeOf('anchorKey'))),
          },
        },
      ],
    },
  };
}

function unwrap(secrets: Secrets, data: JsonObject, name: keyof LedgerKeys): Uint8Array {
  const wrapped = data[name];
  if (typeof wrapped !== 'string') throw new InvariantError(`${STREAM} holds no ${name}`);
  return secrets.unwrap(fromBase64url(wrapped), placeOf(name));
}

function placeOf(name: keyof LedgerKeys): string {
  return `ledger/${name}`;
}
