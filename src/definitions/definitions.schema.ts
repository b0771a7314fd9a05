/**
 * What comes in about definitions (contract, "Definition"): one schema each for the check, the types and the OpenAPI
 * description. Limits are the ledger's own: a version's entry must fit into 65,535 bytes.
 */
import { z } from 'zod';
import { distinct, inOrder, line, lines, moment, translated, uuid } from '../input-schema.js';
import { ASSESSMENT_METHODS, type AssessmentMethodCode } from './assessment-methods.js';
import type { DefinitionContent } from './content.js';
import { levelFault, MOST_LEARNING_OUTCOMES } from './definition.js';

export const assessmentMethodSchema = z.enum(
  ASSESSMENT_METHODS.map(({ code }) => code) as [AssessmentMethodCode, ...AssessmentMethodCode[]],
);

/** How one takes part in learning; `none`: no learning activity, what is known already is assessed. */
export const PARTICIPATION = [
  'onSite',
  'online',
  'blended',
  'hybrid',
  'workplace',
  'project',
  'selfStudy',
  'none',
] as const;
export const participationSchema = z.enum(PARTICIPATION);

/** Credits: a decimal with up to two places, as a number or as text; kept as text (S14). */
const ects = z
  .union([z.number().min(0.01).max(999), z.string().regex(/^(0|[1-9]\d{0,2})([.,]\d{1,2})?$/)])
  .transform((credits) =>
    String(credits)
      .replace(',', '.')
      .replace(/\.0+$|(\.\d*?)0+$/, '$1'),
  )
  .refine((credits) => /^\d{1,3}(\.\d{1,2})?$/.test(credits) && Number(credits) > 0, {
    message: 'at most two decimals, more than 0',
    params: { code: 'creditsMalformed' },
  });

/** Hours, or credits, or both. */
export const workloadSchema = z
  .strictObject({ hours: z.exactOptional(z.int().min(1).max(20_000)), ects: z.exactOptional(ects) })
  .refine(({ hours, ects: credits }) => hours !== undefined || credits !== undefined, {
    message: 'hours or ects',
    params: { code: 'workloadMissing' },
  });

export const learningOutcomeSchema = z.strictObject({
  category: z.enum(['knowledge', 'skill', 'responsibility']),
  language: z.enum(['sv', 'en']).default('sv'),
  lead: line(100),
  activity: line(100),
  content: line(500),
  context: line(500),
  criteria: z.exactOptional(z.array(line(500)).max(20)),
});

const levelSchema = z
  .strictObject({
    framework: z.enum(['EQF', 'SeQF', 'QF-EHEA']),
    level: z.int().min(0).max(8),
    basis: z.enum(['issuer', 'regulation', 'decision']),
    decision: z.exactOptional(line(300)),
  })
  .superRefine((level, context) => {
    const code = levelFault(level);
    if (!code) return;
    const path = { levelOutOfRange: 'level', seqfNeedsDecision: 'basis', decisionMissing: 'decision' }[code];
    context.addIssue({ code: 'custom', message: code, params: { code }, path: [path] });
  });

const contentShape = {
  title: z.strictObject({ sv: line(200), en: z.exactOptional(line(200)) }),
  summary: translated(2_000),
  tasks: z.array(translated(500)).max(20),
  learningOutcomes: z.array(learningOutcomeSchema).min(1).max(MOST_LEARNING_OUTCOMES),
  workload: workloadSchema,
  level: z.exactOptional(levelSchema),
  assessmentMethods: z
    .array(assessmentMethodSchema)
    .min(1)
    .max(ASSESSMENT_METHODS.length)
    .refine(...distinct),
  participation: z
    .array(participationSchema)
    .min(1)
    .max(PARTICIPATION.length)
    .refine(...distinct),
  qualityAssurance: z
    .array(z.strictObject({ type: line(100), description: translated(1_000) }))
    .min(1)
    .max(10),
  prerequisites: z.exactOptional(translated(1_000)),
  supervision: z.exactOptional(translated(1_000)),
  grading: z.exactOptional(
    z.strictObject({
      scale: z
        .array(line(50))
        .min(1)
        .max(20)
        .refine(...distinct),
    }),
  ),
  stackability: z.exactOptional(translated(1_000)),
  authorisations: z.exactOptional(translated(1_000)),
  codes: z.exactOptional(z.array(z.strictObject({ scheme: line(50), version: line(20), code: line(50) })).max(20)),
  factors: z.exactOptional(translated(1_000)),
  issuerRequirements: z.exactOptional(translated(1_000)),
  validity: z.exactOptional(z.strictObject({ months: z.int().min(1).max(600) })),
};

export const definitionSchema = z.strictObject({
  organisationId: uuid,
  ...contentShape,
  visibility: z.enum(['public', 'unlisted', 'internal']).default('public'),
});
export type DefinitionInput = z.infer<typeof definitionSchema>;

/** A draft: what there is of a definition, each member in its own shape. */
export const draftSchema = z.strictObject(contentShape).partial();
export type DraftInput = z.infer<typeof draftSchema>;

/** The content of a version without what publishing adds; a draft must fit it to be published. */
export const contentSchema = z.strictObject(contentShape);
export type ContentInput = z.infer<typeof contentSchema>;

/** What a version says, from what came in and who owns the definition. */
export function contentOf(
  input: ContentInput,
  creator: DefinitionContent['creator'],
  demo: boolean = false,
): DefinitionContent {
  return { ...input, creator, ...(demo && { demo }) };
}

export const publicationSchema = z.strictObject({
  changes: z.exactOptional(lines(2_000)),
  effectOnHolders: z.exactOptional(z.enum(['none', 'renewalRecommended', 'renewalRequired'])),
});
export type PublicationInput = z.infer<typeof publicationSchema>;

export const retirementSchema = z.strictObject({ version: z.int().min(1) });
export type RetirementInput = z.infer<typeof retirementSchema>;

export const mandateSchema = z
  .strictObject({
    from: z.exactOptional(moment),
    to: z.exactOptional(moment),
    requirementsChecked: z.boolean().default(true),
  })
  .refine(({ from, to }) => inOrder(from, to), {
    path: ['to'],
    message: 'ends before it begins',
    params: { code: 'periodReversed' },
  });
export type MandateInput = z.infer<typeof mandateSchema>;

/** A code, not a text: the reason stands in the public log (S20). */
export const mandateWithdrawalSchema = z.strictObject({
  reason: z.enum(['ended', 'ownRequest', 'requirementsNotMet', 'misuse']).default('ended'),
  // Revoking what was issued is a deed of its own; what is written down and not done would mislead.
  effect: z.enum(['futureOnly']).default('futureOnly'),
});
export type MandateWithdrawalInput = z.infer<typeof mandateWithdrawalSchema>;
