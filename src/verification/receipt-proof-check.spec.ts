import { readFileSync } from 'node:fs';
import { RLP } from '@ethereumjs/rlp';
import { describe, expect, it } from '@jest/globals';
import { proveIndex } from '../anchoring/receipt-proof.js';
import { concatBytes } from '../encoding/bytes.js';
import { fromHex, fromHex0x, toHex0x } from '../encoding/hex.js';
import type { AnchorProof } from './bundle.js';
import { keccak256 } from './keccak.js';
import { ANCHORED_TOPIC, checkAnchorProof, checkReceiptProof, provenValue } from './receipt-proof-check.js';
import { VerificationError } from './verification-error.js';

const sample = JSON.parse(readFileSync(new URL('receipt-proof-check.sample.json', import.meta.url), 'utf8')) as {
  root: string;
  blockTime: number;
  proof: AnchorProof;
};
const root = fromHex(sample.root);
const { proof } = sample;

/** The code that the check refuses with; `accepted` where it does not. Anything but a VerificationError escapes. */
function codeOf(changes: object, anchored = root): string {
  try {
    checkAnchorProof({ ...proof, ...changes }, anchored);
    return 'accepted';
  } catch (error) {
    if (error instanceof VerificationError) return error.code;
    throw error;
  }
}

/** The same hex with one bit of one byte turned. */
function flipped(hex: string, byte: number, bit = byte % 8): string {
  const bytes = fromHex0x(hex.toLowerCase());
  bytes[byte]! ^= 1 << bit;
  return toHex0x(bytes);
}

function bytesIn(hex: string): number[] {
  return Array.from({ length: hex.length / 2 - 1 }, (_, i) => i);
}

describe('an anchor recorded from a real EVM', () => {
  it('stands: block, time and root come out of the hashed bytes', () => {
    const block = { blockHash: proof.blockHash, blockNumber: proof.blockNumber, blockTime: sample.blockTime };
    expect(checkAnchorProof(proof, root)).toEqual(block);
    expect(checkReceiptProof(proof)).toEqual({ ...block, root });
  });

  it('needs no capitals in addresses', () => {
    expect(codeOf({ contract: proof.contract.toLowerCase(), anchorer: proof.anchorer.toLowerCase() })).toBe('accepted');
  });

  it('S10: does not stand with any byte of its header or block hash changed', () => {
    for (const byte of bytesIn(proof.header)) {
      expect(codeOf({ header: flipped(proof.header, byte) })).toBe('blockHashMismatch');
    }
    for (const byte of bytesIn(proof.blockHash)) {
      expect(codeOf({ blockHash: flipped(proof.blockHash, byte) })).toBe('blockHashMismatch');
    }
  });

  it('S10: does not stand with any byte of any node changed', () => {
    for (const [i, node] of proof.receiptProof.entries()) {
      for (const byte of bytesIn(node)) {
        expect(codeOf({ receiptProof: proof.receiptProof.with(i, flipped(node, byte)) })).toBe('receiptNodeMismatch');
      }
    }
  });

  it('S2: does not stand for any other root, anchorer or contract', () => {
    for (let byte = 0; byte < 32; byte++) {
      expect(codeOf({}, fromHex0x(flipped(toHex0x(root), byte)))).toBe('anchoredRootMismatch');
    }
    for (let byte = 0; byte < 20; byte++) {
      expect(codeOf({ anchorer: flipped(proof.anchorer, byte) })).toBe('logAnchorerMismatch');
      expect(codeOf({ contract: flipped(proof.contract, byte) })).toBe('logContractMismatch');
    }
    expect(codeOf({}, root.subarray(1))).toBe('anchoredRootMismatch');
  });

  it('does not stand at another place', () => {
    expect(codeOf({ blockNumber: proof.blockNumber + 1 })).toBe('blockNumberMismatch');
    expect(codeOf({ logIndex: 1 })).toBe('logMissing');
    for (let index = 0; index < 300; index++) {
      if (index === proof.transactionIndex) continue;
      expect(['receiptNotIncluded', 'receiptNodeMismatch']).toContain(codeOf({ transactionIndex: index }));
    }
  });

  it('has neither a node too many nor one too few, and all in their order', () => {
    const nodes = proof.receiptProof;
    expect(codeOf({ receiptProof: [...nodes, nodes[0]] })).toBe('receiptNodeUnused');
    expect(codeOf({ receiptProof: nodes.slice(0, -1) })).toBe('receiptNotIncluded');
    expect(codeOf({ receiptProof: nodes.slice(1) })).toBe('receiptNodeMismatch');
    expect(codeOf({ receiptProof: nodes.toReversed() })).toBe('receiptNodeMismatch');
  });

  it('S10: does not stand with any byte of its transaction’s hash changed', () => {
    for (const byte of bytesIn(proof.txHash)) {
      expect(codeOf({ txHash: flipped(proof.txHash, byte) })).toBe('transactionProof');
    }
  });

  it('S10: does not stand with any byte of any node of its transaction’s proof changed', () => {
    const nodes = proof.transactionProof;
    for (const [i, node] of nodes.entries()) {
      for (const byte of bytesIn(node)) {
        expect(codeOf({ transactionProof: nodes.with(i, flipped(node, byte)) })).toBe('transactionProof');
      }
    }
  });

  it('has all nodes of its transaction’s proof, in their order, and no others', () => {
    const nodes = proof.transactionProof;
    const others = [[...nodes, nodes[0]], nodes.slice(0, -1), nodes.slice(1), nodes.toReversed(), proof.receiptProof];
    for (const transactionProof of others) expect(codeOf({ transactionProof })).toBe('transactionProof');
  });

  it('says nothing of the chain’s id, which is in no byte of the header', () => {
    expect(codeOf({ chainId: 1 })).toBe('accepted');
  });

  const noNodes: unknown[] = [
    undefined,
    {},
    'x',
    [],
    [1],
    ['0x'],
    ['0xzz'],
    Array(10).fill('0x80'),
    [`0x${'00'.repeat(70_000)}`],
  ];
  const malformed: [string, unknown[]][] = [
    ['chainId', [undefined, null, '1', -1, 1.5, Number.NaN, 2 ** 53]],
    ['contract', [undefined, 1, '', '0x', `${proof.contract}00`, proof.contract.slice(2), `0x${'zz'.repeat(20)}`]],
    ['anchorer', [undefined, 1, '', '0x', `${proof.anchorer}00`, proof.anchorer.slice(2), `0x${'zz'.repeat(20)}`]],
    ['txHash', [undefined, '0x', `${proof.txHash}0`, `${proof.txHash}00`, proof.txHash.toUpperCase()]],
    ['blockNumber', [undefined, '4', -1, 4.5, Infinity]],
    ['blockHash', [undefined, '0x', proof.blockHash.slice(0, -2), proof.blockHash.replace('0x', '0X')]],
    ['transactionIndex', [undefined, '1', -1, 0.5, 2 ** 24]],
    ['logIndex', [undefined, '0', -1, 0.5, 2 ** 24]],
    ['header', [undefined, {}, '', '0x', '0xf', proof.header.toUpperCase(), `0x${'00'.repeat(20_000)}`]],
    ['receiptProof', noNodes],
    ['transactionProof', noNodes],
  ];
  it.each(malformed)('is malformed where %s is not of its type or size', (name, values) => {
    for (const value of values) expect(codeOf({ [name]: value })).toBe('anchorProofMalformed');
  });

  it('is malformed where it is no object', () => {
    for (const value of [null, undefined, 1, 'x']) {
      expect(() => checkReceiptProof(value as unknown as AnchorProof)).toThrow(VerificationError);
    }
  });
});

