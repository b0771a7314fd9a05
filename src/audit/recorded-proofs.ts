/**
 * The recorded proofs of anchors, block header and receipt, which outlive their chains (S10): from a running ledger, or from
 * a stopped one's store. Whoever gives them is not believed: they prove themselves. Proven by test/audit.e2e.spec.ts.
 */
import { join } from 'node:path';
import { anchorProofStream } from '../anchoring/batches.read.js';
import { isJsonObject } from '../encoding/json.js';
import { openDatabaseToRead } from '../event-store/sqlite-file.js';
import type { AnchorProof } from '../verification/bundle.js';
import type { ProofSource } from './anchors.js';

const TIMEOUT_MS = 20_000;

/** @param ledger address of the service */
export function proofsOver(ledger: string, fetcher: typeof fetch): ProofSource {
  return async (batch, chainId) => {
    try {
      const response = await fetcher(`${ledger}/api/v1/chains/${chainId}/anchors/${batch}`, {
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      return response.ok ? proofIn(await response.json()) : undefined;
    } catch {
      // Not reached, or not JSON: the anchor then stays without its proof, and the audit says so.
      return undefined;
    }
  };
}

/** @param folder `DATA_DIR` of a ledger that is stopped @throws ConfigError */
export function proofsIn(folder: string): ProofSource {
  return (batch, chainId) => {
    const store = openDatabaseToRead(join(folder, 'events.db'));
    try {
      const contents = store
        .prepare<[string], Buffer>(
          `SELECT bytes FROM events CROSS JOIN contents ON contents.position = events.position
           WHERE stream = ? ORDER BY revision DESC`,
        )
        .pluck()
        .all(anchorProofStream(batch));
      const proofs = contents.flatMap((bytes) => {
        const { data } = JSON.parse(bytes.toString()) as { data: unknown };
        return proofIn(data) ?? [];
      });
      return Promise.resolve(proofs.find((proof) => proof.chainId === chainId));
    } finally {
      store.close();
    }
  };
}

/** Its members are looked at by `checkReceiptProof`, which takes none of them to be of its type. */
function proofIn(json: unknown): AnchorProof | undefined {
  const proof = isJsonObject(json) ? json['proof'] : undefined;
  return isJsonObject(proof) ? (proof as unknown as AnchorProof) : undefined;
}
