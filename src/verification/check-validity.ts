/** `validity`: now lies between the document's validFrom and validUntil (VCDM 2.0, section 4.9). */
import type { DocumentFacts } from './document-facts.js';
import { fail, pass, type Finding } from './outcome.js';

/** @throws VerificationError notYetValid, expired */
export function checkValidity(facts: DocumentFacts, now: Date): Finding {
  const { validFrom, validUntil } = facts;
  if (validFrom !== undefined && now.getTime() < Date.parse(validFrom)) {
    fail('notYetValid', `valid from ${validFrom}, now is ${now.toISOString()}`);
  }
  if (validUntil !== undefined && now.getTime() >= Date.parse(validUntil)) {
    fail('expired', `valid until ${validUntil}, now is ${now.toISOString()}`);
  }
  return pass(validUntil === undefined ? 'without end' : `until ${validUntil}`, 'the clock used');
}