type Item = Uint8Array | Item[];

const contract = fromHex0x(proof.contract.toLowerCase());
const padded = concatBytes(new Uint8Array(12), fromHex0x(proof.anchorer.toLowerCase()));
const goodLog = [contract, [ANCHORED_TOPIC, padded, root], new Uint8Array()];

function receiptOf(logs: Item[], { status = Uint8Array.of(1), bloom = 256 } = {}): Uint8Array {
  return RLP.encode([status, Uint8Array.of(0x52, 0x08), new Uint8Array(bloom), logs]);
}

function typed(type: number, payload: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(type), payload);
}

const transaction = typed(2, RLP.encode(Array<Item>(12).fill(root)));
const inTransactions = await proveIndex([Uint8Array.of(0xff), transaction], 1);

/** A proof that hashes all the way, whatever the receipt says: what a forger with a chain of his own can make. */
async function forge(receipt: Uint8Array, header?: (receiptsRoot: Uint8Array) => Item): Promise<object> {
  const { root: receiptsRoot, nodes } = await proveIndex([Uint8Array.of(0xff), receipt], 1);
  const fields = (header ?? goodHeader)(receiptsRoot);
  const bytes = fields instanceof Uint8Array ? fields : RLP.encode(fields);
  return {
    header: toHex0x(bytes),
    blockHash: toHex0x(keccak256(bytes)),
    blockNumber: 5,
    transactionIndex: 1,
    txHash: toHex0x(keccak256(transaction)),
    receiptProof: nodes.map(toHex0x),
    transactionProof: inTransactions.nodes.map(toHex0x),
  };
}

