/**
 * What a signed transaction offers for its place in a block, read from its bytes (EIP-2718 type 2, EIP-1559): the pages
 * and tables show it of each transaction that was made for an anchor. Pure; proven by signed-fees.spec.ts.
 */
import { fromHex0x } from '../encoding/hex.js';
import { EncodingError } from '../errors.js';
import { decodeRlp, type RlpItem } from '../verification/rlp.js';

export interface SignedFees {
  /** Wei for a unit of gas, decimal: the most, and the part of it that is for whoever makes the block. */
  readonly maxFeePerGas: string;
  readonly maxPriorityFeePerGas: string;
  /** Units of gas, decimal. */
  readonly gasLimit: string;
}

const EIP_1559 = 2;
/** chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList, yParity, r, s */
const SIGNED_FIELDS = 12;

/**
 * @param signedTransaction 0x hex
 * @returns undefined for a transaction of another type: a later version may sign others, and what it costs is told by
 *   its receipt
 */
export function feesOf(signedTransaction: string): SignedFees | undefined {
  const fields = fieldsOf(signedTransaction);
  if (fields?.length !== SIGNED_FIELDS) return undefined;
  const [priority, most, gas] = fields.slice(2, 5).map(numberIn);
  if (priority === undefined || most === undefined || gas === undefined) return undefined;
  return { maxFeePerGas: most, maxPriorityFeePerGas: priority, gasLimit: gas };
}

function fieldsOf(signedTransaction: string): readonly RlpItem[] | undefined {
  try {
    const bytes = fromHex0x(signedTransaction);
    if (bytes[0] !== EIP_1559) return undefined;
    const payload = decodeRlp(bytes.subarray(1));
    return payload instanceof Uint8Array ? undefined : payload;
  } catch (error) {
    if (error instanceof EncodingError) return undefined;
    throw error;
  }
}

function numberIn(item: RlpItem): string | undefined {
  if (!(item instanceof Uint8Array)) return undefined;
  return item.reduce((value, byte) => value * 256n + BigInt(byte), 0n).toString();
}
