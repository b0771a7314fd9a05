/** What comes in about organisations: one schema each for the check, the types and the OpenAPI description. */
import { z } from 'zod';
import { distinct, line } from '../input-schema.js';
import { organisationNumberDigits, organisationNumberFault } from './organisation-number.js';

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
