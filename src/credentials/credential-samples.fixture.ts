/**
 * For tests only: the facts of two credentials, one with every data element of the guide and one with the mandatory
 * ones alone, and their documents as the service builds and signs them.
 */
import { signer } from '../crypto/ed25519.js';
import type { DefinitionContent } from '../definitions/content.js';
import { toMultikey } from '../encoding/base58.js';
import type { JsonObject } from '../encoding/json.js';
import { signEddsaJcs } from '../verification/data-integrity.js';
import { credentialDocument, type CredentialFacts } from './document.js';

const PUBLIC_URL = 'https://ledger.example';
const ISSUER = '00000000-0000-4000-8000-000000000001';
const STEWARD = '00000000-0000-4000-8000-000000000002';
const KEY = signer(new Uint8Array(32).fill(9));

export const SAMPLE_KID = toMultikey(KEY.publicKey);
export const SAMPLE_DID = `did:web:ledger.example:organisations:${ISSUER}`;

export const FULL_CONTENT: DefinitionContent = {
  title: { sv: 'Köra motviktstruck i lager', en: 'Driving a counterbalance truck in a warehouse' },
  summary: { sv: 'Lastning och lossning med motviktstruck.', en: 'Loading and unloading with a counterbalance truck.' },
  tasks: [{ sv: 'Lasta en lastbil från kaj', en: 'Load a lorry from a dock' }, { sv: 'Kontrollera trucken dagligen' }],
  learningOutcomes: [
    {
      category: 'knowledge',
      language: 'sv',
      lead: 'Innehavaren kan',
      activity: 'redogöra',
      content: 'för hur lastens tyngdpunkt påverkar truckens stabilitet',
      context: 'för att välja rätt lyfthöjd',
      criteria: ['Nämner lastcentrum', 'Läser av lastdiagrammet'],
    },
    {
      category: 'skill',
      language: 'en',
      lead: 'The holder can',
      activity: 'stack',
      content: 'pallets to a height of six metres',
      context: 'without damage to goods or racking',
    },
    {
      category: 'responsibility',
      language: 'sv',
      lead: 'Innehavaren kan',
      activity: 'avgöra',
      content: 'när trucken ska tas ur drift',
      context: 'enligt arbetsplatsens rutin',
    },
  ],
  workload: { hours: 40, ects: '1.5' },
  level: { framework: 'EQF', level: 4, basis: 'decision', decision: 'Beslut 2026/17' },
  assessmentMethods: ['testCentreObservationOfSetTasks', 'writtenOpenQuestions'],
  participation: ['onSite', 'online', 'blended', 'hybrid', 'workplace', 'project', 'selfStudy', 'none'],
  qualityAssurance: [
    { type: 'Intern granskning', description: { sv: 'Två bedömare jämför.', en: 'Two assessors compare.' } },
  ],
  prerequisites: { sv: 'Fyllda 18 år', en: 'At least 18 years old' },
  supervision: { sv: 'Handledare på plats', en: 'A supervisor on site' },
  grading: { scale: ['Underkänd', 'Godkänd', 'Väl godkänd'] },
  stackability: { sv: 'Ingår i lageroperatör', en: 'Part of warehouse operator' },
  authorisations: { sv: 'Truckkort B', en: 'Truck licence B' },
  codes: [
    { scheme: 'SSYK', version: '2012', code: '8344' },
    { scheme: 'SUN', version: '2020', code: '840' },
    { scheme: 'SNI', version: '2007', code: '01110' },
  ],
  factors: { sv: 'Krav i AFS', en: 'Requirements of the work environment authority' },
  issuerRequirements: { sv: 'Godkänd övningsbana', en: 'An approved course' },
  validity: { months: 36 },
  creator: {
    organisation: STEWARD,
    did: `did:web:ledger.example:organisations:${STEWARD}`,
    name: 'Branschrådet',
  },
  demo: true,
};

export const MINIMAL_CONTENT: DefinitionContent = {
  title: { sv: 'Samarbete i arbetsgrupp' },
  summary: { sv: 'Att arbeta tillsammans.' },
  tasks: [],
  learningOutcomes: [
    {
      category: 'skill',
      language: 'sv',
      lead: 'Innehavaren kan',
      activity: 'lämna över',
      content: 'ett påbörjat arbete muntligt till en kollega',
      context: '',
    },
  ],
  workload: { ects: '0.25' },
  assessmentMethods: ['workplaceObservation'],
  participation: ['workplace'],
  qualityAssurance: [{ type: 'Intern', description: { sv: 'Granskas årligen.' } }],
  creator: FULL_CONTENT.creator,
};

const SHARED = {
  id: '00000000-0000-4000-8000-000000000010',
  publicUrl: PUBLIC_URL,
  definition: '00000000-0000-4000-8000-000000000003',
  version: 2,
  holder: { givenName: 'Åsa', familyName: 'Öberg' },
  validFrom: '2026-11-24T10:00:00.000Z',
  statusLists: {
    revocation: { list: '00000000-0000-4000-8000-000000000005', index: 0 },
    suspension: { list: '00000000-0000-4000-8000-000000000006', index: 131_071 },
  },
} satisfies Partial<CredentialFacts>;

export const FULL_FACTS: CredentialFacts = {
  ...SHARED,
  issuer: {
    did: SAMPLE_DID,
    name: 'Truckskolan',
    organisationNumber: '5560360793',
    country: 'SE',
    region: 'SE110',
    website: 'https://truckskolan.example/',
    roles: ['issuer'],
  },
  content: FULL_CONTENT,
  assessment: {
    assessedOn: '2026-11-20',
    method: 'testCentreObservationOfSetTasks',
    outcomes: [
      { number: 1, met: true, method: 'writtenOpenQuestions' },
      { number: 2, met: true },
      { number: 3, met: true },
    ],
    supervision: 'supervisedWithIdCheck',
    grade: 'Väl godkänd',
  },
  route: 'course',
  participation: 'blended',
  hours: 36,
  validUntil: '2029-11-24T10:00:00.000Z',
};

export const MINIMAL_FACTS: CredentialFacts = {
  ...SHARED,
  issuer: { did: SAMPLE_DID, name: 'Kommunen', organisationNumber: '2120000142', country: 'SE', roles: ['issuer'] },
  content: MINIMAL_CONTENT,
  assessment: { assessedOn: '2026-11-20', method: 'workplaceObservation', outcomes: [{ number: 1, met: true }] },
  route: 'validation',
};

/** A document signed as the service signs it. */
export async function signedSample(document: JsonObject): Promise<JsonObject> {
  return signEddsaJcs(
    document,
    {
      verificationMethod: `${SAMPLE_DID}#${SAMPLE_KID}`,
      created: SHARED.validFrom,
      nonce: 'c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0',
    },
    (message) => KEY.sign(message),
  );
}

/** The signed credential of these facts. */
export async function credentialSample(facts: CredentialFacts): Promise<JsonObject> {
  return signedSample(credentialDocument(facts));
}
