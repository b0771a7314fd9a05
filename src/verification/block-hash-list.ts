/**
 * A list of block hashes, as a ledger publishes it of its anchors on a chain (`/api/v1/chains/{chainId}/anchors`), for
 * the time when the chain is gone (S10). It is worth what whoever kept it is worth: nothing in it is signed, and the
 * ledger's own copy is the operator's word. Read strictly; its form for others is `BLOCK_HASHES_SCHEMA`.
 * Proven by block-hash-list.spec.ts and bundle-schema.spec.ts.
 */
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { InputError, type InputIssue } from '../errors.js';
import type { PinnedBlockHash } from './check-anchor.js';

export interface ListedBlock {
  readonly blockNumber: number;
  /** `0x` and 64 hex digits, in lower case. */
  readonly blockHash: string;
}

export interface BlockHashList {
  readonly type: 'MeritkedjaBlockHashes';
  readonly version: 1;
  /** Of the log whose anchors are listed. */
  readonly origin: string;
  readonly name: string;
  readonly chainId: number;
  /** Members beside these say what was anchored in the block; the verifier does not need them. */
  readonly anchors: readonly ListedBlock[];
}

export const MAX_LISTED_BLOCKS = 1_000_000;
const MAX_TEXT = 2_048;
const HASH = /^0x[0-9a-f]{64}$/;
/** A list that is wrong throughout need not be told item by item. */
const MAX_ISSUES = 20;

/**
 * The list in a parsed JSON document. Members that we do not know are let be.
 * @throws InputError with what is wrong with it, each with its path
 */
export function parseBlockHashList(json: unknown): BlockHashList {
  const issues: InputIssue[] = [];
  if (!isJsonObject(json)) {
    throw new InputError([{ path: '', code: 'object', message: 'a list of block hashes must be a JSON object' }]);
  }
  if (json['type'] !== 'MeritkedjaBlockHashes') {
    issues.push({ path: 'type', code: 'value', message: 'must be "MeritkedjaBlockHashes"' });
  }
  if (json['version'] !== 1) issues.push({ path: 'version', code: 'value', message: 'must be 1' });
  for (const name of ['origin', 'name']) {
    const value = json[name];
    if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) continue;
    issues.push({ path: name, code: 'text', message: `must be a text of 1 to ${MAX_TEXT} characters` });
  }
  if (!isNatural(json['chainId'], 1)) {
    issues.push({ path: 'chainId', code: 'number', message: 'must be a whole number from 1' });
  }
  const { anchors } = json;
  if (!Array.isArray(anchors) || anchors.length > MAX_LISTED_BLOCKS) {
    issues.push({ path: 'anchors', code: 'list', message: `must be a list of at most ${MAX_LISTED_BLOCKS}` });
  } else {
    checkBlocks(anchors, issues);
  }
  if (issues.length > 0) throw new InputError(issues);
  return json as unknown as BlockHashList;
}

/**
 * What a verifier takes from a list.
 * @param source where it lay, for the report
 */
export function pinnedBlocksOf({ chainId, anchors }: BlockHashList, source: string): readonly PinnedBlockHash[] {
  return anchors.map(({ blockNumber, blockHash }) => ({ chainId, blockNumber, hash: blockHash, list: source }));
}

function checkBlocks(anchors: readonly unknown[], issues: InputIssue[]): void {
  const hashes = new Map<number, string>();
  for (const [i, block] of anchors.entries()) {
    if (issues.length >= MAX_ISSUES) return;
    if (!isJsonObject(block)) {
      issues.push({ path: `anchors.${i}`, code: 'object', message: 'must be an object' });
    } else if (isBlock(block, `anchors.${i}`, issues)) {
      // Two anchors may be in one block; a block has one hash.
      const before = hashes.get(block.blockNumber);
      if (before === undefined) hashes.set(block.blockNumber, block.blockHash);
      else if (before !== block.blockHash) {
        issues.push({
          path: `anchors.${i}.blockHash`,
          code: 'contradiction',
          message: `block ${block.blockNumber} has another hash further up`,
        });
      }
    }
  }
}

function isBlock(block: JsonObject, path: string, issues: InputIssue[]): block is JsonObject & ListedBlock {
  const { blockNumber, blockHash } = block;
  const hasNumber = isNatural(blockNumber, 0);
  if (!hasNumber) {
    issues.push({ path: `${path}.blockNumber`, code: 'number', message: 'must be a whole number from 0' });
  }
  if (typeof blockHash === 'string' && HASH.test(blockHash)) return hasNumber;
  issues.push({ path: `${path}.blockHash`, code: 'hash', message: 'must be 0x and 64 hex digits in lower case' });
  return false;
}

function isNatural(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
