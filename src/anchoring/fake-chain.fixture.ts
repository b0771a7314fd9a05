/**
 * A chain in memory behind the port, with everything that can go wrong in the test's hand: it mines when told to, loses
 * blocks, reverts, and is away.
 */
import { toHex0x } from '../encoding/hex.js';
import type { AnchorProof } from '../verification/bundle.js';
import {
  ChainError,
  type Anchored,
  type AnchorReceipt,
  type BlockTime,
  type BuildOptions,
  type BuiltAnchor,
  type Chain,
  type Finality,
} from './chain.js';

interface Block {
  readonly hash: string;
  readonly transactions: readonly { readonly hash: string; readonly reverted: boolean }[];
}

export class FakeChain implements Chain {
  readonly name: string;
  readonly chainId: number;
  readonly embedded: boolean;
  readonly contract = '0x00000000000000000000000000000000000000C0';
  anchorer = '0x00000000000000000000000000000000000000A0';

  readonly signer = {
    address: '0x00000000000000000000000000000000000000A0',
    signTransaction: async (): Promise<string> => '0x',
  };

  /** Blocks 1, 2, …; what is in `pool` waits for `mine`. */
  blocks: Block[] = [];
  pool: { hash: string; nonce: number; signed: string }[] = [];
  nonce = 0;
  /** What endpoints beside the first tell as the next one. */
  otherNonces: number[] = [];
  /** The height up to which blocks are final. */
  final = 0;
  /** Mines at once what is sent, and makes it final. */
  instant = true;
  away = false;
  reverting = false;
  /** Every call by its name, and what was sent. */
  readonly calls: string[] = [];
  readonly sent: string[] = [];
  /** Wei. */
  funds = 10n ** 18n;
  /** Wei for a unit of gas. */
  gasPrice = 10n ** 9n;
  /** Seconds since 1970 of each endpoint's newest block; unset: none answers a time that means anything. */
  blockTimes: { number: number; time: number }[] = [];
  /** Receipts that no endpoint gives, as one that is behind does. */
  readonly hidden = new Set<string>();
  /** Thrown instead of a proof. */
  unprovable: ChainError | undefined;
  /** Called before the bytes leave. */
  onSend: (signed: string) => void = () => undefined;
  #built = 0;

  constructor(name = 'embedded', chainId = 31_337) {
    this.name = name;
    this.chainId = chainId;
    this.embedded = name === 'embedded';
  }
  readonly #roots = new Map<string, Uint8Array>();
  /** Who was the anchorer when a transaction was made. */
  readonly #by = new Map<string, string>();

  mine(final = true): void {
    const included = this.pool.filter(({ nonce }) => nonce >= this.nonce);
    this.pool = [];
    this.nonce += included.length;
    this.blocks.push({
      hash: toHex0x(crypto.getRandomValues(new Uint8Array(32))),
      transactions: included.map(({ hash }) => ({ hash, reverted: this.reverting })),
    });
    if (final) this.final = this.blocks.length;
  }

  /** Drops the newest blocks and their transactions, as a killed node or a reorganisation does. */
  lose(blocks: number): void {
    for (const { transactions } of this.blocks.splice(-blocks)) this.nonce -= transactions.length;
    this.final = Math.min(this.final, this.blocks.length);
  }

