/** Endpoints that limit, stall, cut off, mix up, or send what is no answer, as a server on a socket does it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import type { ChainErrorCode } from './chain.js';
import { RpcEndpoints } from './json-rpc.js';

const CHAIN_ID = 31_337;
type Handle = (response: ServerResponse, id: number, request: IncomingMessage) => void;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

interface Endpoint {
  readonly url: string;
  readonly asked: string[];
  handle: Handle;
}

const json = (response: ServerResponse, body: object, status = 200, headers: Record<string, string> = {}): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', ...body }));
};
const nonce: Handle = (response, id) => json(response, { id, result: '0x7' });

/** Tells its chain id rightly, and answers the rest as `handle` does. */
async function endpoint(handle: Handle = nonce): Promise<Endpoint> {
  const made: Endpoint = { url: '', asked: [], handle };
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { id, method } = JSON.parse(body) as { id: number; method: string };
      made.asked.push(method);
      if (method === 'eth_chainId') return json(response, { id, result: `0x${CHAIN_ID.toString(16)}` });
      made.handle(response, id, request);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(made, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/access-key` });
}

function over(...endpoints: readonly Endpoint[]): RpcEndpoints {
  return new RpcEndpoints(
    endpoints.map(({ url }) => url),
    CHAIN_ID,
    500,
  );
}
const ask = (rpc: RpcEndpoints, method = 'eth_getTransactionCount'): Promise<string> => rpc.ask(z.string(), method, []);

describe('an endpoint that is no use now', () => {
  it.each([
    ['its result', (deep: string) => `"id":1,"result":${deep}`],
    ['its id', (deep: string) => `"id":${deep},"result":"0x7"`],
    ['its error', (deep: string) => `"id":1,"error":${deep}`],
  ])('is one that nests lists in %s deeper than the stack: an answer as wrong as others', async (_, body) => {
    const deep = await endpoint((response) => {
      response.end(`{"jsonrpc":"2.0",${body('['.repeat(1_000_000) + ']'.repeat(1_000_000))}}`);
    });
    await expect(ask(over(deep))).rejects.toMatchObject({ code: 'badAnswer' });
    expect(await ask(over(deep, await endpoint()))).toBe('0x7');
  });

  it('is one whose refusal holds line breaks and control characters: messages and logs are one line', async () => {
    const rude = await endpoint((response, id) =>
      json(response, { id, error: { code: -32_000, message: 'no\r\n2026 ERROR forged\u001b[31m' } }),
    );
    const said = await ask(over(rude)).catch((error: unknown) => (error as Error).message);
    expect(said).toBe('no  2026 ERROR forged [31m');
  });

  it.each<[string, Handle, ChainErrorCode, RegExp]>([
    [
      'limits, with 429',
      (response) => void response.writeHead(429).end('slow down'),
      'rpcLimited',
      /too many requests; it is tried again later; use an endpoint with an access key, or name several in RPC_URLS/,
    ],
    [
      'limits, with an error of JSON-RPC',
      (response, id) => json(response, { id, error: { code: -32_005, message: 'limit exceeded' } }),
      'rpcLimited',
      /too many requests.*RPC_URLS/,
    ],
    [
      'limits, in words of its own',
      (response, id) => json(response, { id, error: { code: -32_000, message: 'daily quota reached' } }),
      'rpcLimited',
      /too many requests.*RPC_URLS/,
    ],
    [
      'limits, and says for how long',
      (response) => void response.writeHead(429, { 'retry-after': '17' }).end(),
      'rpcLimited',
      /asks for 17 s without any; use an endpoint with an access key/,
    ],
    [
      'limits until a date',
      (response) =>
        void response.writeHead(429, { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }).end('{}'),
      'rpcLimited',
      /asks for (?:89|90) s without any/,
    ],
    [
      'limits for longer than it can mean',
      (response) => void response.writeHead(429, { 'retry-after': '999999999' }).end(),
      'rpcLimited',
      /asks for 3600 s/,
    ],
    [
      'is out of service for a while',
      (response) => void response.writeHead(503, { 'retry-after': '5' }).end('<html>maintenance</html>'),
      'rpcUnreachable',
      /out of service, for 5 s as it says; it is tried again, and another endpoint in RPC_URLS/,
    ],
    [
      'fails',
      (response) => void response.writeHead(502).end('bad gateway'),
      'rpcUnreachable',
      /HTTP status 502; it is tried again/,
    ],
    [
      'wants a key',
      (response) => void response.writeHead(401).end('unauthorized'),
      'rpcUnreachable',
      /HTTP status 401; is the URL whole, with its access key, and paid for\?/,
    ],
    [
      'sends a web page',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('\n<!doctype html><p>Welcome'),
      'badAnswer',
      /a web page, not JSON-RPC \(HTTP status 200\): is the URL whole, with its access key\?/,
    ],
    [
      'sends half of the JSON',
      (response, id) => void response.end(`{"jsonrpc":"2.0","id":${id},"result":"0x`),
      'badAnswer',
      /ends in the midst of its JSON; it is tried again/,
    ],
    [
      'cuts the connection in the midst of the JSON',
      (response, id) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write(`{"jsonrpc":"2.0","id":${id},"result":"0x`, () => response.destroy());
      },
      'rpcUnreachable',
      /it is tried again, and another endpoint in RPC_URLS would be asked meanwhile/,
    ],
    [
      'answers another request',
      (response, id) => json(response, { id: id + 1, result: '0x7' }),
      'badAnswer',
      /the answer is to another request: something between mixes answers up; it is tried again/,
    ],
    [
      'answers what the method does not',
      (response, id) => json(response, { id, result: { nonce: 7 } }),
      'badAnswer',
      /expected string.*no node answers so: it is tried again/,
    ],
    [
      'answers JSON that is no JSON-RPC',
      (response) => void response.end('{"status":"ok"}'),
      'badAnswer',
      /not JSON-RPC: is the URL that of a node\?/,
    ],
    ['hangs', () => undefined, 'rpcUnreachable', /no answer in time; it is tried again/],
    ['drops the connection', (response) => void response.destroy(), 'rpcUnreachable', /it is tried again/],
  ])('%s: it says what to do, and the next is asked', async (_, handle, code, message) => {
    const wrong = await endpoint(handle);
    const error: unknown = await ask(over(wrong)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ChainError', code });
    expect(String(error)).toMatch(message);
    expect(String(error)).toContain(new URL(wrong.url).host);
    expect(String(error)).not.toContain('access-key');
    expect(await ask(over(wrong, await endpoint()))).toBe('0x7');
  });

  it('sends without end: it is read no further than an answer can be long', async () => {
    let sent = 0;
    const endless: Handle = (response, id) => {
      response.write(`{"jsonrpc":"2.0","id":${id},"result":"0x`);
      const more = (): void => {
        while (!response.destroyed && response.write('0'.repeat(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    };
    const wrong = await endpoint(endless);
    const rpc = new RpcEndpoints([wrong.url], CHAIN_ID, 20_000);
    await expect(ask(rpc)).rejects.toMatchObject({
      code: 'badAnswer',
      message: expect.stringMatching(/more than 8388608 bytes, which no node answers: take another endpoint/),
    });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(await ask(over(wrong, await endpoint()))).toBe('0x7');
  });

  it('sends much in little: what is read counts, not what was sent', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, '0'));
    const wrong = await endpoint((response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const rpc = new RpcEndpoints([wrong.url], CHAIN_ID, 20_000);
    await expect(ask(rpc)).rejects.toMatchObject({ code: 'badAnswer', message: expect.stringContaining('8388608') });
  });

  it('is of another chain: nothing is asked of it, and no other one hides that', async () => {
    const other = await endpoint();
    const rpc = new RpcEndpoints([other.url, (await endpoint()).url], CHAIN_ID + 1, 500);
    await expect(ask(rpc)).rejects.toMatchObject({
      code: 'wrongChainId',
      message: expect.stringContaining('correct RPC_URLS or CHAIN; nothing is sent there'),
    });
    expect(other.asked).toEqual(['eth_chainId']);
  });
});

describe('an endpoint that asks to be left alone', () => {
  it('is asked nothing until then, while the others are, and then again', async () => {
    const limiting = await endpoint((response) => void response.writeHead(429, { 'retry-after': '1' }).end());
    const other = await endpoint();
    const rpc = over(limiting, other);
    const began = performance.now();
    expect(await ask(rpc)).toBe('0x7');
    const asked = limiting.asked.length;
    limiting.handle = nonce;
    let answers = 0;
    while (limiting.asked.length === asked) {
      expect(await ask(rpc)).toBe('0x7');
      answers += 1;
    }
    expect(performance.now() - began).toBeGreaterThanOrEqual(1_000);
    expect(answers).toBeGreaterThan(2);
    // It came back: it is asked of which chain it is before it is believed.
    expect(limiting.asked.slice(asked)).toEqual(['eth_chainId', 'eth_getTransactionCount']);
  });

  it('alone: says for how long', async () => {
    const limiting = await endpoint((response) => void response.writeHead(429, { 'retry-after': '30' }).end());
    const rpc = over(limiting);
    await expect(ask(rpc)).rejects.toMatchObject({ code: 'rpcLimited' });
    const asked = limiting.asked.length;
    await expect(ask(rpc)).rejects.toMatchObject({
      code: 'rpcLimited',
      message: expect.stringMatching(/left alone for (?:29|30) s more, as it asked for/),
    });
    expect(limiting.asked).toHaveLength(asked);
  });
});
