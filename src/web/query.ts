/** Pieces that several query strings and paths share. */
import { z } from 'zod';

/** A whole number in a query or path. @param min smallest allowed */
export function wholeNumber(min = 0): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .refine((value) => value >= min, { params: { code: 'tooSmall' }, message: `≥ ${min}` });
}

/** An id in a path. */
export const uuid = z.uuid();

export const idParams = z.strictObject({ id: uuid });

/** Page of a list: `limit` up to 200, `cursor` as a list's answer gave it. */
export const pageQuery = {
  limit: wholeNumber(1)
    .refine((value) => value <= 200, { params: { code: 'tooBig' }, message: '≤ 200' })
    .default(50),
  cursor: wholeNumber().default(0),
};

/** Shape of a list's answer, with the `Link` header's target where there is more. */
export interface ListAnswer<Item> {
  readonly items: readonly Item[];
  readonly next?: string;
}

/** @param next cursor of the next page */
export function listAnswer<Item>(items: readonly Item[], next: number | undefined): ListAnswer<Item> {
  return next === undefined ? { items } : { items, next: String(next) };
}

/** `Link: <…>; rel="next"` (RFC 8288) for a list at a URL. */
export function nextLink(url: string, next: string): string {
  const [path = '', query = ''] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', next);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}
