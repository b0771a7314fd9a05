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
    '0x6080604052348015600e575f5ffd5b5060be80601a5f395ff3fe6080604052348015600e575f5ffd5b5060203614604e576040517f7031272c00000000000000000000000000000000000000000000000000000000815236600482015260240160405180910390fd5b6056365f6082565b60405133907fee1610244dfc4b116b1433dd4459fd7b1d3d2bf737a05fc3f6d8f173005d7147905f90a3005b8035602083101560b8577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff602084900360031b1b165b9291505056',
  deployedBytecode:
    '0x6080604052348015600e575f5ffd5b5060203614604e576040517f7031272c00000000000000000000000000000000000000000000000000000000815236600482015260240160405180910390fd5b6056365f6082565b60405133907fee1610244dfc4b116b1433dd4459fd7b1d3d2bf737a05fc3f6d8f173005d7147905f90a3005b8035602083101560b8577fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff602084900360031b1b165b9291505056',
} as const;
