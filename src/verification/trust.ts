/**
 * The trust file, `/.well-known/meritkedja.json`: what a verifier pins (S4). Reading it is strict, because a word left
 * out here would be a check left out later; members that we do not know are kept, so that the fingerprint is the same
 * for everybody. Proven by trust.spec.ts.
 */
import { toHex } from '../encoding/hex.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { equalJson } from '../encoding/json-equal.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';
import { InputError, type InputIssue } from '../errors.js';
import { sha256 } from '../log/hash.js';
import { NoteError, parseVerifierKey } from '../log/note.js';
import type { TrustedKey, TrustFile, TrustedChain } from './bundle.js';
import { openLogKeyRotation } from './log-key-rotation.js';

const MAX_CHAINS = 64;
const MAX_LIST = 256;
const MAX_TEXT = 2_048;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const CUSTODIES = ['operator', 'organisation', 'mixed'];

/**
 * The trust file in a parsed JSON document.
 * @throws InputError with everything that is wrong with it, each with its path
 */
export function parseTrust(json: unknown): TrustFile {
  const issues: InputIssue[] = [];
  if (!isJsonObject(json)) {
    throw new InputError([{ path: '', code: 'object', message: 'a trust file must be a JSON object' }]);
  }
  const origin = text(json, 'origin', '', issues);
  const vkey = text(json, 'vkey', '', issues);
  url(json['log'], 'log', issues);
  if (vkey !== undefined) checkVkey(vkey, origin, issues);
  if (json['vkeys'] !== undefined) {
    list(json['vkeys'], 'vkeys', issues, (key, path, found) => trustedKey(key, path, origin, found));
    if (isJsonList(json['vkeys']) && !json['vkeys'].some((key) => isJsonObject(key) && key['vkey'] === vkey)) {
      issues.push({ path: 'vkeys', code: 'vkey', message: 'must have the key in vkey among them' });
    }
  }
  if (json['rotations'] !== undefined) {
    list(json['rotations'], 'rotations', issues, (note, path, found) => {
      const rotation = typeof note === 'string' && note.length <= 2 * MAX_TEXT ? openLogKeyRotation(note) : undefined;
      if (rotation !== undefined && rotation.origin === origin) return;
      found.push({ path, code: 'rotation', message: 'must be a rotation of this log, signed by both keys' });
    });
  }
  const custody = json['keyCustody'];
  if (custody !== undefined && !CUSTODIES.includes(custody as string)) {
    issues.push({ path: 'keyCustody', code: 'value', message: `must be one of ${CUSTODIES.join(', ')}` });
  }
  const chains = json['chains'];
  if (!Array.isArray(chains) || chains.length > MAX_CHAINS) {
    issues.push({ path: 'chains', code: 'list', message: `must be a list of at most ${MAX_CHAINS} chains` });
  } else {
    chains.forEach((chain: unknown, i) => checkChain(chain, `chains.${i}`, issues));
  }
  if (issues.length > 0) throw new InputError(issues);
  return json as unknown as TrustFile;
}

/**
 * What a person compares before pinning: SHA-256 of the file's JCS in hex, in groups of four digits.
 * @throws EncodingError if the file has no canonical form
 */
export function fingerprint(trust: TrustFile): string {
  return (toHex(sha256(canonicalBytes(trust))).match(/.{4}/g) ?? []).join(' ');
}

/** The log's keys that may sign a head of so many entries (S19). */
export function keysOf({ vkey, vkeys }: Pick<TrustFile, 'vkey' | 'vkeys'>, size: number): readonly string[] {
  if (vkeys === undefined) return [vkey];
  return vkeys.filter(({ from, to = Infinity }) => from < size && size <= to).map((key) => key.vkey);
}

/**
 * Whether a trust file differs from one that is pinned in its log's key alone, and every step from the pinned key to its
 * own is signed by both keys (S19): then nobody but the log itself can have made it.
 */
export function isRotationOf(pinned: TrustFile, newer: TrustFile): boolean {
  const rest = ({ vkey: _, vkeys: _keys, rotations: _notes, ...others }: TrustFile): object => others;
  if (!equalJson(rest(pinned), rest(newer))) return false;
  const steps = (newer.rotations ?? []).map(openLogKeyRotation);
  let key = pinned.vkey;
  const past: TrustedKey[] = [];
  let from = pinned.vkeys?.find(({ vkey }) => vkey === pinned.vkey)?.from ?? 0;
  for (const step of steps) {
    if (step?.previous !== key || step.origin !== pinned.origin || step.from <= from) continue;
    past.push({ vkey: key, from, to: step.from });
    key = step.next;
    from = step.from;
  }
  // The terms are those that the keys have signed, and no other key has one.
  const before = (pinned.vkeys ?? []).filter(({ vkey }) => vkey !== pinned.vkey);
  return key !== pinned.vkey && key === newer.vkey && equalJson(newer.vkeys, [...before, ...past, { vkey: key, from }]);
}

