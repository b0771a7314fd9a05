/**
 * The embedded chain of a ledger that is stopped: a node on a copy of it, for the time of an audit, so that nothing in the
 * data folder changes. Proven by test/audit.e2e.spec.ts.
 */
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { ChainError } from '../anchoring/chain.js';
import { EMBEDDED_CHAIN_ID, startEmbeddedNode, type EmbeddedNode } from '../anchoring/embedded-node.js';

/** What holds the chain. */
const STATE = 'state.json';
/**
 * The account by which a node of this chain is recognised. Port and process of the one that runs, or ran, stand there too:
 * a copy must not have them, or it would end that one.
 */
const RECORD = 'node.json';
const recordSchema = z.object({ marker: z.string() });

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
    if (this.dataDir === undefined || reached.includes(EMBEDDED_CHAIN_ID)) return undefined;
    const chain = join(this.dataDir, 'chain');
    if (!existsSync(join(chain, STATE)) || !existsSync(join(chain, RECORD))) return undefined;
    this.#folder = mkdtempSync(join(tmpdir(), 'meritkedja-chain-copy-'));
    try {
      const { marker } = recordSchema.parse(JSON.parse(readFileSync(join(chain, RECORD), 'utf8')));
      writeFileSync(join(this.#folder, RECORD), JSON.stringify({ marker }));
      copyFileSync(join(chain, STATE), join(this.#folder, STATE));
      this.#node = await startEmbeddedNode({ folder: this.#folder, port: 0, saveIntervalMs: 3_600_000 });
      return this.#node.url;
    } catch (error) {
      // The chain then stays unreached, and the audit says so.
      if (error instanceof ChainError || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#node?.stop();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }
}
