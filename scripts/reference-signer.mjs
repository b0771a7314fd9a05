/**
 * A signer for an organisation that keeps its issuing key itself (docs/formats.md 8): read it, then write your own over
 * your key store. It signs nothing but what it has looked at: it makes the bytes of the document and the proof itself and
 * compares them with what it was sent, and `allow` may refuse what the organisation did not mean to issue.
 *
 *   SIGNER_SEED=<32 bytes, base64url> SIGNER_TOKEN=<token> node scripts/reference-signer.mjs 8090
 *
 * Put TLS in front of it: the ledger speaks http to its own machine alone. Without SIGNER_SEED it makes one and shows it.
 */
import { createHash, createPrivateKey, createPublicKey, randomBytes, sign, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

const MAX_BODY = 1_048_576;
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/**
 * @param {{seed: Uint8Array, token?: string, allow?: (request: any) => boolean}} options `seed` has 32 bytes
 * @returns {{kid: string, server: import('node:http').Server}} a server that does not listen yet
 */
export function referenceSigner({ seed, token, allow = () => true }) {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const kid = multikey(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));
  const server = createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    if (request.method !== 'POST') return answer(405, { error: 'POST only' });
    if (token !== undefined && !isSame(request.headers.authorization ?? '', `Bearer ${token}`)) {
      return answer(401, { error: 'wrong token' });
    }
    const chunks = [];
    let size = 0;
    request.on('data', (chunk) => {
      size += chunk.length;
      if (size > MAX_BODY) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      let asked;
      try {
        asked = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      } catch {
        return answer(400, { error: 'not JSON' });
      }
      if (asked?.v !== 1 || asked.kid !== kid) return answer(404, { error: 'not a key of this signer' });
      const message = messageOf(asked);
      if (!message || message.toString('base64url') !== asked.message) {
        return answer(400, { error: 'the message is not that of the document' });
      }
      if (!allow(asked)) return answer(403, { error: 'not allowed' });
      answer(200, { signature: sign(null, message, key).toString('base64url') });
    });
  });
  return { kid, server };
}

/** What a request asks to be signed, made of the document alone. */
function messageOf({ kind, document, proof }) {
  switch (kind) {
    case 'credential':
    case 'statusList':
      // W3C Data Integrity, eddsa-jcs-2022: SHA-256 of the proof's configuration, then of the document.
      return Buffer.concat([sha256(jcs(proof)), sha256(jcs(document))]);
    case 'keyChange':
      return document.purpose === 'meritkedja issuing key change v1' ? Buffer.from(jcs(document)) : undefined;
    case 'signerCheck':
      return document.purpose === 'meritkedja signer check v1' ? Buffer.from(jcs(document)) : undefined;
    default:
      return undefined;
  }
}

/** RFC 8785: JavaScript's own JSON with the members in the order of their names' UTF-16 code units. */
function jcs(value) {
  if (Array.isArray(value)) return `[${value.map(jcs).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${jcs(value[name])}`).join(',')}}`;
}

function sha256(text) {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** `z`, and base58btc of 0xed01 and the public key. */
function multikey(publicKey) {
  let number = BigInt(`0x${Buffer.concat([Buffer.from('ed01', 'hex'), publicKey]).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  return `z${text}`;
}

function isSame(given, expected) {
  return timingSafeEqual(sha256(given), sha256(expected));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const given = process.env.SIGNER_SEED;
  const seed = given ? Buffer.from(given, 'base64url') : randomBytes(32);
  if (seed.length !== 32) {
    console.error('SIGNER_SEED: must be 32 bytes in base64url');
    process.exit(78);
  }
  if (!given) console.log(`SIGNER_SEED=${seed.toString('base64url')}`);
  const { kid, server } = referenceSigner({ seed, token: process.env.SIGNER_TOKEN });
  const port = Number(process.argv[2] ?? 8090);
  server.listen(port, '127.0.0.1', () => console.log(`Signing with ${kid} at http://127.0.0.1:${port}`));
}
