/**
 * What comes in about assessments and credentials (contract, "Issue"): one schema each for the check, the types and the
 * OpenAPI description. What concerns other streams (is the version published, does the outcome exist) is the deciders'.
 */
import { z } from 'zod';
import { assessmentMethodSchema, participationSchema, workloadSchema } from '../definitions/definitions.schema.js';
import { personalNumberFault } from '../holders/personal-number.js';
import { date, inOrder, line, lines, moment, uuid } from '../input-schema.js';

/** The century of a short number depends on the day: `readPersonalNumber` makes twelve digits of it. */
const personalNumber = z
  .string()
  .trim()
  .max(13)
  .superRefine((text, context) => {
    const code = personalNumberFault(text);
    if (code) context.addIssue({ code: 'custom', message: code, params: { code } });
  });

export const holderSchema = z.strictObject({
  givenName: line(100),
  familyName: line(100),
  personalNumber: z.exactOptional(personalNumber),
  email: z.exactOptional(z.email().max(254)),
});
export type HolderInput = z.infer<typeof holderSchema>;

export const assessedOutcomeSchema = z.strictObject({
  number: z.int().min(1),
  met: z.boolean(),
  method: z.exactOptional(assessmentMethodSchema),
  note: z.exactOptional(lines(1_000)),
});
export type AssessedOutcome = z.infer<typeof assessedOutcomeSchema>;

/** The European Learning Model's four concepts of supervision and identity check. */
export const supervisionSchema = z.enum([
  'supervisedWithIdCheck',
  'supervisedWithoutIdCheck',
  'unsupervisedWithIdCheck',
  'unsupervisedWithoutIdCheck',
]);

export const routeSchema = z.enum(['course', 'workplace', 'validation']);

const assessedShape = {
  assessedOn: date,
  method: assessmentMethodSchema,
  /** One left out is not assessed. */
  outcomes: z.array(assessedOutcomeSchema).max(20),
  supervision: z.exactOptional(supervisionSchema),
  grade: z.exactOptional(line(50)),
};
const personalShape = {
  route: routeSchema,
  participation: z.exactOptional(participationSchema),
  workload: z.exactOptional(workloadSchema),
};

/** An assessment as it is sealed under the holder's key, but for whose and of what it is. */
export const assessmentDetailsSchema = z.strictObject({ ...assessedShape, ...personalShape });
export type AssessmentDetails = z.infer<typeof assessmentDetailsSchema>;

const assessmentInput = z.strictObject({ ...assessedShape, assessor: z.strictObject({ name: line(200) }) });

const assessmentRequestShape = {
  definitionId: uuid,
  /** Absent: the newest that is not retired. */
  version: z.exactOptional(z.int().min(1)),
  organisationId: uuid,
  holder: holderSchema,
  ...personalShape,
  assessment: assessmentInput,
};

export const assessmentSchema = z.strictObject(assessmentRequestShape);
export type AssessmentInput = z.infer<typeof assessmentSchema>;

export const issueSchema = z
  .strictObject({
    ...assessmentRequestShape,
    validFrom: z.exactOptional(moment),
    validUntil: z.exactOptional(moment),
  })
  .refine(({ validFrom, validUntil }) => inOrder(validFrom, validUntil), {
    path: ['validUntil'],
    message: 'ends before it begins',
    params: { code: 'validityReversed' },
  });
export type IssueInput = z.infer<typeof issueSchema>;

/** The reason's code is public; the note is sealed under the holder's key. */
export const revocationSchema = z.strictObject({
  reason: z.enum([
    'issuedInError',
    'outcomeNotMet',
    'identityMistaken',
    'keyCompromised',
    'mandateWithdrawn',
    'holderRequest',
    'replaced',
  ]),
  note: z.exactOptional(lines(1_000)),
});
export type RevocationInput = z.infer<typeof revocationSchema>;

export const suspensionSchema = z.strictObject({
  reason: z.enum(['underReview', 'appeal', 'holderRequest']),
  note: z.exactOptional(lines(1_000)),
});
export type SuspensionInput = z.infer<typeof suspensionSchema>;

/** The event has no public reason: both are sealed. */
export const reinstatementSchema = z.strictObject({
  reason: z.exactOptional(lines(1_000)),
  note: z.exactOptional(lines(1_000)),
});
export type ReinstatementInput = z.infer<typeof reinstatementSchema>;
