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
import { NO_STREAM, type Append, type EventStore } from './event-store/event-store.js';

const STREAM = 'vault-ledger-keys';

export interface LedgerKeys {
  /** Seed of the log's Ed25519 key, 32 bytes. */
  readonly logSeed: Uint8Array;
  /** Private key of the anchorer, 32 bytes. */
  readonly anchorKey: Uint8Array;
}

/** The kept keys, or undefined where the ledger has not been founded. @throws ConfigError for another MASTER_KEY */
export async function readLedgerKeys(store: EventStore, secrets: Secrets): Promise<LedgerKeys | undefined> {
  const [made] = await store.readStream(STREAM);
  if (!made) return undefined;
  try {
    return { logSeed: unwrap(secrets, made.data, 'logSeed'), anchorKey: unwrap(secrets, made.data, 'anchorKey') };
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error;
    throw new ConfigError('MASTER_KEY', 'is not the key that this data folder was made with; use that one');
  }
}

/** New keys and the append that keeps them. */
export function makeLedgerKeys(secrets: Secrets, at: string): { keys: LedgerKeys; append: Append } {
  // Any 32 bytes below the curve's order are a secp256k1 key; a random one is not with probability 2^-128.
  const keys = { logSeed: generateKeyPair().seed, anchorKey: new Uint8Array(randomBytes(32)) };
  return {
    keys,
    append: {
      stream: STREAM,
      expectedRevision: NO_STREAM,
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
