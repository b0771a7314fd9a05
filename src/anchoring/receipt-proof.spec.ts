import { createBlockHeader } from '@ethereumjs/block';
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { verifyMerkleProof } from '@ethereumjs/mpt';
import { describe, expect, it } from '@jest/globals';
import { Transaction, Wallet, type TransactionRequest } from 'ethers';
import { toHex, toHex0x } from '../encoding/hex.js';
import { keccak256 } from '../verification/keccak.js';
import { provenValue } from '../verification/receipt-proof-check.js';
import { encodeRlpInteger } from '../verification/rlp.js';
import { VerificationError } from '../verification/verification-error.js';
import {
  encodeHeader,
  encodeReceipt,
  encodeTransaction,
  inTries,
  proveIndex,
  rpcBlock,
  rpcReceipt,
  unknownMembers,
} from './receipt-proof.js';
import { KNOWN_RECEIPTS } from './rollup-blocks.fixture.js';
import { stateSyncHash } from './unsigned-transactions.js';

const EMPTY_TRIE = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';
const hash = (digit: string): string => `0x${digit.repeat(64)}`;

/** The first block of Ethereum's main network. */
const genesis = {
  hash: '0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3',
  parentHash: hash('0'),
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  miner: `0x${'00'.repeat(20)}`,
  stateRoot: '0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544',
  transactionsRoot: EMPTY_TRIE,
  receiptsRoot: EMPTY_TRIE,
  logsBloom: `0x${'00'.repeat(256)}`,
  difficulty: '0x400000000',
  number: '0x0',
  gasLimit: '0x1388',
  gasUsed: '0x0',
  timestamp: '0x0',
  extraData: '0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa',
  mixHash: hash('0'),
  nonce: '0x0000000000000042',
  transactions: [],
};

describe('a block header', () => {
  it('hashes to the hash of the main network’s first block', () => {
    expect(toHex0x(keccak256(encodeHeader(rpcBlock.parse(genesis))))).toBe(genesis.hash);
  });

  it.each([
    [Hardfork.London, { baseFeePerGas: '0x7' }],
    [Hardfork.Shanghai, { baseFeePerGas: '0x3b9aca00', withdrawalsRoot: hash('1') }],
    [
      Hardfork.Cancun,
      {
        baseFeePerGas: '0x80',
        withdrawalsRoot: hash('1'),
        blobGasUsed: '0x0',
        excessBlobGas: '0x20000',
        parentBeaconBlockRoot: hash('2'),
      },
    ],
    [
      Hardfork.Prague,
      {
        baseFeePerGas: '0xff',
        withdrawalsRoot: hash('1'),
        blobGasUsed: '0x20000',
        excessBlobGas: '0x0',
        parentBeaconBlockRoot: hash('2'),
        requestsHash: hash('3'),
      },
    ],
  ])('is as @ethereumjs/block has it after %s', (hardfork, added) => {
    const block = {
      ...genesis,
      ...added,
      ...(hardfork === Hardfork.London ? {} : { difficulty: '0x0', nonce: '0x0000000000000000' }),
      miner: `0x${'0a'.repeat(20)}`,
      number: '0x1406f40',
      gasLimit: '0x1c9c380',
      gasUsed: '0x5a2d',
      timestamp: '0x6a000000',
      extraData: '0x',
    };
    const { miner, mixHash, sha3Uncles, transactionsRoot, receiptsRoot, ...rest } = block;
    const header = createBlockHeader(
      {
        ...rest,
        coinbase: miner,
        mixHash,
        uncleHash: sha3Uncles,
        transactionsTrie: transactionsRoot,
        receiptTrie: receiptsRoot,
      } as Parameters<typeof createBlockHeader>[0],
      { common: new Common({ chain: Mainnet, hardfork }), skipConsensusFormatValidation: true },
    );
    expect(toHex(encodeHeader(rpcBlock.parse(block)))).toBe(toHex(header.serialize()));
  });
});

