/**
 * The values of Ethereum's JSON-RPC ("data" and "quantity"), as schemas, and as the bytes that RLP encodes.
 * Source: github.com/ethereum/execution-apis, "Hex value encoding". Proven by receipt-proof.spec.ts.
 */
import { z } from 'zod';
import { fromHex } from '../encoding/hex.js';

/** JSON-RPC "data": an even number of digits. Some nodes write capitals in addresses. */
export const data = z
  .string()
  .regex(/^0x(?:[0-9a-fA-F]{2})*$/, 'expected 0x and an even number of hex digits')
  .transform((text) => text.toLowerCase());
/** JSON-RPC "data" of `length` bytes. */
export const bytesOf = (length: number): z.ZodType<string, string> =>
  data.refine((text) => text.length === 2 + 2 * length, `expected ${length} bytes`);
/** JSON-RPC "quantity": no leading zeros, and no more than the 32 bytes of a word. */
export const quantity = z.string().regex(/^0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})$/, 'expected a quantity in 0x hex');
export const bigQuantity = quantity.transform(BigInt);
/** A quantity as a number up to 2^53 − 1. */
export const smallQuantity = quantity
  .transform(Number)
  .refine((value) => Number.isSafeInteger(value), 'expected a quantity below 2^53');

/** @param text of `data` */
export function dataBytes(text: string): Uint8Array {
  return fromHex(text.slice(2));
}

/**
 * Big-endian without leading zeros, 0 being none; RLP puts its own prefix before them.
 * @param value of `quantity`
 */
export function quantityBytes(value: string): Uint8Array {
  const digits = value === '0x0' ? '' : value.slice(2).toLowerCase();
  return fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

export function toQuantity(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}
