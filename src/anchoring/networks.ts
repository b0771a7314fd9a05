/**
 * The public chains that CHAIN may name: what ethers and wallets know of them, and what an anchor meets there. Endpoints are
 * the operator's to name (RPC_URLS): no default one would be a witness that he chose. Fees and gas are always asked for;
 * what stands here are floors below which nodes refuse. Proven by networks.spec.ts.
 *
 * Sources, looked at in 2026-11: chain ids, currencies and explorers from github.com/ethereum-lists/chains
 * (_data/chains/eip155-<id>.json) unless something else is said at a network; paths of explorers from EIP-3091; what
 * `finalized` means on each, and what else is special, from what is named there.
 */

export interface Network {
  /** As in CHAIN and RPC_URLS. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly chainId: number;
  /** Symbol of what gas is paid in, 18 decimals. */
  readonly currency: string;
  /** Usual time between blocks, in seconds: for messages and forecasts. */
  readonly blockSeconds: number;
  /** A block explorer with the paths of EIP-3091, without a trailing slash. */
  readonly explorer: string;
  /** What makes a block final: the node's `finalized` tag, or so many blocks on top where there is none. */
  readonly finality: 'finalized' | { readonly depth: number };
  /** The network whose blocks make this one's final, by name: when that ends, so does this. */
  readonly above?: string;
  /** Who pays for the chain above: see `feesAbove`. */
  readonly layer2?: 'op-stack' | 'arbitrum';
  /** Nodes refuse a lower `maxPriorityFeePerGas`, whatever they answer to `eth_maxPriorityFeePerGas`. Wei. */
  readonly minPriorityFee?: bigint;
  /** The day that its keepers have named as its end, ISO 8601. What is anchored must outlive it. */
  readonly announcedEnd?: string;
  /** Of all that can be named now: what is anchored there is worth what a test network is. */
  readonly testnet: true;
}

/** How long before a chain's end to say so: time to choose another and to anchor there too. */
export const END_NEAR_DAYS = 180;

export const NETWORKS: readonly Network[] = [
  {
    name: 'sepolia',
    title: 'Sepolia',
    chainId: 11_155_111,
    currency: 'ETH',
    blockSeconds: 12,
    explorer: 'https://sepolia.etherscan.io',
    // By epochs, some 15 minutes (github.com/ethereum/execution-apis, "Block parameter").
    finality: 'finalized',
    // The Ethereum Foundation's schedule of test networks.
    announcedEnd: '2026-09-30',
    testnet: true,
  },
  {
    name: 'hoodi',
    title: 'Hoodi',
    chainId: 560_048,
    currency: 'ETH',
    blockSeconds: 12,
    // github.com/eth-clients/hoodi README.md, "Block Explorers"; so is its end: "LTS: Dec/2027, EOL: Dec/2028".
    explorer: 'https://hoodi.etherscan.io',
    finality: 'finalized',
    announcedEnd: '2028-12-31',
    testnet: true,
  },
  {
    name: 'base-sepolia',
    title: 'Base Sepolia',
    chainId: 84_532,
    currency: 'ETH',
    blockSeconds: 2,
    explorer: 'https://base-sepolia.blockscout.com',
    // Final once the block above that holds its data is (docs.base.org, "Transaction finality"): some 15 to 20 minutes.
    finality: 'finalized',
    above: 'sepolia',
    layer2: 'op-stack',
    testnet: true,
  },
  {
    name: 'op-sepolia',
    title: 'OP Sepolia',
    chainId: 11_155_420,
    currency: 'ETH',
    blockSeconds: 2,
    explorer: 'https://optimism-sepolia.blockscout.com',
    // As on Base (docs.optimism.io, "Transaction finality").
    finality: 'finalized',
    above: 'sepolia',
    layer2: 'op-stack',
    testnet: true,
  },
  {
    name: 'arbitrum-sepolia',
    title: 'Arbitrum Sepolia',
    chainId: 421_614,
    currency: 'ETH',
    // Blocks come when there are transactions.
    blockSeconds: 1,
    explorer: 'https://sepolia.arbiscan.io',
    // "Posted to L1 and whose sequencer batch is … finalized … on L1": Nitro v2.0.10 (github.com/OffchainLabs/nitro/releases).
    finality: 'finalized',
    // `parent` in eip155-421614.json.
    above: 'sepolia',
    layer2: 'arbitrum',
    testnet: true,
  },
  {
    name: 'polygon-amoy',
    title: 'Polygon Amoy',
    chainId: 80_002,
    currency: 'POL',
    blockSeconds: 2,
    explorer: 'https://amoy.polygonscan.com',
    // By milestones, in seconds: PIP-11, "Finality Tag" (github.com/maticnetwork/Polygon-Improvement-Proposals).
    finality: 'finalized',
    // PIP-35; nodes refuse less with "gas tip cap …, minimum needed 25000000000" (github.com/erigontech/erigon/pull/11077).
    minPriorityFee: 25_000_000_000n,
    testnet: true,
  },
];

