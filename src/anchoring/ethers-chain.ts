/**
 * The chain port on any EVM chain, public or embedded. ethers signs and reads transactions; the endpoints are those
 * that the operator names and no others (no default provider), asked through json-rpc.ts. One endpoint's word is
 * enough to go on with; finality needs all that answer (isFinalised), and a proof needs nobody's word: it hashes.
 * Proven by ethers-chain.int.spec.ts against a real EVM node, with kill -9 and reorganisations.
 */
import { Transaction } from 'ethers';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { equalBytes } from '../encoding/bytes.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { InvariantError } from '../errors.js';
import type { AnchorProof } from '../verification/bundle.js';
import { keccak256 } from '../verification/keccak.js';
import { checkReceiptProof } from '../verification/receipt-proof-check.js';
import { VerificationError } from '../verification/verification-error.js';
import { keySigner, type AnchorSigner, type AnchorTransaction } from './anchor-signer.js';
import {
  ChainError,
  type Anchored,
  type AnchorReceipt,
  type BlockTime,
  type BuildOptions,
  type BuiltAnchor,
  type Chain,
  type ChainErrorCode,
  type Finality,
} from './chain.js';
import { formatCoins } from './cost.js';
import { RpcEndpoints, RpcRefusal } from './json-rpc.js';
import {
  feesAbove,
  l1FeeCall,
  networkWithId,
  OP_GAS_PRICE_ORACLE,
  operatorFeeCall,
  type FeesAbove,
} from './networks.js';
import {
  encodeHeader,
  encodeReceipt,
  encodeTransaction,
  inTries,
  isKnownReceiptType,
  proveIndex,
  rpcBlock,
  rpcFullBlock,
  rpcReceipt,
  unknownMembers,
  type RpcBlock,
  type RpcReceipt,
} from './receipt-proof.js';
import {
  checksumAddress,
  CREATE2_DEPLOYER,
  REGISTRY_ADDRESS,
  REGISTRY_CODE,
  REGISTRY_DEPLOYMENT,
  REGISTRY_TOPIC,
} from './registry.js';
import { bigQuantity, bytesOf, data, smallQuantity, toQuantity } from './rpc-values.js';

export interface EthersChainOptions {
  readonly name: string;
  readonly chainId: number;
  /** At least one; asked in this order. */
  readonly rpcUrls: readonly string[];
  /** The anchorer's secp256k1 key, 32 bytes; or who signs for it. */
  readonly privateKey?: Uint8Array;
  readonly signer?: AnchorSigner;
  /** Default: where the registry is on every chain. */
  readonly contract?: string;
  /** The operator's own node: contract and funds are made where they are missing, and blocks mined to settle. */
  readonly embedded?: boolean;
  /** Called at the end of `settle`: saves the embedded chain, so that what is final is on disk. */
  readonly onSettled?: () => Promise<void>;
  /** Blocks on top after which a block is taken for final; unset: the chain's own `finalized` tag says it. */
  readonly finalityDepth?: number;
  /** Wei for a unit of gas: nodes refuse a lower priority fee, whatever they answer when asked for one. */
  readonly minPriorityFee?: bigint;
  /** What is paid beside gas; default: as on the network with the chain id. */
  readonly feesAbove?: FeesAbove;
  /** For each call to an endpoint. */
  readonly timeoutMs?: number;
  /** For all calls to an endpoint that ask for the anchorer's logs together. */
  readonly logsMs?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** Logs are asked for from a block on after which there can be few: who has so many blocks more lies, or is too slow. */
const DEFAULT_LOGS_MS = 900_000;
/** Gas limit over the estimate, in per cent: a fork may come between the estimate and the block. Unused gas is free. */
const GAS_LIMIT_PERCENT = 120n;
/** A base fee grows by an eighth a block at most: twice as much lasts for six full blocks. So does that of the chain above. */
const BASE_FEES = 2n;
const EMBEDDED_BALANCE = 10n ** 21n;
/** Blocks that `finalized` is behind on the embedded chain (one slot in an epoch). */
const EMBEDDED_FINALITY = 2;

/** Blocks asked for logs at a time: public endpoints limit them. */
const LOG_RANGE = 2_000;

const code = z.string().regex(/^0x(?:[0-9a-fA-F]{2})*$/);
const anchoredLog = z.object({
  address: bytesOf(20),
  topics: z.array(bytesOf(32)).max(4),
  transactionHash: bytesOf(32),
  blockNumber: smallQuantity,
});
interface Offer {
  /** Wei for a unit of gas: below, the next block does not take it. */
  readonly least: bigint;
  readonly fees: { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };
}

const blockHead = rpcBlock.pick({ number: true, hash: true, timestamp: true, baseFeePerGas: true, transactions: true });

export class EthersChain implements Chain {
  readonly name: string;
  readonly chainId: number;
  readonly embedded: boolean;
  readonly contract: string;
  readonly anchorer: string;
  readonly signer: AnchorSigner;
  private readonly finalityDepth: number | undefined;
  private readonly minPriorityFee: bigint;
  private readonly feesAbove: FeesAbove;
  private readonly rpc: RpcEndpoints;
  private readonly logsMs: number;
  private readonly onSettled: () => Promise<void>;

