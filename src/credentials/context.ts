/**
 * The ledger's own JSON-LD context: the terms that Open Badges 3.0 does not have. A term has the IRI of the European
 * Learning Model where that property takes what we have (a code list's concept, a duration, a text, an outcome's node);
 * where ELM wants another shape (a note, a credit point) a term of our own says no more than is true, and the European
 * export has the full form. Served at `/contexts/meritkedja-v1.json`; its content never changes, a new term makes a new
 * version. Proven by document.spec.ts: JSON-LD in safe mode with the official contexts.
 */
import type { JsonObject } from '../encoding/json.js';

export const VC_CONTEXT = 'https://www.w3.org/ns/credentials/v2';
export const OB_CONTEXT = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json';
export const OWN_CONTEXT_PATH = '/contexts/meritkedja-v1.json';

const ELM = 'http://data.europa.eu/snb/model/elm/';
const OWN = 'urn:meritkedja:v1:';
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const DCTERMS = 'http://purl.org/dc/terms/';
const SKOS = 'http://www.w3.org/2004/02/skos/core#';

/** @param publicUrl the ledger's public URL without a trailing slash */
export function contextUrl(publicUrl: string): string {
  return `${publicUrl}${OWN_CONTEXT_PATH}`;
}

function own(name: string): JsonObject {
  return { '@id': `${OWN}${name}` };
}

/** A text in Swedish, and English where there is one. */
function translated(id: string): JsonObject {
  return { '@id': id, '@container': '@language' };
}

function typed(id: string, type: string): JsonObject {
  return { '@id': id, '@type': `${XSD}${type}` };
}

/** Nodes with terms of their own. Their order is in them (`number`) or means nothing. */
function nodes(id: string, terms: JsonObject): JsonObject {
  return { '@id': id, '@container': '@set', '@context': { '@protected': true, ...terms } };
}

function node(id: string, terms: JsonObject): JsonObject {
  return { '@id': id, '@context': { '@protected': true, ...terms } };
}

/** A code: the concept that `concepts` names, else one of our own below `urn:meritkedja:v1:<list>:`. */
function code(id: string, list: string, concepts: JsonObject = {}): JsonObject {
  return { '@id': id, '@type': '@vocab', '@context': { '@vocab': `${OWN}${list}:`, ...concepts } };
}

/** Europass Standard List of Modes of Learning and Assessment; ours has two forms more. */
const MODES = 'http://data.europa.eu/snb/learning-assessment/';
const MODE_CONCEPTS: JsonObject = {
  onSite: `${MODES}9191af2ed9`,
  online: `${MODES}920fbb3cbe`,
  blended: `${MODES}e92d221e4d`,
  hybrid: `${MODES}c_3a90b26d`,
  workplace: `${MODES}729f3bed4b`,
  project: `${MODES}7813801c77`,
};

/** Europass Standard List of Methods of Supervision and Verification. */
const SUPERVISION = 'http://data.europa.eu/snb/supervision-verification/';
const SUPERVISION_CONCEPTS: JsonObject = {
  supervisedWithIdCheck: `${SUPERVISION}70be69aaf9`,
  supervisedWithoutIdCheck: `${SUPERVISION}44314532f9`,
  unsupervisedWithIdCheck: `${SUPERVISION}df2880c5cb`,
  unsupervisedWithoutIdCheck: `${SUPERVISION}c598449d64`,
};

const METHOD = code(`${OWN}method`, 'assessmentMethod');

export const OWN_CONTEXT: JsonObject = {
  '@context': {
    '@protected': true,
    title: translated(`${DCTERMS}title`),
    summary: translated(`${DCTERMS}description`),
    learningOutcome: nodes(`${ELM}learningOutcome`, {
      number: typed(`${OWN}number`, 'integer'),
      category: code(`${OWN}category`, 'category'),
      language: { '@id': `${DCTERMS}language` },
      lead: own('lead'),
      activity: own('activity'),
      content: own('content'),
      context: own('context'),
      criteria: { '@id': `${OWN}criteria`, '@container': '@list' },
    }),
    workload: node(`${OWN}workload`, { hours: typed(`${OWN}hours`, 'integer'), ects: own('ects') }),
    volumeOfLearning: typed(`${ELM}volumeOfLearning`, 'duration'),
    // Not protected: within its RubricCriterionLevel Open Badges has a term of this name. The number within is this
    // same term: jsonld.js loses a scoped context that defines its own term anew, below a type-scoped one.
    level: {
      '@protected': false,
      ...node(`${OWN}level`, {
        framework: own('framework'),
        basis: code(`${OWN}basis`, 'basis'),
        decision: own('decision'),
      }),
    },
    eqfLevel: { '@id': `${ELM}EQFLevel`, '@type': '@id' },
    codes: nodes(`${OWN}classification`, {
      scheme: { '@id': `${ELM}schemeName` },
      version: { '@id': `${ELM}schemeVersion` },
      code: { '@id': `${SKOS}notation` },
    }),
    gradingScale: { '@id': `${OWN}gradingScale`, '@container': '@list' },
    validityMonths: typed(`${OWN}validityMonths`, 'integer'),
    expectedTasks: nodes(`${OWN}expectedTask`, {
      sv: { '@id': `${ELM}noteLiteral`, '@language': 'sv' },
      en: { '@id': `${ELM}noteLiteral`, '@language': 'en' },
    }),
    assessmentMethods: { ...code(`${OWN}assessmentMethod`, 'assessmentMethod'), '@container': '@set' },
    participation: { ...code(`${ELM}mode`, 'participation', MODE_CONCEPTS), '@container': '@set' },
    qualityAssurance: nodes(`${OWN}qualityAssurance`, { kind: own('kind'), text: translated(`${OWN}text`) }),
    prerequisites: translated(`${OWN}prerequisites`),
    supervision: translated(`${OWN}supervision`),
    stackability: translated(`${OWN}stackability`),
    authorisations: translated(`${OWN}authorisations`),
    factors: translated(`${OWN}factors`),
    issuerRequirements: translated(`${OWN}issuerRequirements`),
    demonstration: typed(`${OWN}demonstration`, 'boolean'),
    assessment: node(`${OWN}assessment`, {
      assessedOn: typed(`${OWN}assessedOn`, 'date'),
      method: METHOD,
      route: code(`${OWN}route`, 'route'),
      formOfParticipation: code(`${OWN}formOfParticipation`, 'participation', MODE_CONCEPTS),
      supervision: code(`${ELM}idVerification`, 'supervision', SUPERVISION_CONCEPTS),
      grade: { '@id': `${ELM}grade` },
      hours: typed(`${OWN}hours`, 'integer'),
      outcomes: nodes(`${OWN}assessedOutcome`, {
        number: typed(`${OWN}number`, 'integer'),
        met: typed(`${OWN}met`, 'boolean'),
        method: METHOD,
      }),
    }),
  },
};
