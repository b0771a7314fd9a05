/**
 * The embedded chain of a ledger that is stopped: a node on a copy of it, for the time of an audit, so that nothing in the
 * data folder changes. Proven by test/audit.e2e.spec.ts.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChainError } from '../anchoring/chain.js';
import { EMBEDDED_CHAIN_ID, startEmbeddedNode, type EmbeddedNode } from '../anchoring/embedded-node.js';

/** What holds the chain. Whose process it was stands in another file, which a copy must not have. */
const STATE = 'state.json';

export class EmbeddedChainCopy {
  #folder: string | undefined;
  #node: EmbeddedNode | undefined;

  /** @param dataDir of the ledger; undefined where there is none at hand */
  constructor(private readonly dataDir: string | undefined) {}

  /**
   * @param reached chains that answer already
   * @returns the address of a node on the copy; undefined where it is not needed, or there is no chain to copy
   */
  async endpointUnless(reached: readonly number[]): Promise<string | undefined> {
    const state = this.dataDir === undefined ? undefined : join(this.dataDir, 'chain', STATE);
    if (state === undefined || reached.includes(EMBEDDED_CHAIN_ID) || !existsSync(state)) return undefined;
    this.#folder = mkdtempSync(join(tmpdir(), 'meritkedja-chain-copy-'));
    copyFileSync(state, join(this.#folder, STATE));
    try {
      this.#node = await startEmbeddedNode({ folder: this.#folder, port: 0, saveIntervalMs: 3_600_000 });
      return this.#node.url;
    } catch (error) {
      // The chain then stays unreached, and the audit says so.
      if (error instanceof ChainError) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#node?.stop();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}
