/**
 * `Idempotency-Key` on every POST that creates (S24). The first request with a key reserves it together with a MAC of
 * its body, in a vault stream whose id follows from token and key, appended with "no stream": the store refuses the
 * second on any node. The same key with another body is 422; with the same body it goes the same way again.
 */
import { randomUUID } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { toHex } from '../encoding/hex.js';
import type { Json } from '../encoding/json.js';
import { ConcurrencyError, DomainError, InputError } from '../errors.js';
import { NO_STREAM } from '../event-store/event-store.js';
import type { Ledger } from '../ledger.js';
import { oneOff, repeatable, type RequestContext } from '../request-context.js';

const KEY = /^[\x21-\x7e]{1,255}$/;

/**
 * @param operation name of the operation: the same key may be used for different ones
 * @param body the validated body
 * @throws InputError for a malformed key; DomainError `idempotencyKeyReused` for the same key with another body
 */
export async function requestContext(
  ledger: Ledger,
  request: FastifyRequest,
  operation: string,
  body: unknown,
): Promise<RequestContext> {
  const by = request.caller?.by ?? 'anyone';
  const now = ledger.now();
  const key = request.headers['idempotency-key'];
  if (key === undefined) return oneOff(by, now);
  if (typeof key !== 'string' || !KEY.test(key)) {
    throw new InputError([
      { path: 'Idempotency-Key', code: 'malformedKey', message: '1–255 printable ASCII characters, no spaces' },
    ]);
  }
  const token = `${by}/${operation}`;
  await reserve(ledger, token, key, body);
  return repeatable(ledger.secrets, by, now, token, key);
}

async function reserve(ledger: Ledger, token: string, key: string, body: unknown): Promise<void> {
  const stream = `vault-request-${ledger.secrets.id('request', token, key)}`;
  const mac = toHex(ledger.secrets.mac('requestBody', token, key, (body ?? null) as Json));
  try {
    await ledger.store.append({
      stream,
      expectedRevision: NO_STREAM,
      events: [
        {
          id: randomUUID(),
          type: 'RequestReserved',
          v: 1,
          at: ledger.now().toISOString(),
          by: 'process:requests',
          data: { mac },
        },
      ],
    });
  } catch (error) {
    if (!(error instanceof ConcurrencyError)) throw error;
    const [reserved] = await ledger.store.readStream(stream);
    if (reserved?.data['mac'] !== mac) throw new DomainError('idempotencyKeyReused', { key });
  }
}
