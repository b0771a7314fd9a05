/** Erasures in a store that was put together from elsewhere (S23): with the ledger's keys, before anybody serves from it. */
import { resolve } from 'node:path';
import type { Config } from '../config.js';
import { openRootSecret, readRootSecret, type KeyPlaces } from '../crypto/root-secret.js';
import { Secrets } from '../crypto/secrets.js';
import type { EventStore } from '../event-store/event-store.js';
import { EpochKeys, opensEpochs } from '../holders/epoch-keys.js';
import { applyErasures } from '../holders/erasure.js';
import { readErasures } from '../holders/erasures-list.js';
import { Vault } from '../holders/vault.js';

/** @throws ConfigError where the ledger's keys are not at hand */
export async function rootSecretOf(config: Config): Promise<Uint8Array> {
  const places = { dataDir: resolve(config.dataDir), keysDir: resolve(config.keysDir), masterKey: config.masterKey };
  return (await openRootSecret(places, false, (secret) => opensEpochs(places.keysDir, secret))).secret;
}

/** The secrets and epoch keys of a ledger, for whoever only reads: no file changes. @throws ConfigError as `rootSecretOf` */
export async function keysToRead(
  places: KeyPlaces,
): Promise<{ readonly secrets: Secrets; readonly epochs: EpochKeys }> {
  const secrets = new Secrets(await readRootSecret(places, (secret) => opensEpochs(places.keysDir, secret)));
  return { secrets, epochs: EpochKeys.open(places.keysDir, secrets, false) };
}

/**
 * Deletes everything that is on the list of KEYS_DIR, or that the store itself knows to be erased, wherever it lies.
 * @throws ConfigError where there is a list and the keys are not at hand: put them back, and restore again
 */
export async function applyErasuresTo(store: EventStore, config: Config, now: () => Date): Promise<void> {
  const keysDir = resolve(config.keysDir);
  if (readErasures(keysDir).length === 0) return;
  const secrets = new Secrets(await rootSecretOf(config));
  const epochs = EpochKeys.open(keysDir, secrets, false);
  const vault = new Vault(store, secrets, epochs);
  await applyErasures({ store, vault, secrets, config: { keysDir }, now }, { thorough: true });
}
