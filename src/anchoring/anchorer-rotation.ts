/**
 * What an old and a new anchorer sign when one takes over from the other (S19): a transaction that no chain takes, since
 * it may use no gas, and that holds the SHA-256 of the canonical statement. So every signer that can anchor can sign it,
 * a remote one too, which need not know of other forms of messages. Proven by ledger.spec.ts.
 */
import { Transaction } from 'ethers';
import { toHex0x } from '../encoding/hex.js';
import { canonicalBytes } from '../encoding/jcs.js';
import { sha256 } from '../log/hash.js';
import type { AnchorSigner, AnchorTransaction } from './anchor-signer.js';
import type { AnchorerRotated } from './anchoring.events.js';

export interface Rotation {
  /** Of the log. */
  readonly origin: string;
  readonly chainId: number;
  /** EIP-55 addresses. */
  readonly contract: string;
  readonly previous: string;
  readonly anchorer: string;
}

/** The JCS bytes of the statement; the order of members is theirs. */
export function rotationStatement({ origin, chainId, contract, previous, anchorer }: Rotation): Uint8Array {
  return canonicalBytes({ type: 'AnchorerRotation', version: 1, origin, chainId, contract, previous, anchorer });
}

/** @returns the signed transaction, 0x hex @throws ChainError signerUnreachable, signerRefused */
export function signRotation(signer: AnchorSigner, rotation: Rotation): Promise<string> {
  return signer.signTransaction(carrierOf(rotation));
}

/** Whether both have signed. */
export function isRotationSigned(
  { chainId, previous, anchorer, previousSignature, signature }: AnchorerRotated['data'],
  { origin, contract }: Pick<Rotation, 'origin' | 'contract'>,
): boolean {
  const rotation = { origin, chainId, contract, previous, anchorer };
  return isSignedBy(previousSignature, previous, rotation) && isSignedBy(signature, anchorer, rotation);
}

/** No block has room for a transaction that may use less than the 21,000 units of gas that any takes. */
function carrierOf(rotation: Rotation): AnchorTransaction {
  return {
    chainId: rotation.chainId,
    nonce: 0,
    to: rotation.contract,
    data: toHex0x(sha256(rotationStatement(rotation))),
    gasLimit: 0n,
    maxFeePerGas: 0n,
    maxPriorityFeePerGas: 0n,
  };
}

function isSignedBy(signed: string, address: string, rotation: Rotation): boolean {
  try {
    const given = Transaction.from(signed);
    const asked = Transaction.from({ type: 2, ...carrierOf(rotation) });
    return given.unsignedHash === asked.unsignedHash && given.from === address;
  } catch {
    // Not a transaction, or not signed.
    return false;
  }
}
