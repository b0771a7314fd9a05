/**
 * Reading what a verifier is given: a proof bundle or a bare credential, from anybody. Sizes are limited before work
 * is done, types are checked, members that we do not know are let be. Nothing is believed here: this file only turns
 * text into values (`docs/formats.md` 5). Proven by verify.spec.ts.
 */
import type { JsonObject, Json } from '../encoding/json.js';
import { isJsonObject } from '../encoding/json.js';
import { CanonicalMembers } from '../encoding/jcs.js';
import { EncodingError } from '../errors.js';
import type { AnchorProof } from './bundle.js';
import { definitionDataOf, issuedDataOf, parseBundledEntry, standingDataOf } from './bundled-entry.js';
import type { BundledEntry, DefinitionData, IssuedData, StandingData } from './bundled-entry.js';
import { MAX_NOTE } from './check-log.js';
import { parseCredential, type DocumentFacts } from './document-facts.js';
import { echo } from './echo.js';
import { JsonReader } from './json-reader.js';
import { Memory } from './memory.js';
import { Undecided } from './outcome.js';
import { leafBudget, parseLeaf, type BundledLeaf } from './standing-leaves.js';
import { VerificationError } from './verification-error.js';

/** Of the document as a whole. A real bundle has some 300 kB at most: status lists, leaves, receipts. */
const DOCUMENT: Limits = { name: 'the document', values: 40_000, characters: 8_000_000 };
const MAX_DEPTH = 64;

/** Of what is made canonical, and so sorted: looked at before. A real credential has some hundred values. */
const CREDENTIAL: Limits = { name: 'the credential', values: 20_000, characters: 1_000_000 };
/** An `encodedList` has at most 30,000 characters, a list some 30 values beside it. */
const STATUS_LIST: Limits = { name: 'a status list', values: 1_000, characters: 100_000 };

const MAX_CREDENTIAL_BYTES = 1_000_000;
const MAX_LEAVES = 16;
/** Values in all the leaves' JSON: a key has five, a mandate six, a revision one. */
const MAX_LEAF_VALUES = 50_000;
const MAX_LISTS = 4;
const MAX_HEADER = 8_192;
const MAX_PROOF_NODES = 64;
const MAX_PROOF_NODE = 1_000_000;
/** A consistency proof in a tree of 2^53 entries has fewer hashes. */
const MAX_CONSISTENCY = 64;

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const HEX_HASH = /^0x[0-9a-f]{64}$/;
const HEX = /^0x([0-9a-f]{2})*$/;

interface Limits {
  readonly name: string;
  readonly values: number;
  /** Of texts and member names, in UTF-16 code units. */
  readonly characters: number;
}

export interface ParsedStanding extends BundledEntry {
  readonly data: StandingData;
  /** Number of the record's leaves, as the bundle gives it. */
  readonly leafCount: number;
  readonly leaves: readonly BundledLeaf[];
}

export interface ParsedFirstAnchor {
  readonly checkpoint: string;
  readonly consistency: readonly Uint8Array[];
  readonly anchor: AnchorProof;
}

export interface ParsedBundle {
  readonly origin: string;
  readonly issued: BundledEntry & { readonly data: IssuedData };
  readonly definition: BundledEntry & { readonly data: DefinitionData };
  readonly standing: ParsedStanding | undefined;
  readonly statusLists: readonly JsonObject[];
  readonly checkpoint: string;
  readonly anchor: AnchorProof | undefined;
  readonly firstAnchor: ParsedFirstAnchor | undefined;
}

export interface ParsedInput {
  readonly credential: JsonObject;
  /** Of the credential: signature and digest are of its canonical form. */
  readonly members: CanonicalMembers;
  readonly facts: DocumentFacts;
  /** Absent where the credential came alone. */
  readonly bundle: ParsedBundle | undefined;
}

/**
 * The document as a verifier needs it.
 * @param input a parsed JSON document
 * @param memory of what other documents had too; what it gives back is what reading anew would give
 * @throws VerificationError with a FormatCode; Undecided unsupportedVersion for a bundle of a later version, that is
 *   of a whole number above 1
 */
