/** Swedish first, English where it is asked for. */

export type Language = 'sv' | 'en';

/**
 * The better of the two languages for an `Accept-Language` header (RFC 9110, section 12.5.4). Swedish where the header
 * is missing, prefers it, or names neither.
 */
export function languageOf(header: string | undefined, query?: string): Language {
  if (query === 'sv' || query === 'en') return query;
  const weights = { sv: 0, en: 0 };
  for (const part of (header ?? '').split(',').slice(0, 20)) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
    const primary = tag.split('-')[0];
    if (primary !== 'sv' && primary !== 'en') continue;
    const q = parameters.map((parameter) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(parameter)?.[1]).find(Boolean);
    weights[primary] = Math.max(weights[primary], q === undefined ? 1 : Number(q));
  }
  return weights.en > weights.sv ? 'en' : 'sv';
}
