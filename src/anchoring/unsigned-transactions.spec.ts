import { describe, expect, it } from '@jest/globals';
import { RLP } from '@ethereumjs/rlp';
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { fromHex0x, toHex0x } from '../encoding/hex.js';
import { keccak256 } from '../verification/keccak.js';
import { encodeUnsigned, stateSyncHash } from './unsigned-transactions.js';

const word = (value: number): string => `0x${value.toString(16).padStart(64, '0')}`;

/** The first of a block of Optimism's Goerli network; its bytes are in the tests of op-alloy (consensus/src/transaction/deposit.rs). */
const L1_ATTRIBUTES =
  '0x015d8eb900000000000000000000000000000000000000000000000000000000008057650000000000000000000000000000000000000000000000000000000063d96d10000000000000000000000000000000000000000000000000000000000009f35273d89754a1e0387b89520d989d3be9c37c1f32495a88faf1ea05c61121ab0d1900000000000000000000000000000000000000000000000000000000000000010000000000000000000000002d679b567db6187c0c8323fa982cfb88b74dbcc7000000000000000000000000000000000000000000000000000000000000083400000000000000000000000000000000000000000000000000000000000f4240';
const deposit = {
  type: '0x7e',
  hash: 'unused',
  nonce: '0x9f351',
  sourceHash: '0x44bae9d41b8380d781187b426c6fe43df5fb2fb57bd4466ef6a701e1f01e0156',
  from: '0xdeaddeaddeaddeaddeaddeaddeaddeaddead0001',
  to: '0x4200000000000000000000000000000000000015',
  mint: '0x0',
  value: '0x0',
  gas: '0x8f0d180',
  isSystemTx: true,
  input: L1_ATTRIBUTES,
  v: '0x0',
  r: '0x0',
  s: '0x0',
};

describe('a deposit of the OP stack', () => {
  // From 0x80 for no mint on: value, gas of four bytes, whether it is the system's, 260 bytes of data.
  const head =
    '0x7ef9015aa044bae9d41b8380d781187b426c6fe43df5fb2fb57bd4466ef6a701e1f01e015694deaddeaddeaddeaddeaddeaddeaddeaddead0001944200000000000000000000000000000000000015808084';

  it('is encoded as on the chain, before Regolith', () => {
    const bytes = `${head}08f0d18001b90104${L1_ATTRIBUTES.slice(2)}`;
    expect(toHex0x(encodeUnsigned({ ...deposit, gas: '0x8f0d180' })!)).toBe(bytes);
  });

  it('may have no recipient, mint something, and leave out what is false', () => {
    const { isSystemTx: _, ...rest } = deposit;
    const encoded = encodeUnsigned({ ...rest, to: null, mint: '0xde0b6b3a7640000', input: '0x' })!;
    const fields = RLP.decode(encoded.subarray(1)) as Uint8Array[];
    expect(encoded[0]).toBe(0x7e);
    expect(fields.slice(2).map(toHex0x)).toEqual(['0x', '0x0de0b6b3a7640000', '0x', '0x08f0d180', '0x', '0x']);
  });
});

/** On Arbitrum's development chain; hashes from the tests of github.com/NethermindEth/nethermind-arbitrum (TxDecoderTests.cs). */
const chainId = '0x64aba';
const SENDER = '0xdd6bd74674c356345db88c354491c7d3173c6806';
const RECIPIENT = '0x3fab184622dc19b6109349b94811493bf2a45362';
const BENEFICIARY = '0x93b4c114b40ecf1fc34745400a1b9b9115c34e42';
const quantity = (value: bigint | number): string => `0x${value.toString(16)}`;
const TICKET = '0xcfb3f4f75e092c28579f5b536c8919d63b823bf487c2c946ae8ad539ed2a971d';

describe('what Arbitrum puts into its blocks', () => {
  it.each<[string, object, string]>([
    [
      '0x64, a deposit',
      {
        requestId: word(9),
        from: '0x502fae7d46d88f08fc2f8ed27fcb2ab183eb3e1f',
        to: '0x3f1eae7d46d88f08fc2f8ed27fcb2ab183eb2d0e',
        value: quantity(100_000n * 10n ** 18n),
      },
      '0x38132c766a25034f7805a2f47c1bd4b23a97b979cf7b52bdcf29972c2e13f1e6',
    ],
    [
      '0x68, a retry',
      {
        nonce: '0x0',
        from: SENDER,
        maxFeePerGas: quantity(100_000_000),
        gas: quantity(21_000),
        to: RECIPIENT,
        value: quantity(10n ** 16n),
        input: '0x',
        ticketId: TICKET,
        refundTo: BENEFICIARY,
        maxRefund: quantity(2_100_000_054_600),
        submissionFeeRefund: quantity(54_600),
      },
      '0xf2df0912b3d8b8e41d4d88fae405def3a64ae0ef1a229d1b517ef2f5c07e2c15',
    ],
    [
      '0x69, a retryable that is submitted',
      {
        requestId: word(1),
        from: SENDER,
        l1BaseFee: quantity(39),
        depositValue: quantity(10_021_000_000_054_600),
        gasPrice: quantity(1_000_000_000),
        gas: quantity(21_000),
        retryTo: RECIPIENT,
        retryValue: quantity(10n ** 16n),
        beneficiary: BENEFICIARY,
        maxSubmissionFee: quantity(54_600),
        refundTo: BENEFICIARY,
        retryData: '0x',
      },
      TICKET,
    ],
  ])('%s, has its hash there', (what, fields, hash) => {
    const encoded = encodeUnsigned({ type: what.slice(0, 4), chainId, ...fields })!;
    expect(toHex0x(keccak256(encoded))).toBe(hash);
  });

  const called = { from: SENDER, gasPrice: '0x2', gas: '0x3', to: RECIPIENT, value: '0x4', input: '0xabcd' };
  const [from, to] = [SENDER, RECIPIENT].map(fromHex0x) as [Uint8Array, Uint8Array];
  it.each<[string, object, (Uint8Array | number)[]]>([
    ['0x65', { ...called, nonce: '0x1' }, [412_346, from, 1, 2, 3, to, 4, fromHex0x('0xabcd')]],
    ['0x66', { ...called, requestId: word(7) }, [412_346, fromHex0x(word(7)), from, 2, 3, to, 4, fromHex0x('0xabcd')]],
    // The first of every block: what it brings from the chain above.
    ['0x6a', { input: '0x6bf6a42d00' }, [412_346, fromHex0x('0x6bf6a42d00')]],
  ])('%s has its members in the order of arb_types.go', (type, fields, expected) => {
    const encoded = encodeUnsigned({ type, chainId, ...fields })!;
    expect(toHex0x(encoded)).toBe(toHex0x(concatBytes(fromHex0x(type), RLP.encode(expected))));
  });

  it('is not encoded where a member is missing, or the type is another', () => {
    for (const type of ['0x64', '0x65', '0x66', '0x67', '0x68', '0x69', '0x6a', '0x78', '0x7e', '0x7f', '0x2']) {
      expect(encodeUnsigned({ type, chainId })).toBeUndefined();
    }
  });
});

describe('what Polygon has taken over from Ethereum in a block', () => {
  it('is listed under a hash of its number, eight bytes, and its hash', () => {
    const hash = word(0xab);
    const key = concatBytes(utf8('matic-bor-receipt-'), fromHex0x('0x0000000004c60040'), fromHex0x(hash));
    expect(stateSyncHash({ number: 0x4c60040, hash })).toBe(toHex0x(keccak256(key)));
  });
});
