/**
 * Opening what is sealed in an event (S22), and saying what is wrong with it: the ciphertext is the one whose digest the entry
 * has, and each part of it was sealed under the key that it names, for this place. A key that is gone is no fault where its
 * holder was erased (S23). Proven by sealed-audit.int.spec.ts.
 */
import { toHex } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import type { EventStore } from '../event-store/event-store.js';
import { decodeContainer, openPart, type Place, type SealedPart } from '../holders/sealing.js';
import type { OpenedFacts, Vault } from '../holders/vault.js';
import { sha256 } from '../log/hash.js';
import type { Findings } from './findings.js';

export const HOLDER_KEY = 'vault-holder-';
export const MEMBER_KEY = 'vault-member-';
export const ORGANISATION_KEY = 'vault-organisation-';

export interface Opening {
  /** Vault streams of all its keys, in the container's order. */
  readonly under: readonly string[];
  /** What could be opened. */
  readonly opened: readonly OpenedFacts[];
  /** There are keys that are gone. */
  readonly isClosed: boolean;
}

export class SealedParts {
  /** Listed as erased and not erased: said once for each. */
  readonly #due = new Set<string>();

  /** @param erased UUIDs of holders that were erased */
  constructor(
    private readonly store: Pick<EventStore, 'readStream'>,
    private readonly vault: Pick<Vault, 'key'>,
    private readonly erased: ReadonlySet<string>,
    private readonly findings: Findings,
  ) {}

  /**
   * @param ciphertext what the store has of it
   * @param digest what the entry says of it: SHA-256, hex
   * @returns undefined where there is nothing sealed, or it is not what was sealed
   * @throws ConfigError where the epoch keys are older than the store
   */
  async open(
    place: Place,
    ciphertext: Uint8Array | undefined,
    digest: string | undefined,
    index: number,
  ): Promise<Opening | undefined> {
    const container = this.#container(place, ciphertext, digest, index);
    if (!container) return undefined;
    const opened: OpenedFacts[] = [];
    let isClosed = false;
    let isSound = true;
    for (const part of container) {
      const key = await this.#key(part.under, place, index);
      if (key === 'gone') isClosed = true;
      else if (key === 'wrong') isSound = false;
      else {
        const facts = this.#facts(part, key, place, index);
        if (facts) opened.push(facts);
        else isSound = false;
      }
    }
    return isSound ? { under: container.map(({ under }) => under), opened, isClosed } : undefined;
  }

  #container(
    { stream }: Place,
    ciphertext: Uint8Array | undefined,
    digest: string | undefined,
    index: number,
  ): readonly SealedPart[] | undefined {
    if (!ciphertext) {
      if (digest === undefined) return undefined;
      const detail = `${stream}: the entry names a sealed part (${digest}), and the store has none`;
      this.findings.error('S22', 'sealedMissing', detail, index);
      return undefined;
    }
    if (digest === undefined) {
      const detail = `${stream}: the store has a sealed part, and the entry names none`;
      this.findings.error('S22', 'sealedUnnamed', detail, index);
      return undefined;
    }
    const own = toHex(sha256(ciphertext));
    if (own !== digest) {
      this.findings.error('S22', 'sealedDiffers', `${stream}: expected a sealed part of ${digest}, got ${own}`, index);
      return undefined;
    }
    try {
      const parts = decodeContainer(ciphertext);
      if (parts.length > 0) return parts;
      throw new EncodingError('a sealed container without parts');
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      this.findings.error('S22', 'containerMalformed', `${stream}: ${error.message}`, index);
      return undefined;
    }
  }

  /** 32 bytes; `gone` where nobody has it any more, `wrong` where that cannot be so. */
  async #key(under: string, { stream }: Place, index: number): Promise<Uint8Array | 'gone' | 'wrong'> {
    let key: Uint8Array | undefined;
    try {
      key = await this.vault.key(under);
    } catch (error) {
      if (!(error instanceof EncodingError)) throw error;
      this.findings.error('S22', 'keyUnreadable', `${stream}: the key in ${under}: ${error.message}`, index);
      return 'wrong';
    }
    const holder = under.startsWith(HOLDER_KEY) ? under.slice(HOLDER_KEY.length) : undefined;
    const isErased = holder !== undefined && this.erased.has(holder);
    if (key) {
      if (isErased && !this.#due.has(holder)) {
        this.#due.add(holder);
        const detail = `${stream}: holder ${holder} is listed as erased, and the key opens it still; the service's next start erases it`;
        this.findings.warning('S23', 'erasureDue', detail, index);
      }
      return key;
    }
    if (isErased) return 'gone';
    if (holder === undefined && !under.startsWith(MEMBER_KEY)) {
      this.findings.error('S22', 'keyUnknown', `${stream}: sealed under ${under}, and there is no such key`, index);
      return 'wrong';
    }
    // A wrapped key that nothing unwraps: its epoch's key has been destroyed, so this is an older copy of the store.
    const isThere = (await this.store.readStream(under)).some(({ type }) => type === 'KeyWrapped');
    const [code, why] = isThere
      ? ['epochEnded', 'was wrapped in an epoch whose key has been destroyed: the store is an older copy than its keys']
      : ['keyMissing', 'is gone, and no list has its holder as erased'];
    this.findings.warning('S23', code, `${stream}: the key in ${under} ${why}`, index);
    return 'gone';
  }

  #facts(part: SealedPart, key: Uint8Array, place: Place, index: number): OpenedFacts | undefined {
    try {
      return { under: part.under, facts: openPart(part, key, place) };
    } catch (error) {
      // What is sealed is JSON, or it was not sealed by the ledger.
      if (!(error instanceof EncodingError) && !(error instanceof SyntaxError)) throw error;
      this.findings.error('S22', 'partUnopened', `under ${part.under}: ${error.message}`, index);
      return undefined;
    }
  }
}