function goodHeader(receiptsRoot: Uint8Array): Item[] {
  const fields: Item[] = Array.from({ length: 16 }, () => new Uint8Array(32));
  fields[4] = inTransactions.root;
  fields[5] = receiptsRoot;
  fields[6] = new Uint8Array(256);
  fields[8] = Uint8Array.of(5);
  fields[11] = Uint8Array.of(0x6a, 0, 0, 0);
  return fields;
}

describe('a receipt that hashes as it should', () => {
  it.each([
    ['without a type', receiptOf([goodLog])],
    ['of EIP-2930', typed(1, receiptOf([goodLog]))],
    ['of EIP-1559', typed(2, receiptOf([goodLog]))],
    ['of EIP-7702', typed(4, receiptOf([goodLog]))],
  ])('stands %s', async (_, receipt) => {
    expect(codeOf(await forge(receipt))).toBe('accepted');
  });

  it.each<[string, string, Uint8Array]>([
    ['transactionFailed', 'status 0', typed(2, receiptOf([goodLog], { status: new Uint8Array() }))],
    ['transactionFailed', 'a state root as before Byzantium', receiptOf([goodLog], { status: new Uint8Array(32) })],
    ['receiptMalformed', 'a type that nobody knows', typed(0x7e, receiptOf([goodLog]))],
    ['receiptMalformed', 'a type of 0', typed(0, receiptOf([goodLog]))],
    ['receiptMalformed', 'no RLP', Uint8Array.of(2, 0xf8)],
    ['receiptMalformed', 'no payload', Uint8Array.of(2)],
    ['receiptMalformed', 'a string', typed(2, RLP.encode(new Uint8Array(300)))],
    ['receiptMalformed', 'three members', typed(2, RLP.encode([Uint8Array.of(1), new Uint8Array(), []]))],
    ['receiptMalformed', 'a short bloom', typed(2, receiptOf([goodLog], { bloom: 255 }))],
    ['receiptMalformed', 'bytes after it', concatBytes(receiptOf([goodLog]), Uint8Array.of(0x80))],
    ['receiptMalformed', 'a log that is bytes', receiptOf([new Uint8Array(40)])],
    ['receiptMalformed', 'a log of four members', receiptOf([[...goodLog, new Uint8Array()]])],
    ['receiptMalformed', 'a log of two members', receiptOf([goodLog.slice(0, 2)])],
    ['receiptMalformed', 'a long address', receiptOf([[new Uint8Array(21), goodLog[1]!, goodLog[2]!]])],
    [
      'receiptMalformed',
      'a short topic',
      receiptOf([[contract, [ANCHORED_TOPIC, padded, root.subarray(1)], new Uint8Array()]]),
    ],
    ['receiptMalformed', 'data that is a list', receiptOf([[contract, goodLog[1]!, []]])],
    ['logMissing', 'no log', receiptOf([])],
    ['logEventMismatch', 'two topics', receiptOf([[contract, [ANCHORED_TOPIC, padded], new Uint8Array()]])],
    [
      'logEventMismatch',
      'four topics',
      receiptOf([[contract, [ANCHORED_TOPIC, padded, root, root], new Uint8Array()]]),
    ],
    ['logEventMismatch', 'another event', receiptOf([[contract, [root, padded, root], new Uint8Array()]])],
    [
      'logAnchorerMismatch',
      'an address with something before it',
      receiptOf([[contract, [ANCHORED_TOPIC, padded.with(0, 1), root], new Uint8Array()]]),
    ],
    ['logDataNotEmpty', 'data', receiptOf([[contract, goodLog[1]!, Uint8Array.of(1)]])],
  ])('is refused as %s: %s', async (code, _, receipt) => {
    expect(codeOf(await forge(receipt))).toBe(code);
  });

  it('is looked into at the log index alone', async () => {
    const forged = await forge(receiptOf([[new Uint8Array(20), [], Uint8Array.of(1)], goodLog]));
    expect(codeOf({ ...forged, logIndex: 1 })).toBe('accepted');
    expect(codeOf({ ...forged, logIndex: 0 })).toBe('logContractMismatch');
  });
});

describe('a transaction that hashes as it should', () => {
  it('is that of the receipt’s index, not another of its block', async () => {
    const forged = await forge(receiptOf([goodLog]));
    const values = [transaction, RLP.encode(new Uint8Array(40))];
    const swapped = await proveIndex(values, 1);
    const header = RLP.encode(
      goodHeader((await proveIndex([Uint8Array.of(0xff), receiptOf([goodLog])], 1)).root).with(4, swapped.root),
    );
    const other = { ...forged, header: toHex0x(header), blockHash: toHex0x(keccak256(header)) };
    expect(codeOf({ ...other, transactionProof: swapped.nodes.map(toHex0x) })).toBe('transactionProof');
    const first = await proveIndex(values, 0);
    expect(codeOf({ ...other, transactionProof: first.nodes.map(toHex0x) })).toBe('transactionProof');
    expect(
      codeOf({ ...other, transactionProof: swapped.nodes.map(toHex0x), txHash: toHex0x(keccak256(values[1]!)) }),
    ).toBe('accepted');
  });
});

