/**
 * `definition`: the version that the issuance cites had been published and was not retired at the issuance's own index
 * (S7), its entry is in the bundle, and the credential's achievement is what that version says (S6).
 */
import { canonicalize } from '../encoding/jcs.js';
import { equalJson } from '../encoding/json-equal.js';
import { isJsonObject, type Json, type JsonObject } from '../encoding/json.js';
import { EncodingError } from '../errors.js';
import type { DefinitionStanding } from '../anchoring/standing.js';
import { achievementOf } from '../credentials/achievement.js';
import type { DefinitionContent } from '../definitions/content.js';
import type { DefinitionData } from './bundled-entry.js';
import { echo } from './echo.js';
import { fail, pass, Undecided, type Finding } from './outcome.js';
import type { ParsedBundle, ParsedInput } from './parse-bundle.js';
import { knownOf, leafOf } from './standing-lookup.js';
import { checkCitation, definitionState, inForce } from './standing-leaves.js';

/** @throws VerificationError, Undecided */
export function checkDefinition({ facts }: ParsedInput, bundle: ParsedBundle): Finding {
  const { issued, definition } = bundle;
  const { definition: id, version } = issued.data;
  if (definition.data.definition !== id || definition.data.version !== version) {
    const got = `version ${definition.data.version} of ${definition.data.definition}`;
    fail('definitionOther', `expected the entry of version ${version} of ${id}, got ${got}`);
  }
  if (definition.index >= issued.index) {
    fail('versionLater', `version ${version} was published at index ${definition.index}, not before ${issued.index}`);
  }
  checkAchievement(facts.achievement, bundle);
  const state = definitionState(leafOf(bundle, `definition-${id}`));
  const standing = state.versions.find((one) => one.version === version && one.index === definition.index);
  if (standing === undefined) {
    return fail('versionUnknown', `the standing record has no version ${version} published at ${definition.index}`);
  }
  if (standing.retired !== undefined && standing.retired < issued.index) {
    fail('versionRetired', `version ${version} was retired at index ${standing.retired}, before ${issued.index}`);
  }
  checkCreator(definition, state);
  checkDefinitionCitation(bundle, state.revisions);
  return pass(`the achievement is what version ${version} of definition ${id} says`);
}

/** S7 for the definition's stream. @throws VerificationError definitionReadStale; Undecided standingTooOld */
export function checkDefinitionCitation(bundle: ParsedBundle, revisions: readonly number[]): void {
  const { index, data } = bundle.issued;
  const leaf = leafOf(bundle, `definition-${data.definition}`);
  checkCitation(data.reads, leaf, revisions, index, knownOf(bundle), 'definitionReadStale');
}

/** Whether a later version than the credential's is known; false where the standing record does not say. */
export function isSuperseded(bundle: ParsedBundle): boolean {
  const { definition, version } = bundle.issued.data;
  const leaf = bundle.standing?.leaves.find(({ stream }) => stream === `definition-${definition}`);
  return leaf !== undefined && definitionState(leaf).versions.some((one) => one.version > version);
}

function checkAchievement(achievement: JsonObject | undefined, { definition }: ParsedBundle): void {
  const { content } = definition.data;
  if (content === undefined) {
    throw new Undecided('contentSealed', 'the version’s content is not public, so the achievement cannot be compared');
  }
  if (achievement === undefined || !equalJson(achievement, achievementIn(definition.data, content))) {
    fail('achievementMismatch', 'the credential’s achievement is not what the definition’s version says');
  }
}

/** The creator that the credential shows is whoever owned the definition then, or it is in the name of another (S13). */
function checkCreator({ index, data }: ParsedBundle['definition'], { owners }: DefinitionStanding): void {
  const creator = data.content?.['creator'];
  const did = isJsonObject(creator) ? creator['did'] : undefined;
  const isOwner =
    typeof did === 'string' && owners.some((one) => inForce(one, index) && did.endsWith(`:${one.organisation}`));
  if (!isOwner) fail('achievementMismatch', `its creator ${echo(did)} did not own the definition at index ${index}`);
}

/** By the entry's data, which a memory gives back for every credential of the version. */
const achievements = new WeakMap<DefinitionData, { readonly value: Json | undefined }>();

function achievementIn(data: DefinitionData, content: JsonObject): Json | undefined {
  let made = achievements.get(data);
  if (made === undefined) achievements.set(data, (made = { value: definedAchievement(data, content) }));
  return made.value;
}

/**
 * What a credential's achievement must be, by its definition's version (S6). Undefined where the logged content is not of
 * the shape that a ledger publishes: then nothing equals it.
 */
export function definedAchievement(
  { definition, version }: Pick<DefinitionData, 'definition' | 'version'>,
  content: JsonObject,
): Json | undefined {
  try {
    // Through its canonical form, as the issuer's went into the document.
    return JSON.parse(
      canonicalize(achievementOf(definition, version, content as unknown as DefinitionContent)),
    ) as Json;
  } catch (error) {
    // A content made by a forger may lack any member, on which `achievementOf` stumbles.
    if (error instanceof TypeError || error instanceof EncodingError) return undefined;
    throw error;
  }
}
