/**
 * The issuing keys that the service keeps for organisations (custody `operator`, S13): Ed25519 seeds, wrapped under the
 * master key in `vault-issuingkey-<kid>`, unwrapped once and kept as key objects.
 */
import { randomUUID } from 'node:crypto';
import { generateKeyPair, signer, type Ed25519Signer } from '../crypto/ed25519.js';
import type { Secrets } from '../crypto/secrets.js';
import { toMultikey } from '../encoding/base58.js';
import { fromBase64url, toBase64url } from '../encoding/base64.js';
import { InvariantError } from '../errors.js';
import { NO_STREAM, type EventStore } from '../event-store/event-store.js';
import type { IssuingKey } from './organisation.events.js';

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
    await this.store.append({
      stream,
      expectedRevision: NO_STREAM,
      events: [
        {
          id: randomUUID(),
          type: 'IssuingKeyKept',
          v: 1,
          at,
          by: 'process:issuing-keys',
          data: { wrapped: toBase64url(this.secrets.wrap(seed, stream)) },
        },
      ],
    });
    return { kid, publicKeyMultibase: kid, custody: 'operator' };
  }

  /** Signs with a kept key. @throws InvariantError where the key is not kept here */
  async signer(kid: string): Promise<Ed25519Signer> {
    const known = this.#signers.get(kid);
    if (known) return known;
    const stream = streamOf(kid);
    const [kept] = await this.store.readStream(stream);
    const wrapped = kept?.data['wrapped'];
    if (typeof wrapped !== 'string') throw new InvariantError(`the private key of ${kid} is not kept here`);
    const made = signer(this.secrets.unwrap(fromBase64url(wrapped), stream));
    if (this.#signers.size >= KEPT_SIGNERS) this.#signers.clear();
    this.#signers.set(kid, made);
    return made;
  }
}

function streamOf(kid: string): string {
  return `vault-issuingkey-${kid}`;
}
