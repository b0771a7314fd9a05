/**
 * Leaves of a standing record (S1) as a bundle carries them: `JCS({stream, revision, state})`. Shapes are checked when
 * a check asks for a leaf's state; questions about "at this index" are answered here, once, for all checks.
 */
import type {
  DefinitionStanding,
  KeyStanding,
  OrganisationStanding,
  StatusListStanding,
} from '../anchoring/standing.js';
import type { Json, JsonObject } from '../encoding/json.js';
import { parseCanonical } from '../encoding/jcs.js';
import { EncodingError } from '../errors.js';
import type { Read } from '../event-store/event-store.js';
import { parsePath } from './bundled-entry.js';
import type { CheckCode } from './codes.js';
import { echo } from './echo.js';
import { HEX_32, JsonReader, UUID } from './json-reader.js';
import { fail, Undecided } from './outcome.js';
import { VerificationError } from './verification-error.js';

const MAX_LEAF = 1_000_000;
const MAX_MEMBERS = 100_000;
const COMMA = 0x2c;

export interface BundledLeaf {
  readonly index: number;
  readonly bytes: Uint8Array;
  readonly path: readonly Uint8Array[];
  readonly stream: string;
  readonly revision: number;
  readonly state: JsonObject;
  /** In its bytes: what it costs of a bundle's budget. */
  readonly commas: number;
}

/** Takes a leaf's commas off what all leaves of a bundle may have. @throws VerificationError tooLarge */
export type LeafBudget = (commas: number) => void;

/**
 * Commas are at least the values less one for each list and object, and are counted before anything is parsed.
 * @param most values in all leaves together
 */
export function leafBudget(most: number): LeafBudget {
  let left = most;
  return (commas) => {
    left -= commas;
    if (left < 0) throw new VerificationError('tooLarge', `standing.leaves: more than ${most} values`);
  };
}

function commasIn(bytes: Uint8Array): number {
  let commas = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === COMMA) commas += 1;
  return commas;
}

/**
 * @param spend called with the leaf's commas before it is parsed
 * @throws VerificationError with the reader's code; leafMalformed for the leaf's bytes
 */
export function parseLeaf(read: JsonReader, value: Json, path: string, spend: LeafBudget): BundledLeaf {
  const given = read.object(value, path);
  const bytes = read.base64(given['leaf'], `${path}.leaf`, MAX_LEAF);
  const commas = commasIn(bytes);
  spend(commas);
  const inner = new JsonReader('leafMalformed');
  const leaf = inner.object(canonical(bytes, path), `${path}.leaf`);
  return {
    index: read.natural(given['index'], `${path}.index`),
    bytes,
    path: parsePath(read, given['path'], `${path}.path`),
    stream: inner.text(leaf['stream'], `${path}.leaf.stream`, 128),
    revision: inner.natural(leaf['revision'], `${path}.leaf.revision`),
    state: inner.object(leaf['state'], `${path}.leaf.state`),
    commas,
  };
}

/** Several checks ask for a leaf's state, and a memory has the leaf again: each is read once. */
const states = new WeakMap<BundledLeaf, object>();

function stateOf<T extends object>(leaf: BundledLeaf, read: (leaf: BundledLeaf) => T): T {
  let state = states.get(leaf) as T | undefined;
  if (state === undefined) states.set(leaf, (state = read(leaf)));
  return state;
}

/** @throws VerificationError leafMalformed */
export function organisationState(leaf: BundledLeaf): OrganisationStanding {
  return stateOf(leaf, readOrganisation);
}

function readOrganisation(leaf: BundledLeaf): OrganisationStanding {
  const read = new JsonReader('leafMalformed');
  const { state, stream } = leaf;
  const closed = read.optional(state['closed'], (value) => read.natural(value, `${stream}.closed`));
  return {
    name: read.text(state['name'], `${stream}.name`, 1_024),
    did: read.text(state['did'], `${stream}.did`, 2_048),
    keys: read.list(state['keys'], `${stream}.keys`, MAX_MEMBERS, (value, path) => keyStanding(read, value, path)),
    revisions: revisions(read, leaf),
    ...(closed === undefined ? {} : { closed }),
  };
}

function keyStanding(read: JsonReader, value: Json, path: string): KeyStanding {
  const key = read.object(value, path);
  const custody = read.text(key['custody'], `${path}.custody`, 16);
  if (custody !== 'operator' && custody !== 'organisation') read.refuse(`${path}.custody`, 'operator or organisation');
  const ended = read.optional(key['ended'], (text) => read.text(text, `${path}.ended`, 32));
  return {
    kid: read.text(key['kid'], `${path}.kid`, 128),
    publicKeyMultibase: read.text(key['publicKeyMultibase'], `${path}.publicKeyMultibase`, 128),
    custody: custody,
    ...span(read, key, path),
    ...(ended === undefined ? {} : { ended: ended as NonNullable<KeyStanding['ended']> }),
  };
}

/** @throws VerificationError leafMalformed */
export function definitionState(leaf: BundledLeaf): DefinitionStanding {
  return stateOf(leaf, readDefinition);
}

