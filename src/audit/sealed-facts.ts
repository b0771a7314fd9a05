/**
 * The shape of what is sealed in events of the log (S22), as the contexts' `*.events.ts` have it: what an audit with the
 * operator's keys holds each opened part against. Pure. Proven by sealed-audit.int.spec.ts.
 */
import { z } from 'zod';
import { assessmentDetailsSchema } from '../credentials/credentials.schema.js';
import { isJsonObject, type JsonObject } from '../encoding/json.js';

const id = z.uuid();
const jsonObject = z.custom<JsonObject>(isJsonObject);

/** With `CredentialIssued`, under the holder's key. */
export const issuedFacts = z.strictObject({
  document: jsonObject,
  holder: id,
  assessment: id,
  linkKey: z.base64url().length(43),
});

/** With `AssessmentRecorded`, under the holder's key. */
export const assessedFacts = assessmentDetailsSchema.extend({ holder: id, definition: id, version: z.int().min(1) });

/** With `AssessmentRecorded`, under the assessor's key. */
export const assessorFacts = z.strictObject({ assessor: z.strictObject({ name: z.string().min(1) }) });

/** With `DraftRevised`, under the owner's key. */
export const draftFacts = z.strictObject({ content: jsonObject });

/** With a change of status, under the holder's key. */
export const noteFacts = z.strictObject({ reason: z.exactOptional(z.string()), note: z.exactOptional(z.string()) });
