import { describe, expect, it } from '@jest/globals';
import { Interface, Network as EthersNetwork } from 'ethers';
import {
  explorerLink,
  feesAbove,
  l1FeeCall,
  networkNamed,
  networkWithId,
  NETWORKS,
  operatorFeeCall,
} from './networks.js';

describe('the public chains', () => {
  it('are those of the contract, under names and ids of their own', () => {
    const names = ['sepolia', 'hoodi', 'base-sepolia', 'op-sepolia', 'arbitrum-sepolia', 'polygon-amoy'];
    expect(NETWORKS.map(({ name }) => name)).toEqual(names);
    expect(new Set(NETWORKS.map(({ chainId }) => chainId)).size).toBe(names.length);
    for (const network of NETWORKS) {
      expect(networkNamed(network.name)).toBe(network);
      expect(networkWithId(network.chainId)).toBe(network);
    }
    expect(networkNamed('mainnet')).toBeUndefined();
  });

  it.each([
    ['sepolia', 'sepolia'],
    ['base-sepolia', 'base-sepolia'],
    ['op-sepolia', 'optimism-sepolia'],
    ['arbitrum-sepolia', 'arbitrum-sepolia'],
    ['polygon-amoy', 'matic-amoy'],
  ])('%s has the chain id that ethers knows it by', (name, known) => {
    expect(BigInt(networkNamed(name)!.chainId)).toBe(EthersNetwork.from(known).chainId);
  });

  it('rest on networks that are listed too, where they rest on another', () => {
    expect(NETWORKS.flatMap(({ above }) => above ?? [])).toEqual(['sepolia', 'sepolia', 'sepolia']);
    for (const { above, layer2 } of NETWORKS) {
      expect(above !== undefined).toBe(layer2 !== undefined);
      if (above !== undefined) expect(networkNamed(above)).toBeDefined();
    }
  });

  it('have explorers over TLS, without a slash at the end', () => {
    for (const { explorer } of NETWORKS) expect(new URL(explorer).origin).toBe(explorer);
  });

  it('are looked up under the paths of EIP-3091', () => {
    const hoodi = networkNamed('hoodi')!;
    expect(explorerLink.transaction(hoodi, '0xab')).toBe('https://hoodi.etherscan.io/tx/0xab');
    expect(explorerLink.address(hoodi, '0xcd')).toBe('https://hoodi.etherscan.io/address/0xcd');
    expect(explorerLink.block(hoodi, 7)).toBe('https://hoodi.etherscan.io/block/7');
  });

  it('say where the fee of the chain above is', () => {
    expect(feesAbove(undefined)).toBe('none');
    expect(NETWORKS.map(feesAbove)).toEqual(['none', 'none', 'oracle', 'oracle', 'inGas', 'none']);
  });

  it.each(['0x', '0x02', `0x${'ab'.repeat(32)}`, `0x${'cd'.repeat(175)}`])(
    'ask for that of %s as ethers would',
    (raw) => {
      const abi = new Interface(['function getL1Fee(bytes) view returns (uint256)']);
      expect(l1FeeCall(raw)).toBe(abi.encodeFunctionData('getL1Fee', [raw]));
    },
  );

  it('ask for the operator’s fee as ethers would', () => {
    const abi = new Interface(['function getOperatorFee(uint256) view returns (uint256)']);
    for (const gas of [0n, 27_702n, 2n ** 63n]) {
      expect(operatorFeeCall(gas)).toBe(abi.encodeFunctionData('getOperatorFee', [gas]));
    }
  });
});