describe('a header that hashes as it should', () => {
  const receipt = receiptOf([goodLog]);
  it.each<[string, (receiptsRoot: Uint8Array) => Item]>([
    ['no RLP', () => Uint8Array.of(0xf8)],
    ['a string', () => RLP.encode(new Uint8Array(600))],
    ['fourteen members', (receiptsRoot) => goodHeader(receiptsRoot).slice(0, 14)],
    ['33 members', (receiptsRoot) => [...goodHeader(receiptsRoot), ...Array<Item>(17).fill(new Uint8Array())]],
    ['a receipts root of 31 bytes', (receiptsRoot) => goodHeader(receiptsRoot.subarray(1))],
    ['a bloom of 32 bytes', (receiptsRoot) => goodHeader(receiptsRoot).with(6, new Uint8Array(32))],
    ['a transactions root that is a list', (receiptsRoot) => goodHeader(receiptsRoot).with(4, [])],
    ['a number with a leading zero', (receiptsRoot) => goodHeader(receiptsRoot).with(8, Uint8Array.of(0, 5))],
    ['a time of nine bytes', (receiptsRoot) => goodHeader(receiptsRoot).with(11, new Uint8Array(9).fill(1))],
  ])('is refused with %s', async (_, header) => {
    expect(codeOf(await forge(receipt, header))).toBe('headerMalformed');
  });
});

describe('a node that hashes as it should', () => {
  const key = Uint8Array.of(0x80);
  const leaf = (path: string): Item[] => [fromHex(path), new Uint8Array(40)];

  function codeOfNode(node: Item): string {
    const bytes = node instanceof Uint8Array ? node : RLP.encode(node);
    try {
      provenValue(keccak256(bytes), key, [bytes]);
      return 'accepted';
    } catch (error) {
      if (error instanceof VerificationError) return error.code;
      throw error;
    }
  }

  function branch(digit: number, child: Item): Item[] {
    const items: Item[] = Array.from({ length: 17 }, () => new Uint8Array());
    items[digit] = child;
    return items;
  }

  it.each<[string, string, Item]>([
    ['accepted', 'a leaf with the whole key', leaf('2080')],
    ['accepted', 'a leaf inside a branch', branch(8, [fromHex('30'), Uint8Array.of(1)])],
    [
      'accepted',
      'a value in a branch inside an extension inside a branch',
      branch(8, [fromHex('10'), branch(16, Uint8Array.of(9))]),
    ],
    ['receiptNotIncluded', 'a leaf of another key', leaf('2081')],
    ['receiptNotIncluded', 'a leaf of a longer key', leaf('208080')],
    ['receiptNotIncluded', 'a branch without the child', branch(7, new Uint8Array(32))],
    ['receiptNotIncluded', 'a child that is not in the proof', branch(8, new Uint8Array(32))],
    ['receiptNotIncluded', 'an extension to elsewhere', [fromHex('17'), new Uint8Array(32)]],
    ['receiptNotIncluded', 'an extension beyond the key', [fromHex('008080'), new Uint8Array(32)]],
    ['receiptNodeMalformed', 'no RLP', Uint8Array.of(0xf8)],
    ['receiptNodeMalformed', 'a string', RLP.encode(new Uint8Array(40))],
    ['receiptNodeMalformed', 'three items', [key, key, key]],
    ['receiptNodeMalformed', 'a path without a prefix', [new Uint8Array(), key]],
    ['receiptNodeMalformed', 'a path with a prefix of 4', leaf('4080')],
    ['receiptNodeMalformed', 'a path with padding', leaf('2180')],
    ['receiptNodeMalformed', 'an extension by nothing', [fromHex('00'), new Uint8Array(32)]],
    ['receiptNodeMalformed', 'a leaf without a value', [fromHex('2080'), new Uint8Array()]],
    ['receiptNodeMalformed', 'a leaf whose value is a list', [fromHex('2080'), []]],
    ['receiptNodeMalformed', 'a path that is a list', [[], key]],
    ['receiptNodeMalformed', 'a child of 31 bytes', branch(8, new Uint8Array(31))],
    ['receiptNodeMalformed', 'a child of 32 bytes inside its parent', branch(8, [fromHex('30'), new Uint8Array(29)])],
  ])('%s: %s', (code, _, node) => {
    expect(codeOfNode(node)).toBe(code);
  });
});