export function parseInput(input: unknown, memory = new Memory()): ParsedInput {
  const isBundle = isJsonObject(input) && input['type'] === 'MeritkedjaProof';
  const json = limited(input, isBundle ? DOCUMENT : CREDENTIAL);
  if (!isJsonObject(json)) throw new VerificationError('notACredential', 'expected a JSON object');
  if (!isBundle) {
    const members = canonicalMembers(json);
    return { credential: json, members, facts: parseCredential(json), bundle: undefined };
  }
  if (json['version'] !== 1) {
    const { version } = json;
    const detail = `version: expected 1, got ${echo(version)}`;
    if (Number.isSafeInteger(version) && (version as number) > 1) throw new Undecided('unsupportedVersion', detail);
    throw new VerificationError('bundleMalformed', detail);
  }
  const credential = new JsonReader('bundleMalformed').object(json['credential'], 'credential');
  limited(credential, CREDENTIAL);
  const members = canonicalMembers(credential);
  return { credential, members, facts: parseCredential(credential), bundle: parseBundle(json, memory) };
}

/**
 * A bundle's members but the credential.
 * @param json a JSON object whose size and depth are checked
 * @throws VerificationError bundleMalformed, entryMalformed, leafMalformed
 */
function parseBundle(json: JsonObject, memory: Memory): ParsedBundle {
  const read = new JsonReader('bundleMalformed');
  const issued = parseBundledEntry(read, json['issued'], 'issued');
  const definition = recalled(memory, 'definition', json['definition'], () => {
    const entry = parseBundledEntry(read, json['definition'], 'definition');
    return { ...entry, data: definitionDataOf(entry.entry) };
  });
  const anchor = read.optional(json['anchor'], (value) =>
    recalled(memory, 'anchor', value, () => parseAnchor(read, value, 'anchor')),
  );
  const firstAnchor = read.optional(json['firstAnchor'], (value) =>
    recalled(memory, 'firstAnchor', value, () => parseFirstAnchor(read, value)),
  );
  if (firstAnchor !== undefined && anchor === undefined) read.refuse('firstAnchor', 'an anchor beside it');
  return {
    origin: read.text(json['origin'], 'origin', 512),
    issued: { ...issued, data: issuedDataOf(issued.entry) },
    definition,
    standing: read.optional(json['standing'], (value) => parseStanding(read, value, memory)),
    statusLists: read.list(json['statusLists'], 'statusLists', MAX_LISTS, (list, path) => {
      limited(list, STATUS_LIST);
      return read.object(list, path);
    }),
    checkpoint: read.text(json['checkpoint'], 'checkpoint', MAX_NOTE),
    anchor,
    firstAnchor,
  };
}

function parseStanding(read: JsonReader, value: Json, memory: Memory): ParsedStanding {
  const standing = read.object(value, 'standing');
  const { leaves: _, ...record } = standing;
  const entry = recalled(memory, 'standing', record, () => {
    const parsed = parseBundledEntry(read, value, 'standing');
    return { ...parsed, data: standingDataOf(parsed.entry) };
  });
  const budget = leafBudget(MAX_LEAF_VALUES);
  const leaves = read.list(standing['leaves'], 'standing.leaves', MAX_LEAVES, (leaf, path) => {
    let isNew = false;
    const parsed = recalled(memory, 'leaf', leaf, () => ((isNew = true), parseLeaf(read, leaf, path, budget)));
    if (!isNew) budget(parsed.commas);
    return parsed;
  });
  const streams = new Set(leaves.map((leaf) => leaf.stream));
  if (streams.size !== leaves.length) read.refuse('standing.leaves', 'each stream once');
  return {
    ...entry,
    leafCount: read.natural(standing['size'], 'standing.size', 1),
    leaves,
  };
}

/** What the memory has of a part of a bundle, which it looks for by the part's place in its tree or chain. */
function recalled<T>(memory: Memory, kind: string, part: Json | undefined, make: () => T): T {
  if (!isJsonObject(part)) return make();
  const { index, path, blockHash, checkpoint } = part;
  const last = Array.isArray(path) ? (path as readonly Json[]).at(-1) : (blockHash ?? checkpoint);
  const place = `${typeof index === 'number' ? index : ''} ${typeof last === 'string' ? last.slice(0, MAX_NOTE) : ''}`;
  return memory.of(kind, place, part, make);
}

