/** How each configured chain is used: what the environment, the presets and the ledger's own key come to together. */
import type { Config } from '../config.js';
import { InvariantError } from '../errors.js';
import { keySigner, openAnchorSigner, type AnchorSigner } from './anchor-signer.js';
import type { AnchorerOptions } from './anchorer.js';
import { EMBEDDED_CHAIN_ID } from './embedded-node.js';
import { networkNamed, type Network } from './networks.js';

export interface ChainPlan {
  readonly name: string;
  readonly chainId: number;
  /** The operator's own node, which the ledger starts itself. */
  readonly embedded: boolean;
  /** At least one, unless it is embedded. */
  readonly rpcUrls: readonly string[];
  /** EIP-55; default: where the registry is on every chain. */
  readonly contract?: string | undefined;
  /** Blocks on top that make a block final, where the chain has no `finalized` tag. */
  readonly finalityDepth?: number | undefined;
  /** Wei for a unit of gas, below which nodes refuse a priority fee. */
  readonly minPriorityFee?: bigint | undefined;
  /** Milliseconds between two looks at an anchor that is on its way. */
  readonly pollMs: number;
  /** Which one is the main chain, those that live decide. */
  readonly use: Omit<AnchorerOptions, 'isMain'>;
  /**
   * Asked when the chain is opened: opening a keystore takes a second.
   * @param inForce who anchors there as the log has it, EIP-55
   */
  readonly signer: (inForce: string | undefined) => Promise<AnchorSigner>;
}

/** Public endpoints limit how often they are asked; a chain with slow blocks has nothing new to tell in between. */
const SHORTEST_POLL_MS = 4_000;
const EMBEDDED_POLL_MS = 500;
/** Witnesses are for years, not for minutes. */
export const WITNESS_INTERVAL_SECONDS = 3_600;
const DOUBT_SECONDS = 60;

/** @param ownKey the ledger's own key for the embedded chain, 32 bytes */
export function plansOf(config: Config, ownKey: Uint8Array): readonly ChainPlan[] {
  let opened: Promise<AnchorSigner> | undefined;
  const configured = (): Promise<AnchorSigner> | undefined => {
    if (config.anchorKey !== undefined) opened ??= openAnchorSigner(config.anchorKey);
    return opened;
  };
  return config.chains.map(({ name, rpcUrls }) => {
    const own = keySigner(ownKey);
    if (name === 'embedded') {
      return {
        name,
        chainId: EMBEDDED_CHAIN_ID,
        embedded: true,
        rpcUrls,
        pollMs: EMBEDDED_POLL_MS,
        use: use(config, 0),
        // A ledger that has anchored with its own key goes on with it, whatever public chains come beside.
        signer: async (inForce) => (inForce === own.address ? own : ((await configured()) ?? own)),
      };
    }
    const network = networkNamed(name);
    if (!network) throw new InvariantError(`CHAIN names ${name}, which is no network`);
    return {
      ...ofNetwork(network),
      rpcUrls,
      contract: config.anchorContract,
      use: use(config, DOUBT_SECONDS),
      signer: async () => {
        const signer = await configured();
        if (!signer) throw new InvariantError(`no key for ${name}`);
        return signer;
      },
    };
  });
}

function ofNetwork(
  network: Network,
): Pick<ChainPlan, 'name' | 'chainId' | 'embedded' | 'finalityDepth' | 'minPriorityFee' | 'pollMs'> {
  const { name, chainId, finality, minPriorityFee, blockSeconds } = network;
  return {
    name,
    chainId,
    embedded: false,
    finalityDepth: finality === 'finalized' ? undefined : finality.depth,
    minPriorityFee,
    pollMs: Math.max(blockSeconds * 1000, SHORTEST_POLL_MS),
  };
}

function use(config: Config, doubtSeconds: number): ChainPlan['use'] {
  return {
    intervalSeconds: Math.max(config.anchorIntervalSeconds, WITNESS_INTERVAL_SECONDS),
    bumpAfterSeconds: config.anchorBumpAfterSeconds,
    doubtSeconds,
    maxFeePerGas: config.anchorMaxFeePerGas,
    maxPerDay: config.anchorMaxPerDay,
  };
}
