/** What comes in about organisations: one schema each for the check, the types and the OpenAPI description. */
import { z } from 'zod';
import { distinct, line } from '../input-schema.js';
import { organisationNumberDigits, organisationNumberFault } from './organisation-number.js';
import { isSignerUrl } from './remote-signer.js';

const organisationNumber = z
  .string()
  .trim()
  .max(20)
  .superRefine((text, context) => {
    const code = organisationNumberFault(text);
    if (code) context.addIssue({ code: 'custom', message: code, params: { code } });
  })
  .transform((text) => (organisationNumberFault(text) ? text : organisationNumberDigits(text)));

export const organisationSchema = z.strictObject({
  name: line(200),
  organisationNumber,
  country: z.literal('SE'),
  region: z.exactOptional(line(100)),
  website: z.exactOptional(z.url({ protocol: /^https?$/ }).max(300)),
  roles: z
    .array(z.enum(['issuer', 'steward', 'guarantor']))
    .min(1)
    .max(3)
    .refine(...distinct),
});
export type OrganisationInput = z.infer<typeof organisationSchema>;

/** Where the signer of an organisation's own key is, and the token that it asks for. */
export const signerSchema = z.strictObject({
  url: z
    .string()
    .max(500)
    .refine(isSignerUrl, { message: 'https, or http on this machine', params: { code: 'signerUrl' } }),
  token: z.exactOptional(z.string().regex(/^[\x21-\x7e]{1,1000}$/)),
});
export type SignerInput = z.infer<typeof signerSchema>;

export const issuingKeySchema = z
  .strictObject({
    custody: z.enum(['operator', 'organisation']).default('operator'),
    /** Ed25519 public key, `z6Mk…`: of a key that the organisation keeps itself. */
    publicKeyMultibase: z.exactOptional(z.string().regex(/^z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/)),
    signer: z.exactOptional(signerSchema),
    /** Signature of the key before, where that is the organisation's own and its signer is not to be asked. */
    authorisation: z.exactOptional(z.strictObject({ signature: z.string().regex(/^[\w-]{86}$/) })),
  })
  .refine(
    ({ custody, publicKeyMultibase, signer }) =>
      custody === 'organisation'
        ? publicKeyMultibase !== undefined && signer !== undefined
        : publicKeyMultibase === undefined && signer === undefined,
    { path: ['custody'], message: 'key and signer of an organisation, or neither', params: { code: 'keyOutside' } },
  );
export type IssuingKeyInput = z.infer<typeof issuingKeySchema>;

export const keyRevocationSchema = z
  .strictObject({
    reason: z.enum(['superseded', 'compromised', 'ceased']),
    /** Log index from which on a compromised key's entries do not stand. */
    fromIndex: z.exactOptional(z.int().min(0)),
  })
  .refine(({ reason, fromIndex }) => fromIndex === undefined || reason === 'compromised', {
    path: ['fromIndex'],
    message: 'only for a compromised key',
    params: { code: 'fromIndexNeedsCompromise' },
  });
export type KeyRevocationInput = z.infer<typeof keyRevocationSchema>;