describe('what a node tells of a block', () => {
  it('may hold members that this version does not know, and others that are in no header', () => {
    expect(unknownMembers(rpcBlock.parse(genesis))).toEqual([]);
    // Arbitrum, geth before the Merge, Erigon.
    const beside = {
      l1BlockNumber: '0x1',
      sendCount: '0x1',
      sendRoot: hash('1'),
      size: '0x1',
      author: `0x${'1'.repeat(40)}`,
    };
    expect(unknownMembers(rpcBlock.parse({ ...genesis, ...beside, totalDifficulty: '0x1', uncles: [] }))).toEqual([]);
    const forked = rpcBlock.parse({ ...genesis, futureRoot: hash('2') });
    expect(unknownMembers(forked)).toEqual(['futureRoot']);
    // What is not known is not encoded: the hash tells.
    expect(encodeHeader(forked)).toEqual(encodeHeader(rpcBlock.parse(genesis)));
  });

  it('of Polygon may list what it has taken over from Ethereum, which is in no trie before PIP-74', () => {
    const block = rpcBlock.parse({ ...genesis, number: '0x4c4b400', hash: hash('c') });
    const synced = '0x1d5da7b1c1b1f6d9a8d4f3a4f1fe2ecd8f2a1dd9b0d4b7a3d6d8df1df3d3d3d3';
    expect(inTries(block, [hash('1'), synced], (one) => one)).toEqual([hash('1'), synced]);
    const derived = stateSyncHash(block);
    expect(inTries(block, [hash('1'), derived], (one) => one)).toEqual([hash('1')]);
    expect(inTries({ ...block, number: block.number + 1 }, [derived], (one) => one)).toEqual([derived]);
  });
});

describe('the receipts of a block', () => {
  it.each(KNOWN_RECEIPTS)('of $of hash to the root that its header has', async ({ receipts, root }) => {
    const encoded = receipts.map((one) => encodeReceipt(rpcReceipt.parse(one)));
    expect(toHex0x((await proveIndex(encoded, 0)).root)).toBe(root);
  });
});

describe('a receipt', () => {
  const receipt = rpcReceipt.parse({
    transactionHash: hash('1'),
    transactionIndex: '0x0',
    blockHash: hash('2'),
    blockNumber: '0x1',
    type: '0x0',
    status: '0x1',
    cumulativeGasUsed: '0x5208',
    gasUsed: '0x5208',
    logsBloom: `0x${'00'.repeat(256)}`,
    logs: [],
  });
  const payload = `f9010801825208b90100${'00'.repeat(256)}c0`;

  it('has its type before it, where it has one', () => {
    expect(toHex(encodeReceipt(receipt))).toBe(payload);
    expect(toHex(encodeReceipt({ ...receipt, type: 2 }))).toBe(`02${payload}`);
  });

  it('of an OP stack’s deposit ends with nonce and version, if it has a version', () => {
    const deposit = { ...receipt, type: 0x7e, depositNonce: '0x5' };
    expect(toHex(encodeReceipt(deposit))).toBe(`7e${payload}`);
    const since = `7e${payload.replace('f90108', 'f9010a')}0501`;
    expect(toHex(encodeReceipt({ ...deposit, depositReceiptVersion: '0x1' }))).toBe(since);
  });

  it('of a transaction that was reverted has an empty status', () => {
    expect(toHex(encodeReceipt({ ...receipt, status: '0x0' }))).toBe(payload.replace('f9010801', 'f9010880'));
  });
});

/** A transaction as a node answers, of the bytes that were signed. */
function asAnswered(signed: string): Record<string, unknown> {
  const one = Transaction.from(signed);
  const { r, s, yParity, networkV, v } = one.signature!;
  const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
  const optional = (value: bigint | null): string | undefined => (value === null ? undefined : hex(value));
  return {
    hash: one.hash,
    type: hex(one.type!),
    nonce: hex(one.nonce),
    gas: hex(one.gasLimit),
    // As after EIP-1559: what was paid, also where two fees were signed.
    gasPrice: optional(one.gasPrice) ?? '0x77',
    maxPriorityFeePerGas: optional(one.maxPriorityFeePerGas),
    maxFeePerGas: optional(one.maxFeePerGas),
    maxFeePerBlobGas: optional(one.maxFeePerBlobGas),
    to: one.to?.toLowerCase() ?? null,
    value: hex(one.value),
    input: one.data,
    chainId: one.chainId === 0n ? null : hex(one.chainId),
    accessList: one.accessList,
    blobVersionedHashes: one.blobVersionedHashes,
    authorizationList: one.authorizationList?.map(({ address, chainId, nonce, signature }) => ({
      address,
      chainId: hex(chainId),
      nonce: hex(nonce),
      yParity: hex(signature.yParity),
      r: hex(BigInt(signature.r)),
      s: hex(BigInt(signature.s)),
    })),
    v: one.type === 0 ? hex(networkV ?? v) : hex(yParity),
    yParity: one.type === 0 ? undefined : hex(yParity),
    r: hex(BigInt(r)),
    s: hex(BigInt(s)),
  };
}

