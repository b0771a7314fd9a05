/** The anchorer's key in its three places. The remote signer is real HTTP on this machine, and mostly lies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { encryptKeystoreJson, Transaction, Wallet } from 'ethers';
import { fromHex0x } from '../encoding/hex.js';
import { ConfigError } from '../errors.js';
import { keySigner, openAnchorSigner, transactionHash, type AnchorTransaction } from './anchor-signer.js';
import { ChainError } from './chain.js';
import { remoteAnchorSigner } from './remote-anchor-signer.js';

const KEY = `0x${'17'.repeat(32)}`;
const wallet = new Wallet(KEY);
const OTHER = new Wallet(`0x${'18'.repeat(32)}`);
const PASSWORD = 'correct horse battery staple';
const TRANSACTION: AnchorTransaction = {
  chainId: 560_048,
  nonce: 7,
  to: '0xb9AED8ba99d0b740494Fd74d959f75471aD22C53',
  data: `0x${'ab'.repeat(32)}`,
  gasLimit: 27_701n,
  maxFeePerGas: 3_000_000_007n,
  maxPriorityFeePerGas: 1_000_000_000n,
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meritkedja-signer-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await work;
  } catch (error) {
    if (error instanceof ConfigError) return { code: error.variable, message: error.message };
    if (error instanceof ChainError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: 'nothing was thrown' };
}

describe('a key in the environment', () => {
  it('signs an EIP-1559 transaction of exactly what it is given', async () => {
    const signer = await openAnchorSigner({ is: 'key', key: fromHex0x(KEY) });
    expect(signer.address).toBe(wallet.address);
    const raw = await signer.signTransaction(TRANSACTION);
    const signed = Transaction.from(raw);
    expect(signed).toMatchObject({ type: 2, value: 0n, accessList: [], from: wallet.address, nonce: 7 });
    expect(signed.unsignedSerialized).toBe(Transaction.from({ type: 2, ...TRANSACTION }).unsignedSerialized);
    expect(transactionHash(raw)).toBe(signed.hash);
  });

  it.each([
    ['zero', '00'.repeat(32)],
    ['the order of the curve', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
    ['short', '11'.repeat(31)],
  ])('that is %s is refused, and not repeated', async (_, hex) => {
    const { code, message } = await failure(openAnchorSigner({ is: 'key', key: fromHex0x(`0x${hex}`) }));
    expect(code).toBe('ANCHOR_KEY');
    expect(message).not.toContain(hex);
  });
});

describe('a keystore file', () => {
  /** With little work for scrypt, so that the test is quick. */
  const encrypt = async (scrypt = { N: 1_024, r: 8, p: 1 }, key: Wallet = wallet): Promise<string> =>
    encryptKeystoreJson({ address: key.address, privateKey: key.privateKey }, PASSWORD, { scrypt });
  const open = async (path: string, password = PASSWORD): Promise<string> =>
    (await openAnchorSigner({ is: 'keystore', path, password })).address;

  it('opens with its password', async () => {
    expect(await open(file('good.json', await encrypt()))).toBe(wallet.address);
  });

  it.each([
    ['as geth writes it', { N: 262_144, r: 8, p: 1 }],
    ['as geth --lightkdf writes it', { N: 4_096, r: 8, p: 6 }],
  ])('%s opens', async (_, scrypt) => {
    expect(await open(file('geth.json', await encrypt(scrypt)))).toBe(wallet.address);
  });

  it('does not open with another password, and says which variable holds it', async () => {
    const { code, message } = await failure(open(file('wrong.json', await encrypt()), 'not the password'));
    expect(code).toBe('ANCHOR_KEYSTORE_PASSWORD');
    expect(message).not.toContain('not the password');
  });

  it('leaves the event loop free while it opens', async () => {
    const path = file('slow.json', await encrypt({ N: 131_072, r: 8, p: 1 }));
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 5);
    try {
      await open(path);
    } finally {
      clearInterval(timer);
    }
    expect(ticks).toBeGreaterThan(5);
  });

  it.each([
    ['n', 8_388_608],
    ['r', 8_192],
    ['p', 1_000],
  ])('that asks for too much in %s is refused before scrypt begins', async (parameter, value) => {
    const text = (await encrypt()).replace(new RegExp(`"${parameter}":\\d+`), `"${parameter}":${value}`);
    expect(text).toContain(`"${parameter}":${value}`);
    const { code, message } = await failure(open(file('greedy.json', text)));
    expect(code).toBe('ANCHOR_KEYSTORE');
    expect(message).toMatch(/asks for scrypt with/);
  });

  it.each([
    ['is not there', (): string => join(folder, 'none.json'), /ENOENT/],
    ['is a folder', (): string => folder, /EISDIR/],
    ['is no JSON', (): string => file('text.json', 'a key'), /not a keystore/],
    ['is of version 1', (): string => file('v1.json', '{"version":1,"crypto":{}}'), /at version/],
    ['is huge', (): string => file('huge.json', ' '.repeat(100_000)), /over 65536 bytes/],
  ])('that %s is a matter of ANCHOR_KEYSTORE', async (_, path, message) => {
    expect(await failure(open(path()))).toEqual({ code: 'ANCHOR_KEYSTORE', message: expect.stringMatching(message) });
  });

  it('whose address is not that of its key is refused', async () => {
    const text = (await encrypt()).replace(wallet.address.slice(2).toLowerCase(), OTHER.address.slice(2).toLowerCase());
    expect((await failure(open(file('swapped.json', text)))).message).toMatch(/not that of its address/);
  });
});

