/** A signer elsewhere (S13) over a loopback server: what it is sent, and everything that it can do wrong. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { referenceSigner } from '../../scripts/reference-signer.mjs';
import { generateKeyPair, signer as ed25519, verifyEd25519 } from '../crypto/ed25519.js';
import { fromMultikey, toMultikey } from '../encoding/base58.js';
import { toBase64url } from '../encoding/base64.js';
import { canonicalBytes } from '../encoding/jcs.js';
import type { JsonObject } from '../encoding/json.js';
import { SignerError } from '../errors.js';
import { eddsaJcsProofOf, signEddsaJcs, verifyEddsaJcs } from '../verification/data-integrity.js';
import { isSignerUrl, signRemotely, type Signable } from './remote-signer.js';

const PAIR = generateKeyPair();
const KID = toMultikey(PAIR.publicKey);
const DOCUMENT: JsonObject = { purpose: 'meritkedja signer check v1', kid: KID, at: '2026-01-01T00:00:00.000Z' };
const MESSAGE = canonicalBytes(DOCUMENT);
const ABOUT: Signable = { kind: 'signerCheck', document: DOCUMENT };

const closes: (() => void)[] = [];
afterEach(() => {
  for (const close of closes.splice(0)) close();
});

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closes.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/sign`;
}

function serving(handler: Handler): Promise<string> {
  return listening(
    createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => handler(request, response, body));
    }),
  );
}

const good = toBase64url(ed25519(PAIR.seed).sign(MESSAGE));
const answering =
  (status: number, text: string): Handler =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);

async function refusal(url: string): Promise<SignerError> {
  const error: unknown = await signRemotely({ url }, KID, MESSAGE, ABOUT).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SignerError);
  return error as SignerError;
}

describe('a remote signer', () => {
  it('S13: is sent the whole document, the bytes and its token, and gives the signature', async () => {
    const seen: { body: unknown; authorization: string | undefined }[] = [];
    const url = await serving((request, response, body) => {
      seen.push({ body: JSON.parse(body), authorization: request.headers.authorization });
      response.end(JSON.stringify({ signature: good }));
    });
    const signature = await signRemotely({ url, token: 'a-token' }, KID, MESSAGE, ABOUT);
    expect(verifyEd25519(PAIR.publicKey, MESSAGE, signature)).toBe(true);
    expect(seen).toEqual([
      {
        body: { v: 1, kid: KID, kind: 'signerCheck', document: DOCUMENT, message: toBase64url(MESSAGE) },
        authorization: 'Bearer a-token',
      },
    ]);
  });

  it.each([
    ['no JSON', 200, 'yes'],
    ['no signature', 200, '{}'],
    ['a signature that is too short', 200, JSON.stringify({ signature: good.slice(4) })],
    [
      'a signature over something else',
      200,
      JSON.stringify({ signature: toBase64url(ed25519(PAIR.seed).sign(new Uint8Array(64))) }),
    ],
    [
      'another key’s signature',
      200,
      JSON.stringify({ signature: toBase64url(ed25519(new Uint8Array(32)).sign(MESSAGE)) }),
    ],
    ['a signature that is not strict', 200, JSON.stringify({ signature: toBase64url(new Uint8Array(64).fill(255)) })],
    ['more than a signature takes', 200, JSON.stringify({ signature: good, padding: 'x'.repeat(9_000) })],
    ['a refusal', 403, '{"error":"no"}'],
    ['another success', 201, JSON.stringify({ signature: good })],
  ])('S13: that answers with %s is not believed, nor asked again', async (_, status, text) => {
    let asked = 0;
    const url = await serving((request, response, body) => {
      asked += 1;
      answering(status, text)(request, response, body);
    });
    expect((await refusal(url)).code).toBe('signerRefused');
    expect(asked).toBe(1);
  });

  it('that sends elsewhere is not followed', async () => {
    let reached = false;
    const elsewhere = await serving((_request, response) => {
      reached = true;
      response.end(JSON.stringify({ signature: good }));
    });
    const url = await serving((_request, response) => response.writeHead(307, { location: elsewhere }).end());
    expect((await refusal(url)).code).toBe('signerRefused');
    expect(reached).toBe(false);
  });

  it.each([500, 503, 429])('that answers %d is asked once more', async (status) => {
    let asked = 0;
    const url = await serving((_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(status).end();
      else response.end(JSON.stringify({ signature: good }));
    });
    expect(await signRemotely({ url }, KID, MESSAGE, ABOUT)).toHaveLength(64);
    expect(asked).toBe(2);
  });

  it('that is not there, hangs up or hangs is told apart from one that refuses, without its address', async () => {
    let asked = 0;
    const url = await serving((request) => {
      asked += 1;
      request.socket.destroy();
    });
    const error = await refusal(url);
    expect(error.code).toBe('signerUnreachable');
    expect(error.message).not.toContain('127.0.0.1');
    expect(asked).toBe(2);
    expect((await refusal('http://127.0.0.1:1/')).code).toBe('signerUnreachable');
    const hanging = await serving(() => undefined);
    expect((await refusal(hanging)).message).toMatch(/no answer in 4000 ms/);
  }, 30_000);
});

describe('the address of a signer', () => {
  it.each([
    'https://signer.example',
    'https://signer.example:8443/sign?x=1',
    'http://127.0.0.1:8090',
    'http://localhost/',
    'http://[::1]:1/',
  ])('may be %s', (url) => expect(isSignerUrl(url)).toBe(true));
  it.each([
    'http://signer.example',
    'http://10.0.0.1',
    'http://127.0.0.1.example',
    'ftp://127.0.0.1',
    'file:///etc/passwd',
    'https://u:p@signer.example',
    'https://signer.example/#x',
    'signer',
    '',
  ])('may not be %j', (url) => expect(isSignerUrl(url)).toBe(false));
});

describe('the reference signer', () => {
  const sign = async (document: JsonObject): Promise<JsonObject> => {
    const { kid, server } = referenceSigner({ seed: PAIR.seed });
    expect(kid).toBe(KID);
    const url = await listening(server);
    const options = { verificationMethod: `did:web:x#${KID}`, created: '2026-01-01T00:00:00Z', nonce: 'n' };
    return signEddsaJcs(document, options, (message, proof) =>
      signRemotely({ url }, KID, message, { kind: 'credential', document, proof }),
    );
  };

  it('makes the same bytes of document and proof as the ledger', async () => {
    const document = {
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      name: 'Påhittad – "ö"',
      n: [1, 1.5, true, null],
    };
    const signed = await sign(document);
    const { proof } = eddsaJcsProofOf(signed);
    expect(verifyEddsaJcs(document, proof, fromMultikey(KID))).toBe(true);
  });

  it('refuses bytes that are not the document’s, a wrong token, and what it does not allow', async () => {
    const { server } = referenceSigner({
      seed: PAIR.seed,
      token: 'secret',
      allow: ({ kind }) => kind !== 'signerCheck',
    });
    const url = await listening(server);
    const ask = (about: Signable, message = MESSAGE, token = 'secret'): Promise<unknown> =>
      signRemotely({ url, token }, KID, message, about).then(
        () => 'signed',
        (error: SignerError) => error.message.replace(/^.*: /, ''),
      );
    const change: Signable = { kind: 'keyChange', document: { purpose: 'meritkedja issuing key change v1' } };
    expect(await ask(change, canonicalBytes(change.document))).toBe('signed');
    expect(await ask(change)).toBe('status 400');
    expect(await ask({ kind: 'keyChange', document: { purpose: 'other' } }, canonicalBytes({ purpose: 'other' }))).toBe(
      'status 400',
    );
    expect(await ask(change, canonicalBytes(change.document), 'wrong')).toBe('status 401');
    expect(await ask(ABOUT)).toBe('status 403');
  });
});
