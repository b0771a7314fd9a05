/**
 * The guide's table of learning outcomes (mikromeriter, chapter 2, "Exempel på en mikromerit baserad på
 * läranderesultat"): Kategori | Inledning | Aktivitet | Innehåll | Kvalitet och sammanhang, and the row of work tasks.
 * The roles are spelled out because narrow screens show the rows as cards. Also used by the browser code.
 */
import { sentenceOf, type DefinitionContent, type LearningOutcome } from '../../definitions/content.js';
import { labelOf, texts, translated } from '../text/text.js';
import { attr } from './components.js';
import type { Lang } from './view-models.js';

type TableContent = Pick<DefinitionContent, 'title' | 'tasks' | 'learningOutcomes'>;

function Row({ outcome, lang }: { outcome: LearningOutcome; lang: Lang }): JSX.Element {
  const t = texts(lang).definition;
  const own = outcome.language === lang ? undefined : attr(outcome.language);
  const cell = (label: string, text: string) => (
    <td role="cell" data-label={label} lang={own} safe>
      {text}
    </td>
  );
  return (
    <tr role="row">
      <th role="rowheader" scope="row" data-label={t.category} safe>
        {labelOf(texts(lang).category, outcome.category)}
      </th>
      {cell(t.lead, outcome.lead)}
      {cell(t.activity, outcome.activity)}
      {cell(t.content, outcome.content)}
      {cell(t.context, outcome.context)}
    </tr>
  );
}

export function OutcomeTable({ content, lang }: { content: TableContent; lang: Lang }): JSX.Element {
  const t = texts(lang).definition;
  const title = translated(content.title, lang);
  return (
    <table class="outcomes" role="table">
      <caption>
        <span safe>{t.name}</span>
        {': '}
        <em lang={title.lang === lang ? undefined : title.lang} safe>
          {title.text}
        </em>
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          {[t.category, t.lead, t.activity, t.content, t.context].map((heading) => (
            <th role="columnheader" scope="col" safe>
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {content.learningOutcomes.map((outcome) => (
          <Row outcome={outcome} lang={lang} />
        ))}
        {content.tasks.length === 0 ? (
          ''
        ) : (
          <tr role="row" class="tasks">
            <th role="rowheader" scope="row" safe>
              {t.tasks}
            </th>
            <td role="cell" colspan="4">
              {content.tasks.map((task) => {
                const chosen = translated(task, lang);
                return (
                  <p lang={chosen.lang === lang ? undefined : chosen.lang} safe>
                    {chosen.text}
                  </p>
                );
              })}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** Each row as the sentence that it forms, with its criteria. */
export function OutcomeSentences({ content, lang }: { content: TableContent; lang: Lang }): JSX.Element {
  const t = texts(lang).definition;
  return (
    <ol class="sentences">
      {content.learningOutcomes.map((outcome) => (
        <li lang={outcome.language === lang ? undefined : attr(outcome.language)}>
          <span safe>{`${sentenceOf(outcome).replace(/\.$/, '')}.`}</span>
          {outcome.criteria === undefined || outcome.criteria.length === 0 ? (
            ''
          ) : (
            <>
              <p class="minor" lang={lang} safe>
                {t.criteria}
              </p>
              <ul>
                {outcome.criteria.map((criterion) => (
                  <li safe>{criterion}</li>
                ))}
              </ul>
            </>
          )}
        </li>
      ))}
    </ol>
  );
}