/** The network that CHAIN calls so. */
export function networkNamed(name: string): Network | undefined {
  return NETWORKS.find((network) => network.name === name);
}

export function networkWithId(chainId: number): Network | undefined {
  return NETWORKS.find((network) => network.chainId === chainId);
}

/** Where people look a transaction, an address or a block up (EIP-3091). */
export const explorerLink = {
  /** @param hash 0x hex of 32 bytes */
  transaction: (network: Network, hash: string): string => `${network.explorer}/tx/${hash}`,
  /** @param address 0x hex of 20 bytes */
  address: (network: Network, address: string): string => `${network.explorer}/address/${address}`,
  block: (network: Network, number: number): string => `${network.explorer}/block/${number}`,
} as const;

/**
 * The contract of the OP stack that tells what a transaction costs beside its gas, and not in its estimate: `getL1Fee(bytes)`
 * for its data on the chain above, of the transaction's bytes without a signature (specs.optimism.io, "Predeploys":
 * GasPriceOracle), and since the fork Isthmus `getOperatorFee(uint256)` for so much gas (specs.optimism.io,
 * "Isthmus: Operator Fee"). A transaction whose sender cannot pay all of it is refused.
 */
export const OP_GAS_PRICE_ORACLE = '0x420000000000000000000000000000000000000F';
const GET_L1_FEE = '49948e0e';
const GET_OPERATOR_FEE = '275aedd2';

/**
 * What is paid beside gas. `none`: nothing. `oracle`: the OP stack's fees, to be asked for. `inGas`: Arbitrum counts it as
 * gas, so that its estimate is higher than the same transaction's elsewhere, changes with the chain above, and holds all
 * (docs.arbitrum.io, "Estimate gas").
 */
export type FeesAbove = 'none' | 'oracle' | 'inGas';

export function feesAbove(network: Network | undefined): FeesAbove {
  if (network?.layer2 === undefined) return 'none';
  return network.layer2 === 'op-stack' ? 'oracle' : 'inGas';
}

const word = (value: number | bigint): string => value.toString(16).padStart(64, '0');

/**
 * Calldata of `getL1Fee(bytes)` for a transaction.
 * @param transaction 0x hex of its bytes
 * @returns 0x hex; the call answers wei as a word of 32 bytes
 */
export function l1FeeCall(transaction: string): string {
  const digits = transaction.slice(2);
  return `0x${GET_L1_FEE}${word(32)}${word(digits.length / 2)}${digits.padEnd(Math.ceil(digits.length / 64) * 64, '0')}`;
}

/**
 * Calldata of `getOperatorFee(uint256)`.
 * @param gas that the transaction may use
 * @returns 0x hex; the call answers wei as a word of 32 bytes, and is refused before the fork Isthmus
 */
export function operatorFeeCall(gas: bigint): string {
  return `0x${GET_OPERATOR_FEE}${word(gas)}`;
}
