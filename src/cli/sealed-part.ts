/**
 * The half of `meritkedja audit --data-dir` that needs the operator's keys: opens the store and the keys of a stopped service,
 * read only, and audits what is sealed. Where they are not at hand it says why, and the rest of the audit stands by itself.
 * Proven by test/audit.e2e.spec.ts.
 */
import { join } from 'node:path';
import { keysToRead } from '../archive/erasures.js';
import type { Findings } from '../audit/findings.js';
import { auditSealed, type SealedAudit } from '../audit/sealed-audit.js';
import type { KeyPlaces } from '../crypto/root-secret.js';
import { ConfigError, InvariantError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { DamagedFileError, isDriverError } from '../event-store/sqlite-file.js';
import { openSqliteEventStoreToRead } from '../event-store/sqlite.js';
import { ERASURES_STREAM } from '../holders/erasure.js';
import { readErasures } from '../holders/erasures-list.js';
import { Vault } from '../holders/vault.js';

/** The event store, below DATA_DIR. */
export const EVENTS_FILE = 'events.db';

export type SealedReport =
  | ({ readonly audited: true } & Omit<SealedAudit, 'findings' | 'counts'>)
  | { readonly audited: false; readonly reason: string };

/**
 * @param places resolved
 * @param size entries of the log that are audited
 * @param findings where those go that there are
 */
export async function auditSealedPart(
  places: KeyPlaces,
  size: number,
  onProgress: (done: number, of: number) => void,
  findings: Findings,
): Promise<SealedReport> {
  let store: EventStore | undefined;
  try {
    const { secrets, epochs } = await keysToRead(places);
    store = opened(join(places.dataDir, EVENTS_FILE));
    const listed = readErasures(places.keysDir).map(({ holder }) => holder);
    const carriedOut = (await store.readStream(ERASURES_STREAM)).map(({ data }) => data['holder']);
    const erased = new Set([...listed, ...carriedOut].filter((holder) => typeof holder === 'string'));
    const audit = await auditSealed(store, new Vault(store, secrets, epochs), erased, { size, onProgress });
    const { findings: list, counts, ...counted } = audit;
    findings.merge({ list, counts });
    return { audited: true, ...counted };
  } catch (error) {
    const isDamage =
      isDriverError(error) || error instanceof DamagedFileError || error instanceof StoreContradictsItself;
    if (!(error instanceof ConfigError) && !isDamage) throw error;
    if (isDamage) findings.error('S22', 'storeUnreadable', (error as Error).message);
    return { audited: false, reason: (error as Error).message };
  } finally {
    await store?.close();
  }
}

class StoreContradictsItself extends ConfigError {}

function opened(path: string): EventStore {
  try {
    return openSqliteEventStoreToRead(path);
  } catch (error) {
    if (!(error instanceof InvariantError)) throw error;
    throw new StoreContradictsItself('DATA_DIR', error.message);
  }
}
