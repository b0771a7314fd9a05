/** The guide's data elements that belong to a definition version, as a list of facts (the guide, "Data i mikromeriten"). */
import { assessmentMethod } from '../../definitions/assessment-methods.js';
import type { DefinitionContent, Level, Translated } from '../../definitions/content.js';
import { fill, labelOf, texts } from '../text/text.js';
import { Fact, Text, workloadText } from './components.js';
import type { Lang } from './view-models.js';

/** The level, saying on what it rests: only a regulation or a decision makes it more than the issuer's word. */
export function levelText(level: Level, lang: Lang): string {
  const t = texts(lang).definition;
  const name = `${level.framework} ${level.level}`;
  if (level.basis === 'regulation') return fill(t.levelRegulation, { level: name });
  if (level.basis === 'decision') return fill(t.levelDecision, { level: name, decision: level.decision ?? '' });
  return fill(t.levelIssuer, { level: name });
}

/** An assessment method's name; a code that is none of the guide's comes out as it is. */
export function methodName(code: string, lang: Lang): string {
  return assessmentMethod(code)?.[lang] ?? code;
}

/** Facts of the content; Empty optional elements are left out, mandatory ones say so. */
export function DefinitionFacts(props: {
  readonly content: DefinitionContent;
  readonly lang: Lang;
  /** Beside a person's own form of participation the definition's is left out. */
  readonly ofPerson?: boolean;
}): JSX.Element {
  const { content, lang, ofPerson } = props;
  const dictionary = texts(lang);
  const t = dictionary.definition;
  const prose: readonly (readonly [string, Translated | undefined])[] = [
    [t.prerequisites, content.prerequisites],
    [t.supervision, content.supervision],
    [t.stackability, content.stackability],
    [t.authorisations, content.authorisations],
    [t.factors, content.factors],
    [t.issuerRequirements, content.issuerRequirements],
  ];
  return (
    <>
      <Fact term={t.workload}>
        <span safe>{workloadText(content.workload, lang) ?? dictionary.common.none}</span>
      </Fact>
      <Fact term={t.level}>
        <span safe>{content.level ? levelText(content.level, lang) : dictionary.common.none}</span>
      </Fact>
      <Fact term={t.assessmentMethods}>
        <span safe>{content.assessmentMethods.map((code) => methodName(code, lang)).join(', ')}</span>
      </Fact>
      {ofPerson ? (
        ''
      ) : (
        <Fact term={t.participation}>
          <span safe>{content.participation.map((code) => labelOf(dictionary.participation, code)).join(', ')}</span>
        </Fact>
      )}
      <Fact term={t.qualityAssurance}>
        {content.qualityAssurance.map((quality) => (
          <p>
            <Text text={quality.description} lang={lang} />
          </p>
        ))}
      </Fact>
      <Fact term={t.validity}>
        <span safe>
          {content.validity ? fill(dictionary.common.months, { n: content.validity.months }) : t.validityNone}
        </span>
      </Fact>
      {prose.map(([term, text]) =>
        text === undefined ? (
          ''
        ) : (
          <Fact term={term}>
            <Text text={text} lang={lang} />
          </Fact>
        ),
      )}
      {content.grading ? (
        <Fact term={t.grading}>
          <span safe>{content.grading.scale.join(', ')}</span>
        </Fact>
      ) : (
        ''
      )}
      {content.codes && content.codes.length > 0 ? (
        <Fact term={t.codes}>
          {content.codes.map((code) => (
            <p safe>{`${code.scheme} ${code.version}: ${code.code}`}</p>
          ))}
        </Fact>
      ) : (
        ''
      )}
    </>
  );
}
