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
  metadataSha256: '1e0c180f5191947286c146542c28f7e9c2bd2db5fc4f7d0958a7c03163ffd01c',
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
  bytecodeKeccak256: '0xa43cdea3e2ce3f5367ca3f517804e8f5cc3f2b1476feb06cf1961fc724db60c6',
  deployedBytecode:
    '0x34609557602036036069575f3560203610603b575b337fee1610244dfc4b116b1433dd4459fd7b1d3d2bf737a05fc3f6d8f173005d71475f80a3005b7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3660200360031b1b166014565b7f7031272c000000000000000000000000000000000000000000000000000000005f523660045260245ffd5b5f80fd',
  deployedBytecodeKeccak256: '0x5d7c89419e2100f19f997bbf473b7989a0ed9568a682ffb92c8b8c9f17fa3fc5',
} as const;
