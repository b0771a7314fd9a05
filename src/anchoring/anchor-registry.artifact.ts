/** Made by scripts/compile-contracts.mjs from contracts/AnchorRegistry.sol; checked by its --check. Do not edit. */
export const ANCHOR_REGISTRY_ARTIFACT = {
  contractName: 'AnchorRegistry',
  source: 'contracts/AnchorRegistry.sol',
  sourceSha256: '250927a259f2196733e7e1af1ee28fb4e9b42fd911ddbc6e9b9874ba935c5baf',
  compiler: '0.8.37+commit.f401782d',
  settings: {
    optimizer: {
      enabled: true,
      runs: 1000000,
    },
    viaIR: true,
    evmVersion: 'shanghai',
    metadata: {
      appendCBOR: false,
      bytecodeHash: 'none',
    },
  },
  abi: [
    {
      inputs: [
        {
          internalType: 'uint256',
          name: 'length',
          type: 'uint256',
        },
      ],
      name: 'NotOneRoot',
      type: 'error',
    },
    {
      anonymous: false,
      inputs: [
        {
          indexed: true,
          internalType: 'address',
          name: 'anchorer',
          type: 'address',
        },
        {
          indexed: true,
          internalType: 'bytes32',
          name: 'root',
          type: 'bytes32',
        },
      ],
      name: 'Anchored',
      type: 'event',
    },
    {
      stateMutability: 'nonpayable',
      type: 'fallback',
    },
  ],
  bytecode:
    '0x608080604052346013576099908160188239f35b5f80fdfe34609557602036036069575f3560203610603b575b337fee1610244dfc4b116b1433dd4459fd7b1d3d2bf737a05fc3f6d8f173005d71475f80a3005b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3660200360031b1b166014565b7f7031272c000000000000000000000000000000000000000000000000000000005f523660045260245ffd5b5f80fd',
  deployedBytecode:
    '0x34609557602036036069575f3560203610603b575b337fee1610244dfc4b116b1433dd4459fd7b1d3d2bf737a05fc3f6d8f173005d71475f80a3005b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3660200360031b1b166014565b7f7031272c000000000000000000000000000000000000000000000000000000005f523660045260245ffd5b5f80fd',
} as const;
