/**
 * The 17 assessment methods of the guide ("Olika metoders användningsområde", after Myndigheten för yrkeshögskolan,
 * Standard och riktlinjer för branschvalidering av yrkeskompetens, 2017): the Swedish names are the guide's own; codes,
 * English names and descriptions are ours. The guide's text on theoretical case studies is garbled by a copied line.
 */
export interface AssessmentMethod {
  readonly code: string;
  readonly sv: string;
  readonly en: string;
  /** What the assessor does, one sentence in each language. */
  readonly description: { readonly sv: string; readonly en: string };
}

export const ASSESSMENT_METHODS = [
  {
    code: 'exploratoryConversation',
    sv: 'Samtal i utforskande syfte',
    en: 'Exploratory conversation',
    description: {
      sv: 'Ett samtal för att ta reda på vad individen kan.',
      en: 'A conversation to find out what the person can do.',
    },
  },
  {
    code: 'verifyingConversation',
    sv: 'Samtal i kontrollerande syfte',
    en: 'Verifying conversation',
    description: {
      sv: 'Ett samtal för att ta reda på om individen kan det som krävs.',
      en: 'A conversation to find out whether the person can do what is required.',
    },
  },
  {
    code: 'documentReview',
    sv: 'Genomgång av dokument',
    en: 'Review of documents',
    description: {
      sv: 'Tidigare erfarenheter, betyg och examina gås igenom.',
      en: 'Earlier experience, grades and degrees are gone through.',
    },
  },
  {
    code: 'selfAssessment',
    sv: 'Självskattning',
    en: 'Self-assessment',
    description: {
      sv: 'Individen skattar sin egen erfarenhet eller kompetens i en yrkesroll med hjälp av frågor.',
      en: 'The person rates their own experience or competence in an occupational role by answering questions.',
    },
  },
  {
    code: 'selfAssessmentWithConversation',
    sv: 'Självskattning i kombination med samtal',
    en: 'Self-assessment combined with a conversation',
    description: {
      sv: 'En självskattning som följs upp i ett samtal.',
      en: 'A self-assessment that is followed up in a conversation.',
    },
  },
  {
    code: 'workplaceObservationOfSetTasks',
    sv: 'Observation på arbetsplats, styrda uppgifter',
    en: 'Observation at a workplace, set tasks',
    description: {
      sv: 'Bedömaren observerar individen när bestämda arbetsmoment utförs.',
      en: 'The assessor observes the person carrying out specified tasks.',
    },
  },
  {
    code: 'workplaceObservation',
    sv: 'Observation på arbetsplats, ingen styrning',
    en: 'Observation at a workplace, no set tasks',
    description: {
      sv: 'Bedömaren observerar individen i det vardagliga arbetet.',
      en: 'The assessor observes the person in everyday work.',
    },
  },
  {
    code: 'coAssessment360',
    sv: 'Medbedömaren 360° undersökning',
    en: 'Co-assessors, 360° survey',
    description: {
      sv: 'Individen och de som arbetar nära svarar på samma frågor om individens arbete och kompetens.',
      en: 'The person and those who work closely with them answer the same questions on their work and competence.',
    },
  },
  {
    code: 'coAssessmentByColleague',
    sv: 'Medbedömaren, kollegial',
    en: 'Co-assessor, colleague',
    description: {
      sv: 'En kollega observerar individen i arbetet och berättar för bedömaren.',
      en: 'A colleague observes the person at work and tells the assessor.',
    },
  },
  {
    code: 'coAssessmentBySupervisor',
    sv: 'Medbedömaren, handledare',
    en: 'Co-assessor, supervisor',
    description: {
      sv: 'En handledare observerar individen i arbetet och berättar för bedömaren.',
      en: 'A supervisor observes the person at work and tells the assessor.',
    },
  },
  {
    code: 'testCentreObservationOfSetTasks',
    sv: 'Observation på testcentra, styrda uppgifter',
    en: 'Observation at a test centre, set tasks',
    description: {
      sv: 'Bestämda, tydligt avgränsade uppgifter utförs i en testmiljö med lika förhållanden för alla.',
      en: 'Specified, clearly delimited tasks are carried out in a test environment that is the same for everybody.',
    },
  },
  {
    code: 'testCentreObservation',
    sv: 'Observation på testcentra, ingen styrning',
    en: 'Observation at a test centre, no set tasks',
    description: {
      sv: 'Individen arbetar fritt inom yrkesområdet i en testmiljö.',
      en: 'The person works freely within the occupational field in a test environment.',
    },
  },
  {
    code: 'theoreticalCaseStudy',
    sv: 'Teoretiska fallstudier som skall genomföras och redovisas',
    en: 'Theoretical case studies to be carried out and presented',
    description: {
      sv: 'Individen löser ett beskrivet fall ur yrket på egen hand och redovisar hur och varför för bedömaren.',
      en: 'The person works out a described case from the occupation alone and explains how and why to the assessor.',
    },
  },
  {
    code: 'oralMultipleChoice',
    sv: 'Muntliga frågor med flervalsalternativ',
    en: 'Oral questions with multiple choice',
    description: {
      sv: 'Bedömaren ställer frågor och individen väljer bland givna svar.',
      en: 'The assessor asks questions and the person chooses among given answers.',
    },
  },
  {
    code: 'oralOpenQuestions',
    sv: 'Muntliga öppna frågor',
    en: 'Oral open questions',
    description: {
      sv: 'Bedömaren ställer öppna frågor och individen svarar med egna ord.',
      en: 'The assessor asks open questions and the person answers in their own words.',
    },
  },
  {
    code: 'writtenMultipleChoice',
    sv: 'Skriftliga frågor med flervalsalternativ',
    en: 'Written questions with multiple choice',
    description: {
      sv: 'Individen väljer bland givna svar i ett frågeformulär.',
      en: 'The person chooses among given answers in a questionnaire.',
    },
  },
  {
    code: 'writtenOpenQuestions',
    sv: 'Skriftliga öppna frågor',
    en: 'Written open questions',
    description: {
      sv: 'Individen svarar med egna ord i ett frågeformulär.',
      en: 'The person answers in their own words in a questionnaire.',
    },
  },
] as const satisfies readonly AssessmentMethod[];

export type AssessmentMethodCode = (typeof ASSESSMENT_METHODS)[number]['code'];

const BY_NAME: ReadonlyMap<string, AssessmentMethod> = new Map(
  ASSESSMENT_METHODS.flatMap((method) =>
    [method.code, method.sv, method.en].map((name) => [name.toLowerCase(), method]),
  ),
);

/**
 * The method of a code, or of the exact Swedish or English name, as people write it in a table; case and outer blanks
 * do not count.
 */
export function assessmentMethod(name: string): AssessmentMethod | undefined {
  return BY_NAME.get(name.trim().toLowerCase());
}
