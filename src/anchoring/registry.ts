/**
 * The contract `AnchorRegistry` as the ledger and its verifiers know it: what to deploy, where it then is, what to
 * look for. The address follows from the code alone (EIP-1014), through the deployer that is at the same address on
 * every chain: so a ledger on any chain has the same contract address, and it can be computed before it is there.
 * Proven by registry.spec.ts and, against a real EVM, by contracts/AnchorRegistry.int.spec.ts.
 */
import { concatBytes, utf8 } from '../encoding/bytes.js';
import { fromHex0x, toHex, toHex0x } from '../encoding/hex.js';
import { keccak256 } from '../verification/keccak.js';
import { ANCHORED_TOPIC } from '../verification/receipt-proof-check.js';
import { ANCHOR_REGISTRY_ARTIFACT } from './anchor-registry.artifact.js';

export const REGISTRY_ABI = ANCHOR_REGISTRY_ARTIFACT.abi;
/** 0x hex: what the deployer runs. */
export const REGISTRY_CREATION_CODE: string = ANCHOR_REGISTRY_ARTIFACT.bytecode;
/** 0x hex: what `eth_getCode` answers once it is deployed. */
export const REGISTRY_CODE: string = ANCHOR_REGISTRY_ARTIFACT.deployedBytecode;
/** 0x hex of 32 bytes, Keccak-256 of the code at run time. */
export const REGISTRY_CODE_HASH = toHex0x(keccak256(fromHex0x(REGISTRY_CODE)));
/** Topic 0 of `Anchored(address,bytes32)`, 0x hex of 32 bytes. */
export const REGISTRY_TOPIC = toHex0x(ANCHORED_TOPIC);

/** Nick Johnson's deterministic deployer: calldata is the salt, then the creation code. EIP-55. */
export const CREATE2_DEPLOYER = '0x4e59b44847b379578588920cA78FbF26c0B4956C';
const SALT = new Uint8Array(32);

/** Where the deployer puts the registry, on any chain. EIP-55. */
export const REGISTRY_ADDRESS = create2Address(CREATE2_DEPLOYER, SALT, fromHex0x(REGISTRY_CREATION_CODE));

/** Calldata of the transaction to the deployer that puts the registry in place, 0x hex. */
export const REGISTRY_DEPLOYMENT = toHex0x(concatBytes(SALT, fromHex0x(REGISTRY_CREATION_CODE)));

/**
 * EIP-1014: the last 20 bytes of keccak256(0xff ++ deployer ++ salt ++ keccak256(creation code)).
 * @param deployer 0x hex of 20 bytes
 * @param salt 32 bytes
 * @returns EIP-55
 */
export function create2Address(deployer: string, salt: Uint8Array, creationCode: Uint8Array): string {
  const preimage = concatBytes(Uint8Array.of(0xff), fromHex0x(deployer.toLowerCase()), salt, keccak256(creationCode));
  return checksumAddress(keccak256(preimage).subarray(12));
}

/**
 * EIP-55: a letter is a capital where the same digit of the hash of the lower-case address is 8 or more.
 * @param address 20 bytes
 */
export function checksumAddress(address: Uint8Array): string {
  const digits = toHex(address);
  const hash = toHex(keccak256(utf8(digits)));
  return `0x${Array.from(digits, (digit, i) => (parseInt(hash[i]!, 16) >= 8 ? digit.toUpperCase() : digit)).join('')}`;
}
