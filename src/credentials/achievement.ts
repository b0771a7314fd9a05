/**
 * The `achievement` of a credential, made from a published version and from nothing else (Open Badges 3.0,
 * Achievement; `docs/data-elements.md`). Issuer and verifier call the same function: a credential whose
 * achievement differs from what its definition version gives is not what was defined (S6).
 * Own terms stand beside those of Open Badges and are mapped in `context.ts`.
 */
import type { JsonObject } from '../encoding/json.js';
import { sentenceOf, type DefinitionContent } from '../definitions/content.js';

const FRAMEWORK_URL: Readonly<Record<'EQF' | 'SeQF' | 'QF-EHEA', string>> = {
  EQF: 'https://europass.europa.eu/en/europass-digital-tools/european-qualifications-framework',
  SeQF: 'https://www.seqf.se',
  'QF-EHEA': 'https://ehea.info/page-qualification-frameworks',
};

/** Concepts of the EU Vocabularies' list of EQF levels, 1 to 8. */
const EQF_LEVELS = 'http://data.europa.eu/snb/eqf/';

/**
 * @param definition UUID of the definition
 * @param version number of the published version, from 1
 * @param content what that version says
 */
export function achievementOf(definition: string, version: number, content: DefinitionContent): JsonObject {
  const { title, summary, learningOutcomes, workload, level, creator, codes, grading, validity, ...rest } = content;
  const alignment: JsonObject[] = [];
  if (level) {
    alignment.push({
      type: ['Alignment'],
      targetName: `${level.framework} ${level.level}`,
      targetFramework: level.framework,
      targetCode: String(level.level),
      targetUrl: FRAMEWORK_URL[level.framework],
      // A level that no regulation or decision gives is the issuer's own word, and says so.
      ...(level.basis === 'issuer' ? { targetDescription: 'Nivån är angiven av utfärdaren.' } : {}),
    });
  }
  for (const { scheme, version: edition, code } of codes ?? []) {
    alignment.push({
      type: ['Alignment'],
      targetName: `${scheme} ${code}`,
      targetFramework: `${scheme} ${edition}`,
      targetCode: code,
      targetUrl: `urn:meritkedja:code:${encodeURIComponent(scheme)}:${encodeURIComponent(edition)}:${encodeURIComponent(code)}`,
    });
  }
  return {
    id: `urn:uuid:${definition}`,
    type: ['Achievement'],
    achievementType: 'MicroCredential',
    version: String(version),
    inLanguage: 'sv',
    name: title.sv,
    description: summary.sv,
    creator: { id: creator.did, type: ['Profile'], name: creator.name },
    criteria: { narrative: learningOutcomes.map((outcome, row) => `${row + 1}. ${sentenceOf(outcome)}`).join('\n') },
    ...(workload.ects === undefined ? {} : { creditsAvailable: Number(workload.ects) }),
    ...(alignment.length === 0 ? {} : { alignment }),
    title: { ...title },
    summary: { ...summary },
    learningOutcome: learningOutcomes.map((outcome, row) => ({ number: row + 1, ...outcome })),
    workload: { ...workload },
    ...(workload.hours === undefined ? {} : { volumeOfLearning: `PT${workload.hours}H` }),
    ...(level ? { level: { ...level } } : {}),
    // As the European Learning Model has it: a level of the framework, not what an issuer thinks it is.
    ...(level?.framework === 'EQF' && level.basis !== 'issuer' ? { eqfLevel: `${EQF_LEVELS}${level.level}` } : {}),
    ...(codes ? { codes: codes.map((code) => ({ ...code })) } : {}),
    ...(grading ? { gradingScale: [...grading.scale] } : {}),
    ...(validity ? { validityMonths: validity.months } : {}),
    expectedTasks: rest.tasks.map((task) => ({ ...task })),
    assessmentMethods: [...rest.assessmentMethods],
    participation: [...rest.participation],
    qualityAssurance: rest.qualityAssurance.map(({ type, description }) => ({ kind: type, text: { ...description } })),
    ...(rest.prerequisites ? { prerequisites: { ...rest.prerequisites } } : {}),
    ...(rest.supervision ? { supervision: { ...rest.supervision } } : {}),
    ...(rest.stackability ? { stackability: { ...rest.stackability } } : {}),
    ...(rest.authorisations ? { authorisations: { ...rest.authorisations } } : {}),
    ...(rest.factors ? { factors: { ...rest.factors } } : {}),
    ...(rest.issuerRequirements ? { issuerRequirements: { ...rest.issuerRequirements } } : {}),
    ...(rest.demo ? { demonstration: true } : {}),
  };
}