describe('a remote signer', () => {
  type Answer = (asked: Record<string, string>) => unknown;
  let server: Server | undefined;
  const requests: { id: number; method: string; params: Record<string, string>[] }[] = [];

  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    requests.length = 0;
  });

  /** @param answer what the result is; `undefined` for none at all */
  async function listening(answer: Answer): Promise<string> {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const asked = JSON.parse(body) as (typeof requests)[number];
        requests.push(asked);
        void Promise.resolve(answer(asked.params[0]!)).then((said) => {
          if (said === undefined) return;
          response.end(
            typeof said === 'string' ? said : JSON.stringify({ jsonrpc: '2.0', id: asked.id, ...(said as object) }),
          );
        });
      });
    });
    await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path`;
  }

  async function signs(change: object = {}, by: Wallet = wallet): Promise<string> {
    return by.signTransaction({ type: 2, ...TRANSACTION, ...change });
  }

  async function asks(answer: Answer, timeoutMs = 5_000): Promise<string> {
    return remoteAnchorSigner(await listening(answer), wallet.address, timeoutMs).signTransaction(TRANSACTION);
  }

  it('is asked by eth_signTransaction for what the execution API calls it', async () => {
    const raw = await asks(async () => ({ result: await signs() }));
    expect(Transaction.from(raw)).toMatchObject({ from: wallet.address });
    expect(requests).toMatchObject([
      {
        method: 'eth_signTransaction',
        params: [
          {
            from: wallet.address,
            to: TRANSACTION.to,
            chainId: '0x88bb0',
            nonce: '0x7',
            gas: '0x6c35',
            maxFeePerGas: '0xb2d05e07',
            maxPriorityFeePerGas: '0x3b9aca00',
            value: '0x0',
            data: TRANSACTION.data,
          },
        ],
      },
    ]);
  });

  it('may answer as geth does, with the bytes beside the transaction, and in capitals', async () => {
    const raw = await signs();
    expect(await asks(() => ({ result: { raw: `0x${raw.slice(2).toUpperCase()}`, tx: {} } }))).toBe(raw);
  });

  it('signs the same bytes as the key in the environment does', async () => {
    expect(await asks(async () => ({ result: await signs() }))).toBe(
      await keySigner(fromHex0x(KEY)).signTransaction(TRANSACTION),
    );
  });

  it.each([
    ['chainId', { chainId: 1 }],
    ['nonce', { nonce: 8 }],
    ['to', { to: OTHER.address }],
    ['data', { data: `0x${'ac'.repeat(32)}` }],
    ['value', { value: 1n }],
    ['gasLimit', { gasLimit: 1_000_000n }],
    ['maxFeePerGas', { maxFeePerGas: 10n ** 18n }],
    ['maxPriorityFeePerGas', { maxPriorityFeePerGas: 3_000_000_000n }],
  ])('that signs another %s is found out', async (member, change) => {
    const { code, message } = await failure(asks(async () => ({ result: await signs(change) })));
    expect(code).toBe('signerRefused');
    expect(message).toContain(`another ${member}: `);
  });

  it('that adds an access list is found out', async () => {
    const accessList = [{ address: OTHER.address, storageKeys: [] }];
    const { message } = await failure(asks(async () => ({ result: await signs({ accessList }) })));
    expect(message).toMatch(/more in it than was asked for/);
  });

  it('that signs a transaction of another type is found out', async () => {
    const { chainId, nonce, to, data, gasLimit } = TRANSACTION;
    const legacy = { type: 0, chainId, nonce, to, data, gasLimit, gasPrice: TRANSACTION.maxFeePerGas };
    const { message } = await failure(asks(async () => ({ result: await wallet.signTransaction(legacy) })));
    expect(message).toMatch(/another type: 0 instead of 2/);
  });

  it('that signs with another key is found out', async () => {
    const { code, message } = await failure(asks(async () => ({ result: await signs({}, OTHER) })));
    expect(code).toBe('signerRefused');
    expect(message).toContain(`signed by ${OTHER.address} instead of ${wallet.address} (ANCHOR_ADDRESS)`);
  });

  it('that does not sign is found out', async () => {
    const result = Transaction.from({ type: 2, ...TRANSACTION }).unsignedSerialized;
    expect((await failure(asks(() => ({ result })))).message).toMatch(/not signed/);
  });

  it('that gives back the other signature with the same meaning is found out: the hash would be another one', async () => {
    const signed = Transaction.from(await signs());
    const { r, s, yParity } = signed.signature!;
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const high = `0x${(order - BigInt(s)).toString(16).padStart(64, '0')}`;
    const result = signed.serialized.replace(s.slice(2), high.slice(2)).replace(
      // yParity stands before r: 0x80 for 0, 0x01 for 1.
      `${yParity === 0 ? '80' : '01'}a0${r.slice(2)}`,
      `${yParity === 0 ? '01' : '80'}a0${r.slice(2)}`,
    );
    expect(result).not.toBe(signed.serialized);
    expect((await failure(asks(() => ({ result })))).code).toBe('signerRefused');
  });

  it.each([
    ['a refusal', { error: { code: -32_000, message: 'account is locked' } }, 'signerRefused', /account is locked/],
    ['bytes that are no transaction', { result: '0x02c0' }, 'signerRefused', /no transaction/],
    ['no bytes', { result: null }, 'signerRefused', /no signed transaction/],
    ['a web page', '<!doctype html>', 'signerUnreachable', /JSON-RPC/],
  ])('that answers %s is told apart', async (_, answer, code, message) => {
    const failed = await failure(asks(() => answer));
    expect(failed).toEqual({ code, message: expect.stringMatching(message) });
    expect(failed.message).not.toContain('secret-path');
  });

  it('that does not answer is given up after its time', async () => {
    expect((await failure(asks(() => undefined, 100))).code).toBe('signerUnreachable');
  });

  it('that is not there is told apart', async () => {
    const url = await listening(() => undefined);
    server!.close();
    const { code, message } = await failure(remoteAnchorSigner(url, wallet.address).signTransaction(TRANSACTION));
    expect(code).toBe('signerUnreachable');
    expect(message).not.toContain('secret-path');
  });
});
