/**
 * A credential as a person reads it: the guide's table with holder, level, dates and method. The document may come from
 * anybody, so nothing about its shape is taken for granted and everything is escaped. Used by the browser code.
 */
import { escapeHtml } from '@kitajs/html';
import type { DefinitionContent, LearningOutcome, Translated } from '../../definitions/content.js';
import { isJsonObject, type Json, type JsonObject } from '../../encoding/json.js';
import type { VerificationReport } from '../../verification/report.js';
import { labelOf, texts } from '../text/text.js';
import { Code, Fact, Time } from './components.js';
import { DefinitionFacts, methodName } from './definition-facts.js';
import { OutcomeSentences, OutcomeTable } from './outcome-table.js';
import type { Lang } from './view-models.js';

function text(value: Json | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function objects(value: Json | undefined): readonly JsonObject[] {
  return (Array.isArray(value) ? (value as readonly Json[]) : [value]).filter(isJsonObject);
}

function strings(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === 'string') : [];
}

function translatedOf(value: Json | undefined): Translated | undefined {
  if (!isJsonObject(value)) return undefined;
  const sv = text(value['sv']) ?? text(value['en']);
  const en = text(value['en']);
  return sv === undefined ? undefined : { sv, ...(en === undefined ? {} : { en }) };
}

function outcomeOf(row: JsonObject): LearningOutcome {
  return {
    category: (text(row['category']) ?? '') as LearningOutcome['category'],
    language: row['language'] === 'en' ? 'en' : 'sv',
    lead: text(row['lead']) ?? '',
    activity: text(row['activity']) ?? '',
    content: text(row['content']) ?? '',
    context: text(row['context']) ?? '',
    criteria: strings(row['criteria']),
  };
}

function levelOf(value: Json | undefined): Pick<DefinitionContent, 'level'> {
  if (!isJsonObject(value)) return {};
  const framework = text(value['framework']);
  const level = value['level'];
  if (framework === undefined || typeof level !== 'number') return {};
  const basis = value['basis'] === 'regulation' || value['basis'] === 'decision' ? value['basis'] : 'issuer';
  const decision = text(value['decision']);
  return {
    level: {
      framework: framework as NonNullable<DefinitionContent['level']>['framework'],
      level,
      basis,
      ...(decision === undefined ? {} : { decision }),
    },
  };
}

/** The definition's content as the achievement of a credential carries it (`achievement.ts` writes it). */
export function contentOf(achievement: JsonObject): DefinitionContent {
  const plain = (name: string): Translated => ({ sv: text(achievement[name]) ?? '' });
  const workload = isJsonObject(achievement['workload']) ? achievement['workload'] : {};
  const creator = isJsonObject(achievement['creator']) ? achievement['creator'] : {};
  const months = achievement['validityMonths'];
  const ects = text(workload['ects']);
  const prose = ['prerequisites', 'supervision', 'stackability', 'authorisations', 'factors', 'issuerRequirements'];
  return {
    title: translatedOf(achievement['title']) ?? plain('name'),
    summary: translatedOf(achievement['summary']) ?? plain('description'),
    tasks: objects(achievement['expectedTasks'])
      .map(translatedOf)
      .filter((task) => task !== undefined),
    learningOutcomes: objects(achievement['learningOutcome']).map(outcomeOf),
    workload: {
      ...(typeof workload['hours'] === 'number' ? { hours: workload['hours'] } : {}),
      ...(ects === undefined ? {} : { ects }),
    },
    ...levelOf(achievement['level']),
    assessmentMethods: strings(achievement['assessmentMethods']),
    participation: strings(achievement['participation']),
    qualityAssurance: objects(achievement['qualityAssurance']).map((quality) => ({
      type: text(quality['kind']) ?? '',
      description: translatedOf(quality['text']) ?? { sv: '' },
    })),
    ...Object.fromEntries(
      prose.map((name) => [name, translatedOf(achievement[name])] as const).filter(([, value]) => value !== undefined),
    ),
    ...(Array.isArray(achievement['gradingScale']) ? { grading: { scale: strings(achievement['gradingScale']) } } : {}),
    codes: objects(achievement['codes']).map((code) => ({
      scheme: text(code['scheme']) ?? '',
      version: text(code['version']) ?? '',
      code: text(code['code']) ?? '',
    })),
    ...(typeof months === 'number' ? { validity: { months } } : {}),
    creator: { organisation: '', did: text(creator['id']) ?? '', name: text(creator['name']) ?? '' },
    demo: achievement['demonstration'] === true,
  };
}

