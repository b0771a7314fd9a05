/**
 * The log's signed heads as the rest of a node uses them, whether it signs them itself (`head-signer.ts`) or serves
 * those that a worker has signed (`head-follower.ts`). They stand in the stream `vault-signed-heads`, which every node
 * reads in the store's order and compares with its own tree (`transparency-log.ts`, S15).
 */
import { z } from 'zod';
import { equalBytes } from '../encoding/bytes.js';
import { fromBase64 } from '../encoding/base64.js';
import type { HashedTree } from './merkle-tree.js';

export const SIGNED_HEADS_STREAM = 'vault-signed-heads';

/** A size with its root, in base64. */
export const headSchema = z.object({ size: z.number().int().min(0), root: z.base64() });
export type Head = z.output<typeof headSchema>;

/** As it stands in the stream: with the signed note. */
export const signedHeadSchema = headSchema.extend({ checkpoint: z.string() });
export type SignedHead = Readonly<z.output<typeof signedHeadSchema>>;

export interface SignedHeads {
  /** The newest head that may be served; undefined before the first, and while there is a `problem`. */
  readonly latest: SignedHead | undefined;
  /** Why nothing may be served (S15): a head was signed that is not of this node's tree. */
  readonly problem: string | undefined;
  /**
   * A head that covers at least `size` entries.
   * @throws UnavailableError where it has to come from elsewhere and does not; with a `problem` that, or InvariantError
   *   where this node signs
   */
  covering(size: number): Promise<SignedHead>;
  /** The newest head there can be now. Throws as `covering` does. */
  newest(): Promise<SignedHead>;
  /**
   * The note of a size that was signed.
   * @throws InvariantError for one that never was; UnavailableError where it is not here yet; with a `problem` as
   *   `covering` does
   */
  noteOf(size: number): SignedHead;
}

/** Why a tree does not extend a signed head, in words that go on from "this node"; undefined where it does. */
export function contradictionOf(tree: HashedTree, { size, root }: Head): string | undefined {
  if (size > tree.size) {
    return (
      `holds an older copy of the ledger: the log's key has signed ${size} entries, this event store has only ` +
      `${tree.size}`
    );
  }
  if (equalBytes(tree.root(size), fromBase64(root))) return undefined;
  return `holds another history: its first ${size} entries are not those that the log's key has signed`;
}