describe('a transaction', () => {
  const wallet = new Wallet(`0x${'07'.repeat(32)}`);
  const to = `0x${'0a'.repeat(20)}`;
  const fees = { maxFeePerGas: 9, maxPriorityFeePerGas: 2 };
  const accessList = [{ address: to, storageKeys: [hash('1'), hash('2')] }];

  it.each<[string, TransactionRequest]>([
    ['legacy, for any chain', { type: 0, gasPrice: 7 }],
    ['legacy, for one chain', { type: 0, gasPrice: 7, chainId: 1 }],
    ['with an access list', { type: 1, gasPrice: 7, chainId: 1, accessList }],
    ['with two fees', { type: 2, chainId: 1, ...fees }],
    [
      'with blobs',
      { type: 3, chainId: 1, ...fees, maxFeePerBlobGas: 3, blobVersionedHashes: [`0x01${'22'.repeat(31)}`] },
    ],
    ['with an authorization', { type: 4, chainId: 1, ...fees, accessList }],
  ])('%s is encoded as it was signed', async (_, fields) => {
    for (let nonce = 0; nonce < 300; nonce += 60) {
      const authorizationList = fields.type === 4 ? [await wallet.authorize({ address: to, nonce, chainId: 0 })] : null;
      const input = nonce === 0 ? '0x' : `0x${'01'.repeat(nonce)}`;
      const all = { ...fields, authorizationList, nonce, to, gasLimit: 30_000, value: nonce * 1_000, data: input };
      const signed = await wallet.signTransaction(all);
      expect(toHex0x(encodeTransaction(asAnswered(signed))!)).toBe(signed);
    }
  });

  it('that makes a contract goes to nobody', async () => {
    const signed = await wallet.signTransaction({ type: 2, chainId: 1, nonce: 0, gasLimit: 1, data: '0x00', ...fees });
    expect(toHex0x(encodeTransaction(asAnswered(signed))!)).toBe(signed);
  });

  it('is encoded the same with zeros before its signature, and without the new name of its parity', async () => {
    const signed = await wallet.signTransaction({ type: 2, chainId: 1, nonce: 0, gasLimit: 1, to, ...fees });
    const { yParity, r, ...rest } = asAnswered(signed);
    expect(yParity).toBe(rest['v']);
    const padded = `0x${String(r).slice(2).padStart(64, '0')}`;
    expect(toHex0x(encodeTransaction({ ...rest, r: padded })!)).toBe(signed);
  });

  it('of a type or form that is not known here is not encoded', async () => {
    const known = asAnswered(await wallet.signTransaction({ type: 2, chainId: 1, nonce: 0, gasLimit: 1, to, ...fees }));
    for (const other of [{ type: '0x7e' }, { type: '0x7f' }, { r: undefined }, { v: undefined, yParity: undefined }]) {
      expect(encodeTransaction({ ...known, ...other })).toBeUndefined();
    }
    for (const other of [null, 'x', [], {}]) expect(encodeTransaction(other)).toBeUndefined();
  });
});

describe('a trie of receipts', () => {
  /** One byte makes leaves that stand inside their parents; 400 are as long as a receipt. */
  const values = (count: number, length: number): Uint8Array[] =>
    Array.from({ length: count }, (_, i) => new Uint8Array(length).fill((i % 255) + 1));

  it.each([
    [1, 1],
    [1, 400],
    [2, 1],
    [3, 20],
    [17, 3],
    [127, 1],
    [128, 400],
    [129, 1],
    [200, 33],
    [257, 2],
    [300, 400],
  ])('of %d values of %d bytes proves each of them, as @ethereumjs/mpt says too', async (count, length) => {
    const all = values(count, length);
    for (const index of new Set([0, 1, 15, 16, 126, 127, 128, 129, 255, 256, count - 1])) {
      if (index >= count) continue;
      const key = encodeRlpInteger(index);
      const { root, nodes } = await proveIndex(all, index);
      expect(provenValue(root, key, nodes)).toEqual(all[index]);
      expect(await verifyMerkleProof(key, [...nodes], { root })).toEqual(all[index]);
      for (let i = 0; i < nodes.length; i++) {
        const corrupted = nodes.map((node, j) => (j === i ? flipped(node) : node));
        expect(() => provenValue(root, key, corrupted)).toThrow(VerificationError);
        expect(() => provenValue(root, key, nodes.toSpliced(i, 1))).toThrow(VerificationError);
      }
      expect(() => provenValue(root, key, [...nodes, nodes[0]!])).toThrow('expected');
      expect(() => provenValue(root, encodeRlpInteger(count), nodes)).toThrow(VerificationError);
    }
  });
});

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
}
