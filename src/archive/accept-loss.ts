/**
 * S16: going on after a loss. The log that is at hand gets a new origin and a new log key; its first event under them
 * names the last head of the old origin that is known anywhere. The old key signs nothing any more, what it signed last
 * is kept beside the new file. Can be called again after a crash anywhere.
 *
 * Crash states: (1) keys and `LossAccepted` are in the store together or not at all (on EventStoreDB the keys first,
 * which nothing uses until the ledger names them); (2) the last head of the old origin is renamed; (3) the store says
 * that the loss was accepted. Between (1) and (3) a service that starts is read-only still, or finds the old head and
 * ends; the same command goes on from there. Proven by restore.int.spec.ts.
 */
import { renameSync } from 'node:fs';
import { LEDGER_STREAM, type LossAccepted } from '../anchoring/anchoring.events.js';
import { ledgerDecider } from '../anchoring/ledger.js';
import { signer } from '../crypto/ed25519.js';
import type { Secrets } from '../crypto/secrets.js';
import { readFileIfThere } from '../crypto/secret-file.js';
import { toBase64 } from '../encoding/base64.js';
import { toHex } from '../encoding/hex.js';
import { InvariantError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { prepare } from '../event-store/handle.js';
import { makeLedgerKeys, readLedgerKeys } from '../ledger-keys.js';
import { formatVerifierKey, parseVerifierKey } from '../log/note.js';
import { entriesLost, lastHeadPath, lastSignedHead, newestLost, type LogContents } from './known-heads.js';
import { recordRestoration, restorationOf, type Loss } from './restoration.js';

export interface AcceptingLoss {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly keysDir: string;
  readonly log: LogContents;
  /** At least one. */
  readonly losses: readonly Loss[];
  /** Newest block of each chain that was compared: anchors up to there may be of the lost log. */
  readonly lostUpTo: readonly { readonly chainId: number; readonly blockNumber: number }[];
  readonly now: Date;
}

/** @returns the origin and key under which the ledger goes on */
export async function acceptLoss(accepting: AcceptingLoss): Promise<{ origin: string; vkey: string }> {
  const { store, keysDir, now, log } = accepting;
  const { ledger } = log;
  const next = isAcceptedAlready(accepting) ? ledger : await appendLoss(accepting);
  const last = lastSignedHead(keysDir);
  if (last && last.origin !== next.origin) {
    const former = ledger.origin === next.origin ? ledger.former.at(-1)! : ledger;
    const path = lastHeadPath(keysDir);
    renameSync(path, path.replace(/\.json$/, `-${toHex(parseVerifierKey(former.vkey).keyId)}.json`));
  }
  const { revision, is } = await restorationOf(store);
  if (is === 'readOnly') {
    const { origin, vkey } = next;
    await recordRestoration(store, revision, { type: 'RestoreLossAccepted', data: { origin, vkey } }, now);
  }
  return { origin: next.origin, vkey: next.vkey };
}

/** Whether a crash came between the event and what follows it: then nothing has been signed under its origin yet. */
export function isAcceptedAlready({ log, keysDir }: Pick<AcceptingLoss, 'log' | 'keysDir'>): boolean {
  const { ledger, tree } = log;
  const former = ledger.former.at(-1);
  if (!former || tree.size !== ledger.originFrom + 1) return false;
  const last = readFileIfThere(lastHeadPath(keysDir)) === undefined ? undefined : lastSignedHead(keysDir);
  return last?.origin !== ledger.origin;
}

async function appendLoss(accepting: AcceptingLoss): Promise<{ origin: string; vkey: string }> {
  const { store, secrets, losses, lostUpTo, now, log } = accepting;
  const { ledger, tree } = log;
  const at = now.toISOString();
  const before = await readLedgerKeys(store, secrets);
  if (before.length === 0) throw new InvariantError('the ledger has no keys');
  const { keys, append } = makeLedgerKeys(secrets, at, before);
  const founded = ledger.former[0]?.origin ?? ledger.origin;
  const origin = `${founded}/${ledger.former.length + 2}`;
  const vkey = formatVerifierKey(origin, signer(keys.logSeed).publicKey);
  const newest = newestLost(losses) ?? { root: toBase64(tree.root()), size: tree.size };
  const lost = entriesLost(losses, tree.size);
  const data: LossAccepted['data'] = {
    previous: {
      origin: ledger.origin,
      vkey: ledger.vkey,
      ...(newest.size === undefined ? {} : { size: newest.size }),
      root: newest.root,
    },
    ...(lost === undefined ? {} : { entriesLost: lost }),
    lostUpTo,
    origin,
    vkey,
  };
  const { append: accepted } = await prepare(store, ledgerDecider, {
    stream: LEDGER_STREAM,
    command: { type: 'AcceptLoss', ...data },
    context: undefined,
    meta: { at, by: 'operator', logSize: tree.size },
  });
  if (!accepted) throw new InvariantError('accepting a loss decided nothing');
  await store.appendMany([append, accepted]);
  return { origin, vkey };
}
