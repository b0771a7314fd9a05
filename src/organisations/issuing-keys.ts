/**
 * Signing with organisations' issuing keys (S13). Those that the service keeps (custody `operator`) are Ed25519 seeds,
 * wrapped under the root secret in `vault-issuingkey-<kid>`, unwrapped once and kept as key objects. Of one that the
 * organisation keeps itself, that stream holds where its signer is and the token for it, wrapped the same way.
 * Proven by issuing-keys.int.spec.ts.
 */
import { randomUUID } from 'node:crypto';
import { generateKeyPair, signer, type Ed25519Signer } from '../crypto/ed25519.js';
import type { Secrets } from '../crypto/secrets.js';
import { toMultikey } from '../encoding/base58.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { fromUtf8, utf8 } from '../encoding/bytes.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { InvariantError } from '../errors.js';
import { NO_STREAM, type EventDraft, type EventStore, type StoredEvent } from '../event-store/event-store.js';
import type { IssuingKey } from './organisation.events.js';
import { signRemotely, type RemoteSigner, type Signable } from './remote-signer.js';

const KEPT_SIGNERS = 1_000;

export class IssuingKeys {
  readonly #signers = new Map<string, Ed25519Signer>();

  constructor(
    private readonly store: EventStore,
    private readonly secrets: Secrets,
  ) {}

  /** Makes a key and keeps it; it issues nothing before the organisation's stream has it. */
  async make(at: string): Promise<IssuingKey> {
    const { publicKey, seed } = generateKeyPair();
    const kid = toMultikey(publicKey);
    const stream = streamOf(kid);
    const wrapped = toBase64url(this.secrets.wrap(seed, stream));
    await this.store.append({
      stream,
      expectedRevision: NO_STREAM,
      events: [draft('IssuingKeyKept', at, { wrapped })],
    });
    return { kid, publicKeyMultibase: kid, custody: 'operator' };
  }

  /**
   * Keeps where the signer of an organisation's own key is, once that has shown that it has the key; in place of what was
   * known before.
   * @param proof what it is to sign for that; without one, a statement made for nothing else
   * @throws SignerError where it does not sign with the key; InvariantError for a key that is kept here
   */
  async keepSigner(kid: string, remote: RemoteSigner, at: string, proof?: JsonObject): Promise<void> {
    const document = proof ?? { purpose: 'meritkedja signer check v1', kid, at };
    const kind = proof ? 'keyChange' : 'signerCheck';
    await signRemotely(remote, kid, canonicalBytes(document), { kind, document });
    const stream = streamOf(kid);
    const last = (await this.store.readStream(stream)).at(-1);
    if (last?.type === 'IssuingKeyKept') throw new InvariantError(`${kid} is kept here: no signer elsewhere holds it`);
    const wrapped = toBase64url(this.secrets.wrap(utf8(JSON.stringify(remote)), stream));
    await this.store.append({
      stream,
      expectedRevision: last?.revision ?? NO_STREAM,
      events: [draft('RemoteSignerKept', at, { wrapped })],
    });
  }

  /** Whether the key itself is kept here. */
  async isKept(kid: string): Promise<boolean> {
    return (await this.store.readStream(streamOf(kid))).at(-1)?.type === 'IssuingKeyKept';
  }

  /**
   * Signs with a key, wherever it is.
   * @param message the bytes
   * @param about what they stand for, for a signer that is not this service
   * @returns 64 bytes
   * @throws SignerError where another holds the key and gives no signature; InvariantError where nobody is known to
   */
  async sign(kid: string, message: Uint8Array, about: Signable): Promise<Uint8Array> {
    const known = this.#signers.get(kid);
    if (known) return known.sign(message);
    const kept = (await this.store.readStream(streamOf(kid))).at(-1);
    const secret = kept && this.#unwrapped(kept);
    if (!secret) throw new InvariantError(`the private key of ${kid} is not kept here, nor where its signer is`);
    // Not remembered: on another node the address may have changed.
    if (kept.type === 'RemoteSignerKept') {
      return signRemotely(JSON.parse(fromUtf8(secret)) as RemoteSigner, kid, message, about);
    }
    const made = signer(secret);
    if (this.#signers.size >= KEPT_SIGNERS) this.#signers.clear();
    this.#signers.set(kid, made);
    return made.sign(message);
  }

  #unwrapped({ stream, data }: StoredEvent): Uint8Array | undefined {
    const wrapped = data['wrapped'];
    return typeof wrapped === 'string' ? this.secrets.unwrap(fromBase64url(wrapped), stream) : undefined;
  }
}

function draft(type: string, at: string, data: JsonObject): EventDraft {
  return { id: randomUUID(), type, v: 1, at, by: 'process:issuing-keys', data };
}

function streamOf(kid: string): string {
  return `vault-issuingkey-${kid}`;
}
