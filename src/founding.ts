/**
 * The founding of a ledger: its name, its own keys and the log's first event, made once in an empty store, by however
 * many nodes start over it at the same time. Proven by founding.spec.ts and ledger.int.spec.ts.
 */
import { LEDGER_STREAM } from './anchoring/anchoring.events.js';
import { ledgerDecider } from './anchoring/ledger.js';
import type { Config } from './config.js';
import { signer, type Ed25519Signer } from './crypto/ed25519.js';
import type { Secrets } from './crypto/secrets.js';
import { ConcurrencyError, InvariantError } from './errors.js';
import type { EventStore } from './event-store/event-store.js';
import { load, prepare } from './event-store/handle.js';
import { makeLedgerKeys, readLedgerKeys, type LedgerKeys } from './ledger-keys.js';
import { formatVerifierKey } from './log/note.js';

/** Nodes that start over an empty store at the same time; each may lose to the others. */
const FOUNDING_ATTEMPTS = 8;

export interface Founded {
  readonly keys: LedgerKeys;
  /** The log's name in checkpoints. */
  readonly origin: string;
  /** The log's key as notes have it. */
  readonly vkey: string;
  /** After an accepted loss (S16): size of the log at which it went on under this origin. */
  readonly wentOnAt?: number;
}

/** The log's own signer. */
export function logSigner(keys: LedgerKeys): Ed25519Signer {
  return signer(keys.logSeed);
}

/** The log's name: its URL without the scheme (c2sp.org/tlog-checkpoint). */
export function originOf(publicUrl: string): string {
  return `${publicUrl.replace(/^https?:\/\//, '')}/log`;
}

/** Whether a log's name is of an address: the one it was founded with, or one that it went on under after a loss. */
export function isNameOf(origin: string, publicUrl: string): boolean {
  const founded = originOf(publicUrl);
  return (
    origin === founded ||
    (origin.startsWith(`${founded}/`) && /^[2-9]$|^[1-9]\d+$/.test(origin.slice(founded.length + 1)))
  );
}

/**
 * The ledger's keys and name; founds it in an empty store, together with other nodes that do, and goes on where one was
 * cut off: keys that are kept are the ledger's, whoever made them.
 */
export async function founded(
  ...given: [store: EventStore, secrets: Secrets, config: Pick<Config, 'publicUrl'>, now: () => Date]
): Promise<Founded> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await foundedOnce(...given);
    } catch (error) {
      if (!(error instanceof ConcurrencyError) || attempt >= FOUNDING_ATTEMPTS) throw error;
    }
  }
}

async function foundedOnce(
  store: EventStore,
  secrets: Secrets,
  config: Pick<Config, 'publicUrl'>,
  now: () => Date,
): Promise<Founded> {
  const { state } = await load(store, ledgerDecider, LEDGER_STREAM);
  if (state.is === 'founded') {
    const { origin, vkey } = state;
    // After an accepted loss there are keys of before it too (S16).
    const isOurs = (keys: LedgerKeys): boolean => formatVerifierKey(origin, logSigner(keys).publicKey) === vkey;
    const keys = (await readLedgerKeys(store, secrets)).findLast(isOurs);
    if (!keys) throw new InvariantError(`the ledger was founded but its key ${vkey} is not kept`);
    return { keys, origin, vkey, ...(state.former.length > 0 && { wentOnAt: state.originFrom }) };
  }
  const at = now().toISOString();
  const kept = (await readLedgerKeys(store, secrets)).at(-1);
  const { keys, append } = kept ? { keys: kept } : makeLedgerKeys(secrets, at);
  const origin = originOf(config.publicUrl);
  const vkey = formatVerifierKey(origin, logSigner(keys).publicKey);
  const { append: founding } = await prepare(store, ledgerDecider, {
    stream: LEDGER_STREAM,
    command: { type: 'FoundLedger', origin, vkey },
    context: undefined,
    meta: { at, by: 'process:founding' },
  });
  if (!founding) throw new InvariantError('founding the ledger decided nothing');
  // Keys and founding together, or where the store cannot, keys first: without them there would be no ledger.
  await store.appendMany(append ? [append, founding] : [founding]);
  return { keys, origin, vkey };
}
