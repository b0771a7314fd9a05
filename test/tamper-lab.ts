/**
 * A real ledger that somebody with all its keys could tamper with: its life done over HTTP, its log read as anybody reads
 * it, its log key taken from its own folder. What is tried on it stands in `tamper-lab.e2e.spec.ts`.
 */
import { join } from 'node:path';
import { rootSecretOf } from '../src/archive/erasures.js';
import { httpLogSource } from '../src/audit/http-log-source.js';
import { readConfig } from '../src/config.js';
import { signer, type Ed25519Signer } from '../src/crypto/ed25519.js';
import { Secrets } from '../src/crypto/secrets.js';
import { openSqliteEventStore } from '../src/event-store/sqlite.js';
import { EVENT_TYPES } from '../src/event-types.js';
import { readLedgerKeys } from '../src/ledger-keys.js';
import { parseCheckpoint } from '../src/log/checkpoint.js';
import { parseNote } from '../src/log/note.js';
import { decodeEntryBundle, TILE_WIDTH, tileWidth } from '../src/log/tiles.js';
import type { ProofBundle, TrustFile } from '../src/verification/bundle.js';
import { anchored, definition, issuance, organisation, world, type World } from './samples.js';
import { Service, type Parsed } from './service.js';

export interface Lab {
  readonly service: Service;
  readonly world: World;
  /** Of the log that anybody can read, after everything. */
  readonly entries: readonly Uint8Array[];
  /** The newest signed head, and one of before the last things happened. */
  readonly checkpoint: string;
  readonly earlierCheckpoint: string;
  readonly logKey: Ed25519Signer;
  readonly trust: TrustFile;
  /** Of a credential in force, of one that was revoked, and of that one from before it was. */
  readonly bundle: ProofBundle;
  readonly revoked: ProofBundle;
  readonly beforeRevocation: ProofBundle;
  /** Of a credential by another issuer under another definition. */
  readonly other: ProofBundle;
  /** Address of the chain's node. */
  readonly rpc: string;
}

export async function lab(): Promise<Lab> {
  const service = await Service.start();
  const w = await world(service);
  const issue = async (definitionId: string, organisationId: string): Promise<string> =>
    (await service.post('/api/v1/credentials', issuance(definitionId, organisationId))).id as string;
  const held = await issue(w.definitionId, w.issuer);
  const revoked = await issue(w.definitionId, w.issuer);
  const third = (await service.post('/api/v1/organisations', organisation(9, 'Tredje parten'))).id as string;
  const otherDefinition = (await service.post('/api/v1/definitions', definition(third, 'Något annat'))).id as string;
  await service.post(`/api/v1/definitions/${otherDefinition}/publish`, {});
  const other = await issue(otherDefinition, third);
  await anchored(service);
  const proof = (id: string): Promise<ProofBundle> => service.ok(`/api/v1/credentials/${id}/proof`);
  const beforeRevocation = await proof(revoked);
  const earlierCheckpoint = (await service.request('/log/checkpoint')).text;
  await service.post(`/api/v1/credentials/${revoked}/revoke`, { reason: 'issuedInError' });
  await service.post(`/api/v1/organisations/${w.issuer}/keys`, {});
  await service.post(`/api/v1/definitions/${w.definitionId}/publish`, { changes: 'Ny utgåva' });
  await issue(w.definitionId, w.issuer);
  await anchored(service);
  const read = await readLog(service);
  const bundles = { bundle: await proof(held), revoked: await proof(revoked), other: await proof(other) };
  const trust: TrustFile = await service.ok('/.well-known/meritkedja.json');
  await service.stop();
  const logKey = await logKeyOf(service);
  await service.restart();
  const node: Parsed = await service.ok('/.well-known/meritkedja.json');
  const rpc: string = node.chains[0].rpcUrls[0];
  return { service, world: w, ...read, earlierCheckpoint, logKey, trust, ...bundles, beforeRevocation, rpc };
}

async function readLog(service: Service): Promise<{ entries: readonly Uint8Array[]; checkpoint: string }> {
  const source = httpLogSource(`${service.url}/log`);
  const checkpoint = await source.checkpoint();
  const { size } = parseCheckpoint(parseNote(checkpoint).text);
  const entries: Uint8Array[] = [];
  for (let number = 0; number * TILE_WIDTH < size; number += 1) {
    const width = tileWidth('entries', number, size);
    entries.push(...decodeEntryBundle(await source.bundle(number, width), width));
  }
  await source.close();
  return { entries, checkpoint };
}

async function logKeyOf(service: Service): Promise<Ed25519Signer> {
  const config = readConfig({ DATA_DIR: service.dataDir });
  const store = openSqliteEventStore(join(service.dataDir, 'events.db'), EVENT_TYPES);
  try {
    const keys = await readLedgerKeys(store, new Secrets(await rootSecretOf(config)));
    return signer(keys.at(-1)!.logSeed);
  } finally {
    await store.close();
  }
}
