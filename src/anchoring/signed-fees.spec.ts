import { describe, expect, it } from '@jest/globals';
import { Wallet } from 'ethers';
import { feesOf } from './signed-fees.js';

const wallet = new Wallet(`0x${'31'.repeat(32)}`);
const TRANSACTION = {
  ...{ type: 2, chainId: 560_048, nonce: 7, to: wallet.address, data: `0x${'ab'.repeat(32)}`, gasLimit: 27_702 },
  ...{ maxFeePerGas: 25_000_000_123n, maxPriorityFeePerGas: 1n },
};

describe('the fees of a signed transaction', () => {
  it('are those that were signed', async () => {
    expect(feesOf(await wallet.signTransaction(TRANSACTION))).toEqual({
      maxFeePerGas: '25000000123',
      maxPriorityFeePerGas: '1',
      gasLimit: '27702',
    });
  });

  it('may be none at all', async () => {
    const free = { ...TRANSACTION, maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
    expect(feesOf(await wallet.signTransaction(free))).toMatchObject({ maxFeePerGas: '0', maxPriorityFeePerGas: '0' });
  });

  it('are not told of another type, of an unsigned one, or of anything else', async () => {
    const { maxFeePerGas: _, maxPriorityFeePerGas: __, ...legacy } = TRANSACTION;
    const signed = await wallet.signTransaction(TRANSACTION);
    for (const other of [
      await wallet.signTransaction({ ...legacy, type: 0, gasPrice: 5n }),
      await wallet.signTransaction({ ...legacy, type: 1, gasPrice: 5n }),
      signed.slice(0, -2),
      `${signed}00`,
      '0x02',
      '0x02c0',
      '0x0280',
      '0x',
      '0xzz',
      '',
    ]) {
      expect(feesOf(other)).toBeUndefined();
    }
  });
});