/** Chains of the file with this chain id; the same chain may have had several contracts. */
export function chainsOf(trust: TrustFile, chainId: number): readonly TrustedChain[] {
  return trust.chains.filter((chain) => chain.chainId === chainId);
}

function checkChain(chain: unknown, path: string, issues: InputIssue[]): void {
  if (!isJsonObject(chain)) {
    issues.push({ path, code: 'object', message: 'must be an object' });
    return;
  }
  text(chain, 'name', `${path}.`, issues);
  natural(chain['chainId'], `${path}.chainId`, 1, issues);
  natural(chain['firstBlock'], `${path}.firstBlock`, 0, issues);
  address(chain['contract'], `${path}.contract`, issues);
  list(chain['anchorers'], `${path}.anchorers`, issues, anchorer);
  if (Array.isArray(chain['anchorers']) && chain['anchorers'].length === 0) {
    issues.push({ path: `${path}.anchorers`, code: 'list', message: 'must name at least one anchorer' });
  }
  if (chain['rpcUrls'] !== undefined) list(chain['rpcUrls'], `${path}.rpcUrls`, issues, url);
  const { closed } = chain;
  if (isJsonObject(closed)) {
    text(closed, 'at', `${path}.closed.`, issues);
    if (closed['blockHashes'] !== undefined) url(closed['blockHashes'], `${path}.closed.blockHashes`, issues);
  } else if (closed !== undefined) {
    issues.push({ path: `${path}.closed`, code: 'object', message: 'must be an object' });
  }
  if (chain['embedded'] !== undefined && typeof chain['embedded'] !== 'boolean') {
    issues.push({ path: `${path}.embedded`, code: 'boolean', message: 'must be true or false' });
  }
}

/** An address, or one with the indexes between which it anchors. */
function anchorer(value: unknown, path: string, issues: InputIssue[]): void {
  if (!isJsonObject(value)) return address(value, path, issues);
  address(value['address'], `${path}.address`, issues);
  natural(value['from'], `${path}.from`, 0, issues);
  if (value['to'] !== undefined) natural(value['to'], `${path}.to`, 0, issues);
}

function trustedKey(value: unknown, path: string, origin: string | undefined, issues: InputIssue[]): void {
  if (!isJsonObject(value)) {
    issues.push({ path, code: 'object', message: 'must be an object' });
    return;
  }
  const vkey = text(value, 'vkey', `${path}.`, issues);
  if (vkey !== undefined) checkVkey(vkey, origin, issues, `${path}.vkey`);
  natural(value['from'], `${path}.from`, 0, issues);
  if (value['to'] !== undefined) natural(value['to'], `${path}.to`, 0, issues);
}

function isJsonList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function checkVkey(vkey: string, origin: string | undefined, issues: InputIssue[], path = 'vkey'): void {
  try {
    const { name } = parseVerifierKey(vkey);
    // The checkpoints of a log are signed under its origin (C2SP tlog-checkpoint), so the two names are one.
    if (origin !== undefined && name !== origin) {
      issues.push({ path, code: 'origin', message: `is the key of "${name}", not of "${origin}"` });
    }
  } catch (error) {
    if (!(error instanceof NoteError)) throw error;
    issues.push({ path, code: 'vkey', message: `must be a C2SP Ed25519 verifier key: ${error.message}` });
  }
}

function text(object: JsonObject, name: string, prefix: string, issues: InputIssue[]): string | undefined {
  const value = object[name];
  if (typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) return value;
  issues.push({ path: prefix + name, code: 'text', message: `must be a text of 1 to ${MAX_TEXT} characters` });
  return undefined;
}

function natural(value: unknown, path: string, least: number, issues: InputIssue[]): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  issues.push({ path, code: 'number', message: `must be a whole number from ${least}` });
}

function address(value: unknown, path: string, issues: InputIssue[]): void {
  if (typeof value === 'string' && ADDRESS.test(value)) return;
  issues.push({ path, code: 'address', message: 'must be an address: 0x and 40 hex digits' });
}

function url(value: unknown, path: string, issues: InputIssue[]): void {
  if (typeof value === 'string' && value.length <= MAX_TEXT && /^https?:\/\//.test(value) && URL.canParse(value))
    return;
  issues.push({ path, code: 'url', message: 'must be an http or https URL' });
}

function list(
  value: unknown,
  path: string,
  issues: InputIssue[],
  check: (item: unknown, path: string, issues: InputIssue[]) => void,
): void {
  if (!Array.isArray(value) || value.length > MAX_LIST) {
    issues.push({ path, code: 'list', message: `must be a list of at most ${MAX_LIST}` });
    return;
  }
  value.forEach((item: unknown, i) => check(item, `${path}.${i}`, issues));
}