/** Facts of this person's assessment; those that are not there are left out. */
function AssessmentFacts({ subject, lang }: { subject: JsonObject; lang: Lang }): JSX.Element {
  const dictionary = texts(lang);
  const t = dictionary.document;
  const assessment = isJsonObject(subject['assessment']) ? subject['assessment'] : {};
  const named = (name: string, label: (code: string) => string): string | undefined => {
    const code = text(assessment[name]);
    return code === undefined ? undefined : label(code);
  };
  const assessedOn = text(assessment['assessedOn']);
  const facts = [
    [t.method, named('method', (code) => methodName(code, lang))],
    [t.route, named('route', (code) => labelOf(dictionary.route, code))],
    [t.participation, named('formOfParticipation', (code) => labelOf(dictionary.participation, code))],
    [t.supervision, named('supervision', (code) => labelOf(dictionary.supervisionKind, code))],
    [t.grade, text(assessment['grade'])],
  ] as const;
  return (
    <>
      {assessedOn === undefined ? (
        ''
      ) : (
        <Fact term={t.assessedOn}>
          <Time iso={assessedOn} lang={lang} />
        </Fact>
      )}
      {facts.map(([term, value]) =>
        value === undefined ? (
          ''
        ) : (
          <Fact term={term}>
            <span safe>{value}</span>
          </Fact>
        ),
      )}
    </>
  );
}

interface DocumentProps {
  readonly credential: JsonObject;
  readonly report: VerificationReport;
  readonly lang: Lang;
}

/** A sentence before the document where the check did not show it to be genuine. */
function Caution({ report, lang }: Omit<DocumentProps, 'credential'>): JSX.Element {
  const t = texts(lang).document;
  if (report.verdict === 'invalid') return <p class="note bad">{escapeHtml(t.notGenuine)}</p>;
  if (report.verdict === 'undetermined') return <p class="note warn">{escapeHtml(t.notSure)}</p>;
  return '';
}

export function DocumentView({ credential, report, lang }: DocumentProps): JSX.Element {
  const dictionary = texts(lang);
  const t = dictionary.document;
  const issuer = isJsonObject(credential['issuer']) ? credential['issuer'] : {};
  const address = isJsonObject(issuer['address']) ? issuer['address'] : {};
  const subject = objects(credential['credentialSubject'])[0] ?? {};
  const achievement = isJsonObject(subject['achievement']) ? subject['achievement'] : {};
  const content = contentOf(achievement);
  const country = [text(address['addressCountryCode']), text(address['addressRegion'])].filter(Boolean).join(', ');
  const { holder, validFrom, validUntil, id } = report.credential;
  return (
    <section class="document" aria-labelledby="document-heading">
      <h3 id="document-heading" safe>
        {t.heading}
      </h3>
      <Caution report={report} lang={lang} />
      <p class="minor" safe>
        {t.holder}
      </p>
      <p class="holder" safe>
        {holder ?? t.noHolder}
      </p>
      <OutcomeTable content={content} lang={lang} />
      <dl class="facts">
        <Fact term={t.issuer}>
          <span safe>{text(issuer['name']) ?? report.credential.issuer?.id ?? dictionary.common.none}</span>
        </Fact>
        <Fact term={t.country}>
          <span safe>{country || dictionary.common.none}</span>
        </Fact>
        {validFrom === undefined ? (
          ''
        ) : (
          <Fact term={t.issued}>
            <Time iso={validFrom} lang={lang} />
          </Fact>
        )}
        <Fact term={dictionary.credential.validUntil}>
          {validUntil === undefined ? (
            <span safe>{dictionary.credential.noEnd}</span>
          ) : (
            <Time iso={validUntil} lang={lang} />
          )}
        </Fact>
        <AssessmentFacts subject={subject} lang={lang} />
        <DefinitionFacts content={content} lang={lang} ofPerson={isJsonObject(subject['assessment'])} />
        {id === undefined ? (
          ''
        ) : (
          <Fact term={dictionary.credential.id}>
            <Code value={id} />
          </Fact>
        )}
      </dl>
      <details>
        <summary safe>{dictionary.definition.sentences}</summary>
        <OutcomeSentences content={content} lang={lang} />
      </details>
    </section>
  );
}