  constructor(options: EthersChainOptions) {
    if (options.rpcUrls.length === 0) throw new InvariantError('a chain without an endpoint');
    this.name = options.name;
    this.chainId = options.chainId;
    this.embedded = options.embedded ?? false;
    this.contract = options.contract ?? REGISTRY_ADDRESS;
    const { signer, privateKey } = options;
    if (!signer && !privateKey) throw new InvariantError('a chain without a signer');
    this.signer = signer ?? keySigner(privateKey!);
    this.anchorer = this.signer.address;
    this.finalityDepth = options.finalityDepth;
    this.minPriorityFee = options.minPriorityFee ?? 0n;
    this.feesAbove = options.feesAbove ?? feesAbove(networkWithId(options.chainId));
    this.rpc = new RpcEndpoints(options.rpcUrls, options.chainId, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    this.logsMs = options.logsMs ?? DEFAULT_LOGS_MS;
    this.onSettled = options.onSettled ?? (async (): Promise<void> => undefined);
  }

  async ensureReady(): Promise<{ readonly blockNumber: number }> {
    // Every endpoint that answers shows its chain id here.
    const newest = await this.rpc.each(async (url) => this.rpc.askOne(url, smallQuantity, 'eth_blockNumber', []));
    if (this.embedded) await this.giveFunds();
    const there = await this.codeAt(this.contract);
    if (there === '0x') await this.deploy();
    else if (there !== REGISTRY_CODE) {
      throw new ChainError(
        'contractDiffers',
        `the code at ${this.contract} on ${this.name} is not the registry's: unset ANCHOR_CONTRACT, so that it is ` +
          `${REGISTRY_ADDRESS}, or name another endpoint in RPC_URLS`,
      );
    }
    if ((await this.balance()) === 0n) throw this.noFunds(0n);
    return { blockNumber: Math.min(...newest) };
  }

  /** What most is to be said for: the highest, as whoever is behind tells a lower one. */
  async nextNonce(): Promise<number> {
    return Math.max(...(await this.nextNonces()));
  }

  async nextNonces(): Promise<readonly number[]> {
    return this.rpc.each(async (url) =>
      this.rpc.askOne(url, smallQuantity, 'eth_getTransactionCount', [this.anchorer, 'latest']),
    );
  }

  async newestBlocks(): Promise<readonly BlockTime[]> {
    return this.rpc.each(async (url) => {
      const { number, timestamp } = await this.rpc.askOne(url, blockHead, 'eth_getBlockByNumber', ['latest', false]);
      return { number, time: timestamp };
    });
  }

  async balance(): Promise<bigint> {
    return this.rpc.ask(bigQuantity, 'eth_getBalance', [this.anchorer, 'latest']);
  }

  async buildAnchor(root: Uint8Array, options: BuildOptions = {}): Promise<BuiltAnchor> {
    if (root.length !== 32) throw new InvariantError(`expected a root of 32 bytes, got ${root.length}`);
    return this.build(this.contract, toHex0x(root), options);
  }

  async send(signedTransaction: string): Promise<void> {
    const transaction = Transaction.from(signedTransaction);
    const { hash } = transaction;
    if (hash === null) throw new InvariantError('a transaction that is not signed');
    // To all: the first endpoint may keep it to itself. One that has it is enough.
    await this.rpc.each(async (url) => {
      try {
        const answer = await this.rpc.askOne(url, bytesOf(32), 'eth_sendRawTransaction', [signedTransaction]);
        if (answer !== hash) throw new ChainError('badAnswer', `sent ${hash}, and the answer is ${answer}`);
      } catch (error) {
        if (!(error instanceof RpcRefusal) || ALREADY_THERE.test(error.message)) {
          if (error instanceof RpcRefusal) return;
          throw error;
        }
        // "Nonce too low" is also what is said of a transaction that is in a block already.
        if (await this.isKnown(url, hash)) return;
        throw new ChainError(sendErrorCode(error.message), this.refused(hash, error.message));
      }
    });
  }

  async receipt(txHash: string): Promise<AnchorReceipt | undefined> {
    const found = await this.find(txHash);
    if (found === undefined) return undefined;
    const { receipt, block } = found;
    const inclusion = {
      blockNumber: block.number,
      blockHash: block.hash,
      blockTime: block.timestamp,
      transactionIndex: receipt.transactionIndex,
      gasUsed: BigInt(receipt.gasUsed).toString(),
      ...(receipt.effectiveGasPrice === undefined ? {} : { effectiveGasPrice: decimal(receipt.effectiveGasPrice) }),
      ...(receipt.l1Fee === undefined || receipt.l1Fee === null ? {} : { l1Fee: decimal(receipt.l1Fee) }),
    };
    if (receipt.status === '0x0') return { ...inclusion, status: 'reverted' };
    return { ...inclusion, status: 'succeeded', logIndex: this.logIndex(receipt) };
  }

  async isFinalised(blockNumber: number, blockHash: string): Promise<Finality> {
    const said = await this.rpc.each(async (url) => this.finalityAt(url, blockNumber, blockHash));
    const differing = new Set(said);
    if (differing.has('yes') && differing.has('reorganised')) {
      throw new ChainError(
        'rpcDisagreement',
        `${this.name}: endpoints have different blocks ${blockNumber}, which one of them calls final: at least one is on a ` +
          'fork or lies; nothing is called final meanwhile; look the block up elsewhere and leave that endpoint out of RPC_URLS',
      );
    }
    return differing.size === 1 ? said[0]! : 'no';
  }

  async blockHash(blockNumber: number): Promise<string | undefined> {
    return (await this.rpc.find(blockHead, 'eth_getBlockByNumber', [toQuantity(blockNumber), false]))?.hash;
  }

  async anchors(fromBlock: number, anchorers = [this.anchorer]): Promise<readonly Anchored[]> {
    // All are asked: one that is behind, or keeps something back, hides nothing that another one has.
    const said = await this.rpc.each(async (url) => this.anchorsAt(url, fromBlock, anchorers));
    const found = new Map(said.flat().map((one) => [`${one.blockNumber} ${one.txHash} ${toHex0x(one.root)}`, one]));
    return [...found.values()].toSorted((a, b) => a.blockNumber - b.blockNumber);
  }

  async settle(): Promise<void> {
    if (!this.embedded) return;
    const newest = await this.block('latest');
    const before = newest.number === 0 ? newest : await this.block(toQuantity(newest.number - 1));
    // Empty blocks on top make the rest final; were they there already, more would only make the chain longer.
    if (newest.number < EMBEDDED_FINALITY || newest.transactions.length > 0 || before.transactions.length > 0) {
      await this.rpc.ask(z.unknown(), 'anvil_mine', [toQuantity(EMBEDDED_FINALITY)]);
    }
    await this.onSettled();
  }

  async proof(txHash: string): Promise<AnchorProof> {
    // All from one endpoint, and the next is asked where it does not hash: one that is wrong hides nothing.
    return this.rpc.first(
      async (url) => this.proofFrom(url, txHash),
      (failures) =>
        failures.find((error) => error instanceof ChainError && error.code === 'proofUnavailable') ?? failures[0],
    );
  }

  private async proofFrom(url: string, txHash: string): Promise<AnchorProof> {
    const found = await this.find(txHash, url);
    if (found === undefined) throw new ChainError('notFound', `${txHash} is in no block of ${this.name}`);
    const { receipt, block } = found;
    if (receipt.status === '0x0') throw new ChainError('rejected', `${txHash} was reverted`);
    const header = await this.headerOf(url, block);
    const receipts = await this.receiptsOf(url, block);
    const inReceipts = await proveIndex(receipts.map(encodeReceipt), receipt.transactionIndex);
    if (!equalBytes(inReceipts.root, fromHex0x(block.receiptsRoot))) {
      const what = `the receipts of block ${block.hash} do not hash to its receipts root`;
      this.requireKnown(
        receipts.map(({ type }) => type).filter((type) => !isKnownReceiptType(type)),
        what,
      );
      this.require(false, what);
    }
    const inTransactions = await proveIndex(await this.transactionsOf(url, block), receipt.transactionIndex);
    this.require(
      equalBytes(inTransactions.root, fromHex0x(block.transactionsRoot)),
      `the transactions of block ${block.hash} do not hash to its transactions root`,
    );
    const logIndex = this.logIndex(receipt);
    // Who anchored it then: another one than now, where that has changed since.
    const anchorer = checksumAddress(fromHex0x(receipt.logs[logIndex]?.topics[1] ?? '0x').slice(-20));
    const proof: AnchorProof = {
      chainId: this.chainId,
      contract: this.contract,
      anchorer,
      txHash,
      blockNumber: block.number,
      blockHash: block.hash,
      transactionIndex: receipt.transactionIndex,
      logIndex,
      header: toHex0x(header),
      receiptProof: inReceipts.nodes.map(toHex0x),
      transactionProof: inTransactions.nodes.map(toHex0x),
    };
    try {
      checkReceiptProof(proof);
    } catch (error) {
      if (error instanceof VerificationError) throw new ChainError('badAnswer', `${txHash}: ${error.message}`);
      throw error;
    }
    return proof;
  }

  /**
   * The header's RLP: rebuilt from what the endpoint tells, or, where a fork has added what is not known here, as some
   * nodes give it. Kept only if it hashes to the block's hash.
   */
  private async headerOf(url: string, block: RpcBlock): Promise<Uint8Array> {
    const made = encodeHeader(block);
    if (toHex0x(keccak256(made)) === block.hash) return made;
    const raw = await this.rawHeader(url, block.hash);
    if (raw && toHex0x(keccak256(raw)) === block.hash) return raw;
    const what = `the members of block ${block.hash} do not hash to it`;
    this.requireKnown(unknownMembers(block), what);
    throw new ChainError('badAnswer', `${this.name}: ${what}; ${OTHER_ENDPOINT}`);
  }

  private async rawHeader(url: string, hash: string): Promise<Uint8Array | undefined> {
    try {
      return fromHex0x(await this.rpc.askOne(url, data, 'debug_getRawHeader', [hash]));
    } catch (error) {
      // Public endpoints seldom have it.
      if (error instanceof RpcRefusal || (error instanceof ChainError && error.code === 'badAnswer')) return undefined;
      throw error;
    }
  }

  /** @throws ChainError proofUnavailable where a fork has brought something that this version does not know */
  private requireKnown(unknown: readonly (string | number)[], what: string): void {
    if (unknown.length === 0) return;
    const names = [...new Set(unknown)].map((one) => (typeof one === 'number' ? toQuantity(one) : printable(one)));
    throw new ChainError(
      'proofUnavailable',
      `${this.name}: ${what}, and this version does not know ${names.slice(0, 5).join(', ')}: a fork has added it. The anchor ` +
        'is final without its proof, which is tried again each hour: update Meritkedja, or name an endpoint in RPC_URLS ' +
        'that answers debug_getRawHeader and eth_getRawTransactionByBlockHashAndIndex',
    );
  }

  private async build(to: string, data: string, options: BuildOptions): Promise<BuiltAnchor> {
    const replaced = options.replaces === undefined ? undefined : Transaction.from(options.replaces);
    const nonce = replaced?.nonce ?? options.nonce ?? (await this.nextNonce());
    const estimate = await this.estimateGas(to, data);
    const gas = (estimate * GAS_LIMIT_PERCENT) / 100n;
    const offer = await this.offer(replaced);
    const above = await this.feeAbove({ nonce, to, data, gasLimit: gas, ...offer.fees });
    const fees = this.within(options.maxFeePerGas, offer, above, estimate);
    const most = gas * fees.maxFeePerGas + above;
    const balance = await this.balance();
    if (balance < most) throw this.noFunds(balance, most);
    const signedTransaction = await this.signer.signTransaction({
      chainId: this.chainId,
      nonce,
      to,
      data,
      gasLimit: gas,
      ...fees,
    });
    const { hash } = Transaction.from(signedTransaction);
    if (hash === null) throw new InvariantError('a signed transaction without a hash');
    return { txHash: hash, nonce, signedTransaction, maxCost: most.toString() };
  }

  private async estimateGas(to: string, data: string): Promise<bigint> {
    try {
      return await this.rpc.ask(bigQuantity, 'eth_estimateGas', [{ from: this.anchorer, to, data }]);
    } catch (error) {
      if (!(error instanceof RpcRefusal)) throw error;
      throw new ChainError(
        'rejected',
        `${this.name} estimates no gas for an anchor: ${error.message}; ${LOOK_AT_CONTRACT}`,
      );
    }
  }

  /** EIP-1559. Nodes take a replacement whose two fees are a tenth higher; an eighth is on the safe side. */
  private async offer(replaced: Transaction | undefined): Promise<Offer> {
    const { baseFeePerGas } = await this.block('latest');
    if (baseFeePerGas === undefined) throw new ChainError('rejected', `${this.name} has no EIP-1559 fees`);
    const asked = await this.rpc.ask(bigQuantity, 'eth_maxPriorityFeePerGas', []);
    const priority = larger(larger(asked, this.minPriorityFee), raised(replaced?.maxPriorityFeePerGas));
    const least = larger(BigInt(baseFeePerGas) + priority, raised(replaced?.maxFeePerGas));
    const most = larger(BASE_FEES * BigInt(baseFeePerGas) + priority, least);
    return { least, fees: { maxFeePerGas: most, maxPriorityFeePerGas: priority } };
  }

  /** What is paid beside gas, in wei, as much as it may have become when the transaction is in a block. */
  private async feeAbove(unsigned: Omit<AnchorTransaction, 'chainId'>): Promise<bigint> {
    if (this.feesAbove !== 'oracle') return 0n;
    const { unsignedSerialized } = Transaction.from({ type: 2, chainId: this.chainId, ...unsigned });
    const ask = async (call: string): Promise<bigint> =>
      this.rpc.ask(bytesOf(32).transform(BigInt), 'eth_call', [{ to: OP_GAS_PRICE_ORACLE, data: call }, 'latest']);
    const forData = await ask(l1FeeCall(unsignedSerialized)).catch((error: unknown) => {
      if (!(error instanceof RpcRefusal)) throw error;
      throw new ChainError(
        'rejected',
        `${this.name} tells no fee for the data on the chain above: ${error.message}; nothing is sent at an unknown ` +
          'price: name another endpoint in RPC_URLS if this goes on',
      );
    });
    const forOperator = await ask(operatorFeeCall(unsigned.gasLimit)).catch((error: unknown) => {
      // Before the fork Isthmus there is none.
      if (error instanceof RpcRefusal) return 0n;
      throw error;
    });
    return BASE_FEES * (forData + forOperator);
  }

  /**
   * A limit lowers what is offered, as long as that is still enough for the next block, and for a replacement. What is
   * paid beside gas counts, as if it were gas.
   * @param above wei
   * @param estimate gas
   */
  private within(limit: bigint | undefined, { least, fees }: Offer, above: bigint, estimate: bigint): Offer['fees'] {
    if (limit === undefined) return fees;
    const beside = estimate === 0n ? 0n : (above + estimate - 1n) / estimate;
    if (least + beside > limit) {
      throw new ChainError(
        'overBudget',
        `an anchor on ${this.name} takes ${inGwei(least + beside)} gwei for a unit of gas now` +
          (beside === 0n ? '' : `, ${inGwei(beside)} of it for the chain above`) +
          `, and ANCHOR_MAX_FEE_GWEI allows ${inGwei(limit)}: it waits until the fees are lower; raise ` +
          'ANCHOR_MAX_FEE_GWEI to anchor now',
      );
    }
    const most = limit - beside;
    return { ...fees, maxFeePerGas: fees.maxFeePerGas > most ? most : fees.maxFeePerGas };
  }

  private async codeAt(address: string): Promise<string> {
    return (await this.rpc.ask(code, 'eth_getCode', [address, 'latest'])).toLowerCase();
  }

  private async giveFunds(): Promise<void> {
    if ((await this.balance()) >= EMBEDDED_BALANCE / 2n) return;
    await this.rpc.ask(z.unknown(), 'anvil_setBalance', [this.anchorer, toQuantity(EMBEDDED_BALANCE)]);
  }

  private async deploy(): Promise<void> {
    if (!this.embedded || this.contract !== REGISTRY_ADDRESS) {
      throw new ChainError(
        'contractMissing',
        `there is no contract at ${this.contract} on ${this.name}; the registry comes to ${REGISTRY_ADDRESS} by a ` +
          `transaction to ${CREATE2_DEPLOYER} with the data ${REGISTRY_DEPLOYMENT}`,
      );
    }
    const { signedTransaction } = await this.build(CREATE2_DEPLOYER, REGISTRY_DEPLOYMENT, {});
    await this.send(signedTransaction);
    const deadline = Date.now() + DEFAULT_TIMEOUT_MS;
    while ((await this.codeAt(this.contract)) !== REGISTRY_CODE) {
      if (Date.now() > deadline)
        throw new ChainError('contractMissing', 'the embedded chain did not take the contract');
      await delay(20);
    }
    await this.settle();
  }

  private async block(tag: string): Promise<z.output<typeof blockHead>> {
    return this.rpc.ask(blockHead, 'eth_getBlockByNumber', [tag, false]);
  }

  /**
   * A transaction's receipt and block, as far as they fit together; undefined while it is in no block.
   * @param at the one endpoint to ask; default: all
   */
  private async find(txHash: string, at?: string): Promise<{ receipt: RpcReceipt; block: RpcBlock } | undefined> {
    if (at === undefined) {
      // Both from one endpoint, and one whose answers do not fit together hides nothing that another one has.
      const found = await this.rpc.each(async (url) => this.find(txHash, url));
      return found.find((one) => one !== undefined);
    }
    const receipt = await this.rpc.askOne(at, rpcReceipt.nullable(), 'eth_getTransactionReceipt', [txHash]);
    if (receipt === null) return undefined;
    const block = await this.rpc.askOne(at, rpcBlock.nullable(), 'eth_getBlockByHash', [receipt.blockHash, false]);
    // Reorganised between the two answers.
    if (block === null) return undefined;
    this.require(
      receipt.transactionHash === txHash &&
        block.hash === receipt.blockHash &&
        block.number === receipt.blockNumber &&
        block.transactions[receipt.transactionIndex] === txHash,
      `the receipt of ${txHash} and block ${block.hash} do not fit together`,
    );
    return { receipt, block };
  }

  /** All receipts of a block in order. @throws ChainError badAnswer if they are not all */
  private async receiptsOf(url: string, block: RpcBlock): Promise<readonly RpcReceipt[]> {
    let receipts: readonly RpcReceipt[];
    try {
      receipts = await this.rpc.askOne(url, z.array(rpcReceipt), 'eth_getBlockReceipts', [block.hash]);
    } catch (error) {
      if (!(error instanceof RpcRefusal || (error instanceof ChainError && error.code === 'badAnswer'))) throw error;
      // Not every node knows the method, or takes a hash there.
      receipts = await this.receiptsOneByOne(url, block);
    }
    const all = receipts.toSorted((a, b) => a.transactionIndex - b.transactionIndex);
    const inOrder = inTries(block, all, ({ transactionHash }) => transactionHash);
    const hashes = inTries(block, block.transactions, (hash) => hash);
    this.require(
      inOrder.length === hashes.length && inOrder.every(({ transactionHash }, i) => transactionHash === hashes[i]),
      `the receipts of block ${block.hash} are not those of its transactions`,
    );
    return inOrder;
  }

  private async receiptsOneByOne(url: string, block: RpcBlock): Promise<readonly RpcReceipt[]> {
    const receipts: RpcReceipt[] = [];
    for (const hash of inTries(block, block.transactions, (one) => one)) {
      receipts.push(await this.rpc.askOne(url, rpcReceipt, 'eth_getTransactionReceipt', [hash]));
    }
    return receipts;
  }

  /** The bytes of all transactions of a block in order. @throws ChainError badAnswer if they are not all */
  private async transactionsOf(url: string, block: RpcBlock): Promise<readonly Uint8Array[]> {
    const full = await this.rpc.askOne(url, rpcFullBlock, 'eth_getBlockByHash', [block.hash, true]);
    const transactions = inTries(block, full.transactions, ({ hash }) => hash);
    const hashes = inTries(block, block.transactions, (hash) => hash);
    this.require(
      transactions.length === hashes.length && transactions.every(({ hash }, i) => hash === hashes[i]),
      `the transactions of block ${block.hash} are not those that it names`,
    );
    const encoded: Uint8Array[] = [];
    for (const [i, transaction] of transactions.entries()) {
      const { hash } = transaction;
      const bytes = encodeTransaction(transaction);
      const made = bytes !== undefined && toHex0x(keccak256(bytes)) === hash;
      encoded.push(
        made ? bytes : await this.rawTransaction(url, block, i, bytes === undefined ? transaction : { hash }),
      );
    }
    return encoded;
  }

  /**
   * Of a type, or in a form, that is not known here. Not every node has the method.
   * @param transaction with its type where that is not known
   */
  private async rawTransaction(
    url: string,
    block: RpcBlock,
    index: number,
    { hash, type }: { readonly hash: string; readonly type?: unknown },
  ): Promise<Uint8Array> {
    const params = [block.hash, toQuantity(index)];
    const what = `there are no bytes of transaction ${hash} of block ${block.hash}`;
    try {
      const bytes = fromHex0x(await this.rpc.askOne(url, data, 'eth_getRawTransactionByBlockHashAndIndex', params));
      if (toHex0x(keccak256(bytes)) === hash) return bytes;
    } catch (error) {
      if (!(error instanceof RpcRefusal || (error instanceof ChainError && error.code === 'badAnswer'))) throw error;
    }
    this.requireKnown(
      type === undefined ? [] : [`transactions of type ${typeof type === 'string' ? type : '?'}`],
      what,
    );
    throw new ChainError('badAnswer', `${this.name}: ${what} that hash to it; ${OTHER_ENDPOINT}`);
  }

  private logIndex(receipt: RpcReceipt): number {
    const address = this.contract.toLowerCase();
    const index = receipt.logs.findIndex((log) => log.address === address && log.topics[0] === REGISTRY_TOPIC);
    this.require(index >= 0, `${receipt.transactionHash} succeeded without a log of ${this.contract}`);
    return index;
  }

  private async finalityAt(url: string, blockNumber: number, blockHash: string): Promise<Finality> {
    // In this order: what is final when the second is asked cannot have changed since the first.
    const finalHeight = await this.finalHeight(url);
    const there = await this.rpc.askOne(url, blockHead.nullable(), 'eth_getBlockByNumber', [
      toQuantity(blockNumber),
      false,
    ]);
    // A public endpoint without the block is behind. The embedded node has lost it, as nobody else could add to it.
    if (there === null) return this.embedded ? 'reorganised' : 'no';
    if (there.hash !== blockHash.toLowerCase()) return 'reorganised';
    return finalHeight >= blockNumber ? 'yes' : 'no';
  }

  /** The newest height that an endpoint calls final; -1 where there is none yet. */
  private async finalHeight(url: string): Promise<number> {
    const tag = this.finalityDepth === undefined ? 'finalized' : 'latest';
    const block = await this.rpc.askOne(url, blockHead.nullable(), 'eth_getBlockByNumber', [tag, false]);
    return block === null ? -1 : block.number - (this.finalityDepth ?? 0);
  }

  private async anchorsAt(url: string, fromBlock: number, anchorers: readonly string[]): Promise<readonly Anchored[]> {
    const newest = await this.rpc.askOne(url, smallQuantity, 'eth_blockNumber', []);
    const address = this.contract.toLowerCase();
    const ours = anchorers.map((one) => `0x${'0'.repeat(24)}${one.slice(2).toLowerCase()}`);
    const topics = [REGISTRY_TOPIC, ours];
    const anchors: Anchored[] = [];
    const end = performance.now() + this.logsMs;
    for (let from = fromBlock; from <= newest; from += LOG_RANGE) {
      this.require(
        performance.now() < end,
        `an endpoint says that its newest block is ${newest}, and of its logs from block ${fromBlock} on it has told those ` +
          `up to block ${from} in ${this.logsMs / 1_000} s`,
      );
      const range = { fromBlock: toQuantity(from), toBlock: toQuantity(Math.min(from + LOG_RANGE - 1, newest)) };
      for (const log of await this.logsAt(url, { address, topics, ...range })) {
        const [event, anchorer, root] = log.topics;
        this.require(
          log.address === address && event === REGISTRY_TOPIC && ours.includes(anchorer ?? '') && root !== undefined,
          `an endpoint was asked for the anchors of ${anchorers.join(', ')} and answers other logs`,
        );
        anchors.push({ root: fromHex0x(root!), txHash: log.transactionHash, blockNumber: log.blockNumber });
      }
    }
    return anchors;
  }

  private async logsAt(url: string, filter: object): Promise<readonly z.output<typeof anchoredLog>[]> {
    try {
      return await this.rpc.askOne(url, z.array(anchoredLog), 'eth_getLogs', [filter]);
    } catch (error) {
      if (!(error instanceof RpcRefusal)) throw error;
      throw new ChainError('badAnswer', `${this.name} tells no logs: ${error.message}; ${OTHER_ENDPOINT}`);
    }
  }

  private async isKnown(url: string, hash: string): Promise<boolean> {
    return (await this.rpc.askOne(url, z.unknown(), 'eth_getTransactionByHash', [hash])) !== null;
  }

  private noFunds(balance: bigint, needed?: bigint): ChainError {
    return new ChainError(
      'noFunds',
      `the anchorer ${this.anchorer} has ${formatCoins(balance.toString())} on ${this.name}` +
        (needed === undefined ? '' : `, and an anchor may take ${formatCoins(needed.toString())}`) +
        `: send funds to ${this.anchorer}; anchoring goes on by itself when they are there`,
    );
  }

  private refused(hash: string, said: string): string {
    const advice: Partial<Record<ChainErrorCode, string>> = {
      nonceTaken: 'another transaction of the anchorer has its nonce; what follows is found out by itself',
      underpriced: 'more is offered by itself when ANCHOR_BUMP_AFTER has passed',
      noFunds: `send funds to ${this.anchorer}; anchoring goes on by itself when they are there`,
    };
    return `${this.name} refuses ${hash}: ${said}; ${advice[sendErrorCode(said)] ?? LOOK_AT_CONTRACT}`;
  }

  private require(holds: boolean, otherwise: string): void {
    if (!holds) throw new ChainError('badAnswer', `${this.name}: ${otherwise}; ${OTHER_ENDPOINT}`);
  }
}

const OTHER_ENDPOINT = 'it is tried again; name another endpoint in RPC_URLS if this goes on';
const LOOK_AT_CONTRACT = 'it is tried again; meritkedja doctor looks at endpoint, contract and purse';

const ALREADY_THERE = /already (known|imported|exists)|known transaction/i;

/** Nodes tell refusals apart by their texts alone. */
function sendErrorCode(said: string): ChainErrorCode {
  if (/nonce.{0,20}(too low|already)/i.test(said)) return 'nonceTaken';
  if (/underpriced|fee.{0,30}(too low|less than)/i.test(said)) return 'underpriced';
  if (/insufficient funds/i.test(said)) return 'noFunds';
  return 'rejected';
}

function raised(fee: bigint | null | undefined): bigint {
  return fee === null || fee === undefined ? 0n : fee + fee / 8n + 1n;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function decimal(hexQuantity: string): string {
  return BigInt(hexQuantity).toString();
}

/** A name that a stranger gave. */
function printable(name: string): string {
  return name.replace(/[^\w ]/g, '?').slice(0, 60);
}

function inGwei(wei: bigint): string {
  const digits = wei.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
}
