/**
 * The ledger's own JSON-LD context: the terms that Open Badges 3.0 does not have, mapped to the European Learning Model
 * where it has them and to own IRIs elsewhere (`formats.md` 1). Served at `/contexts/meritkedja-v1.json`; its content
 * never changes, a new term makes a new version.
 */
import type { JsonObject } from '../encoding/json.js';

export const VC_CONTEXT = 'https://www.w3.org/ns/credentials/v2';
export const OB_CONTEXT = 'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json';
export const OWN_CONTEXT_PATH = '/contexts/meritkedja-v1.json';

const ELM = 'http://data.europa.eu/snb/model/elm/';
const OWN = 'urn:meritkedja:v1:';
const XSD = 'http://www.w3.org/2001/XMLSchema#';
const DCTERMS = 'http://purl.org/dc/terms/';

const text = (id: string): JsonObject => ({ '@id': id, '@container': '@language' });

/** @param publicUrl the ledger's public URL without a trailing slash */
export function contextUrl(publicUrl: string): string {
  return `${publicUrl}${OWN_CONTEXT_PATH}`;
}

export const OWN_CONTEXT: JsonObject = {
  '@context': {
    title: text(`${DCTERMS}title`),
    summary: text(`${DCTERMS}description`),
    learningOutcome: {
      '@id': `${ELM}learningOutcome`,
      '@container': '@list',
      '@context': {
        number: { '@id': `${OWN}number`, '@type': `${XSD}integer` },
        category: { '@id': `${OWN}category` },
        language: { '@id': `${DCTERMS}language` },
        lead: { '@id': `${OWN}lead` },
        activity: { '@id': `${OWN}activity` },
        content: { '@id': `${OWN}content` },
        context: { '@id': `${OWN}context` },
        criteria: { '@id': `${OWN}criteria`, '@container': '@list' },
      },
    },
    workload: {
      '@id': `${OWN}workload`,
      '@context': {
        hours: { '@id': `${OWN}hours`, '@type': `${XSD}integer` },
        ects: { '@id': `${ELM}creditPoint` },
      },
    },
    level: {
      '@id': `${ELM}EQFLevel`,
      '@context': {
        framework: { '@id': `${OWN}framework` },
        level: { '@id': `${OWN}levelNumber`, '@type': `${XSD}integer` },
        basis: { '@id': `${OWN}basis` },
        decision: { '@id': `${OWN}decision` },
      },
    },
    codes: {
      '@id': `${OWN}classification`,
      '@container': '@list',
      '@context': {
        scheme: { '@id': `${OWN}scheme` },
        version: { '@id': `${OWN}schemeVersion` },
        code: { '@id': `${OWN}code` },
      },
    },
    gradingScale: { '@id': `${ELM}gradingScheme`, '@container': '@list' },
    validityMonths: { '@id': `${OWN}validityMonths`, '@type': `${XSD}integer` },
    expectedTasks: {
      '@id': `${OWN}expectedTask`,
      '@container': '@list',
      '@context': { sv: `${OWN}sv`, en: `${OWN}en` },
    },
    assessmentMethods: { '@id': `${OWN}assessmentMethod`, '@container': '@list' },
    participation: { '@id': `${ELM}mode`, '@container': '@list' },
    qualityAssurance: {
      '@id': `${OWN}qualityAssurance`,
      '@container': '@list',
      '@context': { kind: { '@id': `${OWN}kind` }, text: text(`${OWN}text`) },
    },
    prerequisites: text(`${ELM}entryRequirement`),
    supervision: text(`${OWN}supervision`),
    stackability: text(`${OWN}stackability`),
    authorisations: text(`${ELM}entitlesTo`),
    factors: text(`${OWN}factors`),
    issuerRequirements: text(`${OWN}issuerRequirements`),
    demonstration: { '@id': `${OWN}demonstration`, '@type': `${XSD}boolean` },
    assessment: {
      '@id': `${ELM}provenBy`,
      '@context': {
        assessedOn: { '@id': `${OWN}assessedOn`, '@type': `${XSD}date` },
        method: { '@id': `${OWN}assessmentMethod` },
        route: { '@id': `${OWN}route` },
        formOfParticipation: { '@id': `${OWN}formOfParticipation` },
        supervision: { '@id': `${OWN}supervisionOfAssessment` },
        identityCheck: { '@id': `${ELM}idVerification` },
        grade: { '@id': `${ELM}grade` },
        hours: { '@id': `${OWN}hours`, '@type': `${XSD}integer` },
        outcomes: {
          '@id': `${OWN}assessedOutcome`,
          '@container': '@list',
          '@context': {
            number: { '@id': `${OWN}number`, '@type': `${XSD}integer` },
            met: { '@id': `${OWN}met`, '@type': `${XSD}boolean` },
            method: { '@id': `${OWN}assessmentMethod` },
          },
        },
      },
    },
  },
};
