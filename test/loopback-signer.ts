/** A remote signer as Web3Signer is one, on a loopback port: it signs what it is asked for, and remembers what it signed. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transaction, Wallet } from 'ethers';
import { toHex0x } from '../src/encoding/hex.js';

interface Asked {
  readonly id: number;
  readonly params: readonly [Readonly<Record<string, string>>];
}

export class LoopbackSigner {
  /** Transaction hashes, oldest first. */
  readonly signed: string[] = [];
  readonly #wallet: Wallet;
  #server: Server | undefined;

  /** @param key 32 bytes */
  constructor(key: Uint8Array) {
    this.#wallet = new Wallet(toHex0x(key));
  }

  /** EIP-55. */
  get address(): string {
    return this.#wallet.address;
  }

  /** @returns its URL */
  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        const { id, params } = JSON.parse(body) as Asked;
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ jsonrpc: '2.0', id, result: this.#sign(params[0]) }));
      });
    });
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #sign({
    to,
    chainId,
    nonce,
    gas,
    maxFeePerGas,
    maxPriorityFeePerGas,
    data,
  }: Readonly<Record<string, string>>): string {
    const transaction = Transaction.from({
      type: 2,
      to: to!,
      data: data!,
      chainId: BigInt(chainId!),
      nonce: Number(nonce),
      gasLimit: BigInt(gas!),
      maxFeePerGas: BigInt(maxFeePerGas!),
      maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas!),
    });
    transaction.signature = this.#wallet.signingKey.sign(transaction.unsignedHash);
    this.signed.push(transaction.hash!);
    return transaction.serialized;
  }
}
