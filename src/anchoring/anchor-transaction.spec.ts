import { describe, expect, it } from '@jest/globals';
import { Wallet } from 'ethers';
import { readAnchorTransaction } from './anchor-transaction.js';
import { REGISTRY_ADDRESS } from './registry.js';

const wallet = new Wallet(`0x${'07'.repeat(32)}`);
const root = `0x${'ab'.repeat(32)}`;

describe('a signed transaction', () => {
  it('says what it anchors where, and who signed it', async () => {
    const signed = await wallet.signTransaction({
      type: 2,
      chainId: 31_337,
      nonce: 4,
      to: REGISTRY_ADDRESS,
      data: root,
      gasLimit: 30_000,
      maxFeePerGas: 2,
      maxPriorityFeePerGas: 1,
    });
    expect(readAnchorTransaction(signed)).toMatchObject({
      chainId: 31_337,
      nonce: 4,
      to: REGISTRY_ADDRESS,
      from: wallet.address,
      data: root,
      value: 0n,
    });
    // Another byte, another signer.
    const last = signed.at(-1) === '0' ? '1' : '0';
    expect(readAnchorTransaction(signed.slice(0, -1) + last)?.from).not.toBe(wallet.address);
  });

  it.each(['', '0x', '0x02c0', 'no hex', '0x01ff'])('is not %p', (text) => {
    expect(readAnchorTransaction(text)).toBeUndefined();
  });
});