function parseFirstAnchor(read: JsonReader, value: Json): ParsedFirstAnchor {
  const first = read.object(value, 'firstAnchor');
  return {
    checkpoint: read.text(first['checkpoint'], 'firstAnchor.checkpoint', MAX_NOTE),
    consistency: read.list(first['consistency'], 'firstAnchor.consistency', MAX_CONSISTENCY, (hash, path) =>
      read.hash(hash, path),
    ),
    anchor: parseAnchor(read, first['anchor'], 'firstAnchor.anchor'),
  };
}

function parseAnchor(read: JsonReader, value: Json | undefined, path: string): AnchorProof {
  const anchor = read.object(value, path);
  return {
    chainId: read.natural(anchor['chainId'], `${path}.chainId`, 1),
    contract: read.text(anchor['contract'], `${path}.contract`, 42, ADDRESS),
    anchorer: read.text(anchor['anchorer'], `${path}.anchorer`, 42, ADDRESS),
    txHash: read.text(anchor['txHash'], `${path}.txHash`, 66, HEX_HASH),
    blockNumber: read.natural(anchor['blockNumber'], `${path}.blockNumber`),
    blockHash: read.text(anchor['blockHash'], `${path}.blockHash`, 66, HEX_HASH),
    transactionIndex: read.natural(anchor['transactionIndex'], `${path}.transactionIndex`),
    logIndex: read.natural(anchor['logIndex'], `${path}.logIndex`),
    header: read.text(anchor['header'], `${path}.header`, 2 + 2 * MAX_HEADER, HEX),
    receiptProof: read.list(anchor['receiptProof'], `${path}.receiptProof`, MAX_PROOF_NODES, (node, at) =>
      read.text(node, at, 2 + 2 * MAX_PROOF_NODE, HEX),
    ),
    transactionProof: read.list(anchor['transactionProof'], `${path}.transactionProof`, MAX_PROOF_NODES, (node, at) =>
      read.text(node, at, 2 + 2 * MAX_PROOF_NODE, HEX),
    ),
  };
}

/**
 * The input, once it is known to be JSON of bearable size and depth. Without recursion: depth is what is checked.
 * @throws VerificationError notJson, tooLarge
 */
function limited(input: unknown, limits: Limits): Json {
  const tooMany = (most: number, of: string): VerificationError =>
    new VerificationError('tooLarge', `${limits.name}: more than ${most} ${of}`);
  const pending: unknown[] = [input];
  const depths: number[] = [0];
  let values = 0;
  let characters = 0;
  while (pending.length > 0) {
    const value = pending.pop();
    const depth = depths.pop()!;
    if (++values > limits.values) throw tooMany(limits.values, 'values');
    if (depth > MAX_DEPTH) throw tooMany(MAX_DEPTH, 'levels');
    if (typeof value === 'string') characters += value.length;
    else if (Array.isArray(value)) {
      if (value.length > limits.values) throw tooMany(limits.values, 'values');
      for (const item of value as unknown[]) {
        pending.push(item);
        depths.push(depth + 1);
      }
    } else if (typeof value === 'object' && value !== null) {
      // Names first: reading the members of an object of a hundred thousand costs ten times as much.
      const names = Object.keys(value);
      if (names.length > limits.values) throw tooMany(limits.values, 'values');
      for (const name of names) {
        characters += name.length;
        const member = (value as Readonly<Record<string, unknown>>)[name];
        // A member that is undefined is a member that is not there, as in JSON text and in JCS.
        if (member === undefined) continue;
        pending.push(member);
        depths.push(depth + 1);
      }
    } else if (value !== null && typeof value !== 'boolean' && typeof value !== 'number') {
      throw new VerificationError('notJson', `expected a JSON document, got a value of type ${typeof value}`);
    }
    if (characters > limits.characters) throw tooMany(limits.characters, 'characters');
  }
  return input as Json;
}

/** @param credential whose size and depth are checked
 * @throws VerificationError notCanonical, tooLarge */
function canonicalMembers(credential: JsonObject): CanonicalMembers {
  try {
    const members = new CanonicalMembers(credential);
    // No character has more than three bytes.
    const isShort = members.text().length <= MAX_CREDENTIAL_BYTES / 3;
    const bytes = isShort ? 0 : members.bytes().length;
    if (bytes <= MAX_CREDENTIAL_BYTES) return members;
    throw new VerificationError('tooLarge', `expected at most ${MAX_CREDENTIAL_BYTES} bytes, got ${bytes}`);
  } catch (error) {
    if (error instanceof EncodingError) throw new VerificationError('notCanonical', echo(error.message));
    throw error;
  }
}