function readDefinition(leaf: BundledLeaf): DefinitionStanding {
  const read = new JsonReader('leafMalformed');
  const { state, stream } = leaf;
  return {
    owners: read.list(state['owners'], `${stream}.owners`, MAX_MEMBERS, (value, path) => {
      const owner = read.object(value, path);
      return {
        organisation: read.text(owner['organisation'], `${path}.organisation`, 36, UUID),
        ...span(read, owner, path),
      };
    }),
    versions: read.list(state['versions'], `${stream}.versions`, MAX_MEMBERS, (value, path) => {
      const version = read.object(value, path);
      const retired = read.optional(version['retired'], (index) => read.natural(index, `${path}.retired`));
      return {
        version: read.natural(version['version'], `${path}.version`, 1),
        index: read.natural(version['index'], `${path}.index`),
        ...(retired === undefined ? {} : { retired }),
      };
    }),
    mandates: read.list(state['mandates'], `${stream}.mandates`, MAX_MEMBERS, (value, path) =>
      mandateStanding(read, value, path),
    ),
    revisions: revisions(read, leaf),
  };
}

function mandateStanding(read: JsonReader, value: Json, path: string): DefinitionStanding['mandates'][number] {
  const mandate = read.object(value, path);
  const bound = (name: string): string | undefined =>
    read.optional(mandate[name], (given) => (read.time(given, `${path}.${name}`), given as string));
  const notBefore = bound('notBefore');
  const notAfter = bound('notAfter');
  return {
    mandate: read.text(mandate['mandate'], `${path}.mandate`, 36, UUID),
    organisation: read.text(mandate['organisation'], `${path}.organisation`, 36, UUID),
    ...span(read, mandate, path),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
  };
}

/** @throws VerificationError leafMalformed */
export function statusListState(leaf: BundledLeaf): StatusListStanding {
  const read = new JsonReader('leafMalformed');
  const { state, stream } = leaf;
  const purpose = read.text(state['purpose'], `${stream}.purpose`, 16);
  const digest = read.optional(state['digest'], (text) => read.text(text, `${stream}.digest`, 64, HEX_32));
  const sequence = read.natural(state['sequence'], `${stream}.sequence`);
  if ((sequence === 0) !== (digest === undefined)) read.refuse(`${stream}.digest`, 'a digest from sequence 1 on');
  return {
    organisation: read.text(state['organisation'], `${stream}.organisation`, 36, UUID),
    purpose: purpose as StatusListStanding['purpose'],
    sequence,
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Whether something that holds from an event's index (exclusive) to another (exclusive) holds at an index (S8). */
export function inForce(span: { readonly from: number; readonly to?: number }, index: number): boolean {
  return span.from < index && (span.to === undefined || index < span.to);
}

/**
 * The rule of S7: the revision of a stream that an issuance cites was that stream's newest at the issuance's index.
 * @param reads what the issuance cites
 * @param leaf the stream's leaf in the standing record
 * @param indices log index of each of the stream's revisions, from the leaf
 * @param issued index of the issuance
 * @param known number of entries that the standing record knows
 * @param stale the code of a citation that does not hold
 * @throws VerificationError `stale`; Undecided standingTooOld where the record is older than the issuance and knows
 *   less than the issuance cites
 */
export function checkCitation(
  reads: readonly Read[],
  leaf: BundledLeaf,
  indices: readonly number[],
  issued: number,
  known: number,
  stale: CheckCode,
): void {
  requireKnown(reads, leaf, issued, known);
  const cited = reads.find((read) => read.stream === leaf.stream);
  if (cited === undefined) return fail(stale, `the issuance cites no revision of ${leaf.stream}`);
  if (known <= issued && cited.revision === leaf.revision) return;
  const newest = indices.filter((index) => index < issued).length - 1;
  if (cited.revision !== newest) {
    fail(stale, `${leaf.stream}: at index ${issued} revision ${newest} was the newest, cited is ${cited.revision}`);
  }
}

/**
 * A standing record older than the issuance says how things were at the issuance only if nothing has changed between.
 * @throws Undecided standingTooOld
 */
export function requireKnown(reads: readonly Read[], leaf: BundledLeaf, issued: number, known: number): void {
  const cited = reads.find((read) => read.stream === leaf.stream);
  if (known <= issued && cited !== undefined && cited.revision > leaf.revision) {
    throw new Undecided(
      'standingTooOld',
      `${leaf.stream}: the issuance cites revision ${cited.revision}, the standing record knows ${leaf.revision}`,
    );
  }
}

function span(read: JsonReader, value: JsonObject, path: string): { from: number; to?: number } {
  const to = read.optional(value['to'], (index) => read.natural(index, `${path}.to`));
  return { from: read.natural(value['from'], `${path}.from`), ...(to === undefined ? {} : { to }) };
}

/** One index for each revision, rising. */
function revisions(read: JsonReader, leaf: BundledLeaf): number[] {
  const path = `${leaf.stream}.revisions`;
  const indices = read.list(leaf.state['revisions'], path, MAX_MEMBERS, (value, at) => read.natural(value, at));
  if (indices.length !== leaf.revision + 1) read.refuse(path, `${leaf.revision + 1} indices, got ${indices.length}`);
  if (indices.some((index, i) => i > 0 && index <= indices[i - 1]!)) read.refuse(path, 'rising indices');
  return indices;
}

function canonical(bytes: Uint8Array, path: string): Json {
  try {
    return parseCanonical(bytes);
  } catch (error) {
    if (error instanceof EncodingError) throw new VerificationError('leafMalformed', `${path}: ${echo(error.message)}`);
    throw error;
  }
}
