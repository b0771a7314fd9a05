/**
 * What a version of a micro-credential says: the guide's data elements that belong to the definition
 * (`docs/data-elements.md` maps all of them). Types only: the schema that checks them is `definitions.schema.ts`.
 */

/** Swedish, and English where there is one. */
export interface Translated {
  readonly sv: string;
  readonly en?: string;
}

/** Kunskap, färdighet, ansvar och självständighet. */
export type OutcomeCategory = 'knowledge' | 'skill' | 'responsibility';

/** A row of the guide's table; the four parts read as one full sentence. */
export interface LearningOutcome {
  readonly category: OutcomeCategory;
  readonly language: 'sv' | 'en';
  /** Inledning, "Innehavaren kan". */
  readonly lead: string;
  /** Aktivitet, an active verb in the infinitive. */
  readonly activity: string;
  /** Innehåll. */
  readonly content: string;
  /** Sammanhang och kvalitet. */
  readonly context: string;
  readonly criteria?: readonly string[];
}

/** `SeQF` only where a regulation or a decision of MYH gives the level; otherwise "angiven av utfärdaren". */
export interface Level {
  readonly framework: 'EQF' | 'SeQF' | 'QF-EHEA';
  readonly level: number;
  readonly basis: 'issuer' | 'regulation' | 'decision';
  readonly decision?: string;
}

export interface DefinitionContent {
  readonly title: Translated;
  readonly summary: Translated;
  /** Arbetsuppgifter som förväntas kunna utföras. */
  readonly tasks: readonly Translated[];
  readonly learningOutcomes: readonly LearningOutcome[];
  /** `hours` an integer; `ects` a decimal as text, for example "1.5" (S14: no fractions as numbers). */
  readonly workload: { readonly hours?: number; readonly ects?: string };
  readonly level?: Level;
  /** Codes of the guide's 17 methods. */
  readonly assessmentMethods: readonly string[];
  readonly participation: readonly string[];
  readonly qualityAssurance: readonly { readonly type: string; readonly description: Translated }[];
  readonly prerequisites?: Translated;
  readonly supervision?: Translated;
  readonly grading?: { readonly scale: readonly string[] };
  readonly stackability?: Translated;
  readonly authorisations?: Translated;
  readonly codes?: readonly { readonly scheme: string; readonly version: string; readonly code: string }[];
  readonly factors?: Translated;
  readonly issuerRequirements?: Translated;
  readonly validity?: { readonly months: number };
  /** Set at publishing: the organisation that owns the definition then. */
  readonly creator: { readonly organisation: string; readonly did: string; readonly name: string };
  /** True for demonstration data: every page and document says so. */
  readonly demo?: boolean;
}

/** A row as the full sentence that it must be (the guide, "Läranderesultat ska…"). */
export function sentenceOf(outcome: LearningOutcome): string {
  return [outcome.lead, outcome.activity, outcome.content, outcome.context].filter((part) => part !== '').join(' ');
}