  #asked(what: string): void {
    this.calls.push(what);
    if (this.away) throw new ChainError('rpcUnreachable', 'the fake chain is away');
  }

  async ensureReady(): Promise<{ blockNumber: number }> {
    this.#asked('ensureReady');
    return { blockNumber: this.blocks.length };
  }
  async nextNonces(): Promise<readonly number[]> {
    this.#asked('nextNonces');
    return [this.nonce, ...this.otherNonces];
  }
  async balance(): Promise<bigint> {
    this.#asked('balance');
    return this.funds;
  }
  async newestBlocks(): Promise<readonly BlockTime[]> {
    this.#asked('newestBlocks');
    return this.blockTimes;
  }
  async buildAnchor(root: Uint8Array, { replaces, maxFeePerGas, nonce }: BuildOptions = {}): Promise<BuiltAnchor> {
    this.#asked('buildAnchor');
    const fee = replaces === undefined ? this.gasPrice : (BigInt(replaces.split('/')[2] ?? '0') * 9n) / 8n + 1n;
    if (maxFeePerGas !== undefined && fee > maxFeePerGas) throw new ChainError('overBudget', `${fee} wei`);
    const number = (this.#built += 1);
    const txHash = toHex0x(new Uint8Array([...root.subarray(0, 28), 0, 0, number >> 8, number & 255]));
    this.#roots.set(txHash, root);
    this.#by.set(txHash, this.anchorer);
    const taken = replaces === undefined ? (nonce ?? this.nonce) : Number(replaces.split('/')[1]);
    const signedTransaction = `${txHash}/${taken}/${fee}`;
    return { txHash, nonce: taken, signedTransaction, maxCost: (24_000n * fee).toString() };
  }
  async send(signed: string): Promise<void> {
    this.#asked('send');
    this.onSend(signed);
    this.sent.push(signed);
    const [hash = '', nonce] = signed.split('/');
    if (this.#blockOf(hash) || this.pool.some((one) => one.hash === hash)) return;
    if (Number(nonce) < this.nonce) throw new ChainError('nonceTaken', 'the nonce is taken');
    // One of them at most is mined.
    this.pool = this.pool.filter((one) => one.nonce !== Number(nonce));
    this.pool.push({ hash, nonce: Number(nonce), signed });
    if (this.instant) this.mine();
  }
  async receipt(txHash: string): Promise<AnchorReceipt | undefined> {
    this.#asked('receipt');
    const found = this.#blockOf(txHash);
    if (!found || this.hidden.has(txHash)) return undefined;
    const { number, block, reverted } = found;
    const inclusion = {
      blockNumber: number,
      blockHash: block.hash,
      blockTime: 1_700_000_000 + number,
      transactionIndex: 0,
      gasUsed: '23090',
      effectiveGasPrice: this.gasPrice.toString(),
    };
    return reverted ? { ...inclusion, status: 'reverted' } : { ...inclusion, status: 'succeeded', logIndex: 0 };
  }
  async isFinalised(blockNumber: number, blockHash: string): Promise<Finality> {
    this.#asked('isFinalised');
    if (this.blocks[blockNumber - 1]?.hash !== blockHash) return 'reorganised';
    return blockNumber <= this.final ? 'yes' : 'no';
  }
  async blockHash(blockNumber: number): Promise<string | undefined> {
    this.#asked('blockHash');
    return this.blocks[blockNumber - 1]?.hash;
  }
  async anchors(fromBlock: number, anchorers: readonly string[] = [this.anchorer]): Promise<readonly Anchored[]> {
    this.#asked('anchors');
    return this.blocks.flatMap(({ transactions }, i) =>
      transactions
        .filter(({ hash, reverted }) => !reverted && i + 1 >= fromBlock && anchorers.includes(this.#by.get(hash)!))
        .map(({ hash }) => ({ root: this.#roots.get(hash)!, txHash: hash, blockNumber: i + 1 })),
    );
  }
  async settle(): Promise<void> {
    this.#asked('settle');
  }
  async proof(txHash: string): Promise<AnchorProof> {
    this.#asked('proof');
    if (this.unprovable) throw this.unprovable;
    const found = this.#blockOf(txHash);
    if (!found) throw new ChainError('notFound', 'no such transaction');
    return {
      chainId: this.chainId,
      contract: this.contract,
      anchorer: this.anchorer,
      txHash,
      blockNumber: found.number,
      blockHash: found.block.hash,
      transactionIndex: 0,
      logIndex: 0,
      header: '0x',
      receiptProof: [],
      transactionProof: [],
    };
  }

  #blockOf(hash: string): { number: number; block: Block; reverted: boolean } | undefined {
    for (const [i, block] of this.blocks.entries()) {
      const transaction = block.transactions.find((one) => one.hash === hash);
      if (transaction) return { number: i + 1, block, reverted: transaction.reverted };
    }
    return undefined;
  }
}
