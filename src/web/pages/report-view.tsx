/**
 * A verification report in plain words: the verdict, every check with its explanation, what was relied on, warnings.
 * Pure; the browser code puts it into the page.
 */
import { escapeHtml } from '@kitajs/html';
import { EMBEDDED_WARNING } from '../../verification/check-anchor.js';
import { explain, translated } from '../../verification/explain.js';
import type { Check, VerificationReport } from '../../verification/report.js';
import { fill, labelOf, texts } from '../text/text.js';
import { attr, Fact, Time, toneOf } from './components.js';
import type { Lang } from './view-models.js';

export interface ReportProps {
  readonly report: VerificationReport;
  readonly lang: Lang;
  /** Whose word the block's hash is; absent where no block came into it. */
  readonly blockHashFrom?: 'ledger' | 'user' | 'list' | 'nobody' | undefined;
  /** Origin of the trust file that was used; of the log, where none was. */
  readonly origin?: string | undefined;
  /** Who pinned it (S4): the serving ledger unless said otherwise. */
  readonly trustFrom?: 'ledger' | 'user' | 'nobody' | undefined;
}

/** The verdict in big plain words, with what it means. */
export function VerdictView({ report, lang }: Pick<ReportProps, 'report' | 'lang'>): JSX.Element {
  const t = texts(lang);
  const { tone, glyph } = toneOf(report.verdict);
  const showsState = report.verdict === 'notInForce' || report.state === 'superseded';
  return (
    <div class={`verdict ${tone}`}>
      <span class="mark" aria-hidden="true">
        {glyph}
      </span>
      <h3 safe>{labelOf(t.verdict, verdictKey(report))}</h3>
      <div>
        <p safe>{labelOf(t.verdictText, verdictKey(report))}</p>
        {showsState ? (
          <p>
            <strong safe>{labelOf(t.state, report.state)}</strong>
            {'. '}
            {escapeHtml(labelOf(t.stateText, report.state))}
          </p>
        ) : (
          ''
        )}
      </div>
    </div>
  );
}

function CheckRow({ check, lang }: { check: Check; lang: Lang }): JSX.Element {
  const t = texts(lang).report;
  const { tone, glyph } = toneOf(check.outcome);
  const { title, what, meaning, failure } = explain(check, lang);
  const english = lang === 'en' ? undefined : 'en';
  return (
    <li>
      <h4>
        <span class={`badge ${tone}`} aria-hidden="true">
          {glyph}
        </span>{' '}
        {escapeHtml(title)}
      </h4>
      <p safe>{what}</p>
      {meaning === '' ? (
        ''
      ) : (
        <p class="meaning" safe>
          {meaning}
        </p>
      )}
      {check.trusted === undefined ? (
        ''
      ) : (
        <p class="minor">
          {escapeHtml(`${t.trusted}: `)}
          <span safe>{translated(check.trusted, lang)}</span>
        </p>
      )}
      <details>
        <summary class="minor" safe>
          {t.more}
        </summary>
        <p class="minor" safe>{`${t.failure} ${failure}`}</p>
        <p class="minor">
          {escapeHtml(`${t.detail} `)}
          <span lang={english} safe>
            {check.code === undefined ? check.detail : `${check.code}: ${check.detail}`}
          </span>
        </p>
      </details>
    </li>
  );
}

/** Folded where there is nothing to see in them. */
function Checks({ report, lang }: Pick<ReportProps, 'report' | 'lang'>): JSX.Element {
  const t = texts(lang).report;
  const n = report.checks.length;
  const good = report.checks.filter(({ outcome }) => outcome === 'pass').length;
  return (
    <details class="all-checks" open={good < n}>
      <summary>
        <h3 safe>{good === n ? fill(t.allGood, { n }) : fill(t.someGood, { n, good })}</h3>
      </summary>
      <ul class="checks">
        {report.checks.map((check) => (
          <CheckRow check={check} lang={lang} />
        ))}
      </ul>
    </details>
  );
}

/** S12 puts "not in force" before what could not be checked: only where all else was shown is it called genuine. */
function verdictKey({ verdict, checks }: VerificationReport): string {
  const isUnsure = checks.some(({ outcome }) => outcome === 'unknown');
  return verdict === 'notInForce' && isUnsure ? 'notInForceUnsure' : verdict;
}

function Warning({ text, lang }: { text: string; lang: Lang }): JSX.Element {
  if (text === EMBEDDED_WARNING) return <li safe>{texts(lang).report.warningEmbeddedChain}</li>;
  return <li safe>{translated(text, lang)}</li>;
}

function Times({ report, lang }: Pick<ReportProps, 'report' | 'lang'>): JSX.Element {
  const t = texts(lang).report;
  return (
    <dl class="facts">
      {report.anchoredAt === undefined ? (
        ''
      ) : (
        <Fact term={t.anchoredAt}>
          <Time iso={report.anchoredAt} lang={lang} time />
        </Fact>
      )}
      {report.asOf === undefined ? (
        ''
      ) : (
        <Fact term={t.asOf}>
          <Time iso={report.asOf} lang={lang} time />
        </Fact>
      )}
      <Fact term={t.now}>
        <Time iso={report.now} lang={lang} time />{' '}
        <span safe>{report.clock === 'given' ? t.clockGiven : t.clockVerifier}</span>
      </Fact>
    </dl>
  );
}

/** What the outcome rests on besides mathematics. */
function reliedOn({ report, lang, blockHashFrom, origin, trustFrom = 'ledger' }: ReportProps): readonly string[] {
  const t = texts(lang);
  const custody: Readonly<Record<string, string>> = {
    operator: t.report.custodyOperator,
    organisation: t.report.custodyOrganisation,
    mixed: t.report.custodyMixed,
  };
  const block = {
    ledger: t.verify.blockFromLedger,
    user: t.verify.blockFromUser,
    list: t.verify.blockFromList,
    nobody: t.verify.blockNone,
  };
  const trust = { ledger: t.verify.trustFile, user: t.verify.trustByUser, nobody: t.verify.trustByNobody };
  return [
    ...(origin === undefined ? [] : [fill(trust[trustFrom], { origin })]),
    ...(blockHashFrom === undefined ? [] : [block[blockHashFrom]]),
    ...(report.keyCustody === undefined ? [] : [labelOf(custody, report.keyCustody)]),
  ];
}

/** All that stands behind the verdict. */
export function ReportView(props: ReportProps): JSX.Element {
  const { report, lang } = props;
  const t = texts(lang).report;
  const relied = reliedOn(props);
  return (
    <>
      <Times report={report} lang={lang} />
      {report.warnings.length === 0 ? (
        ''
      ) : (
        <div class="note warn">
          <h3 safe>{t.warnings}</h3>
          <ul>
            {report.warnings.map((warning) => (
              <Warning text={warning} lang={lang} />
            ))}
          </ul>
        </div>
      )}
      <Checks report={report} lang={lang} />
      {relied.length === 0 ? (
        ''
      ) : (
        <>
          <h3 safe>{t.trustedHeading}</h3>
          <ul>
            {relied.map((line) => (
              <li safe>{line}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/**
 * A problem that kept the check from being made, with what to do.
 * @param link an http address to go on at, from anybody
 */
export function ProblemView({
  text,
  link,
  lang,
}: {
  text: string;
  link?: string | undefined;
  lang: Lang;
}): JSX.Element {
  return (
    <div class="note bad" role="alert">
      <h3 safe>{texts(lang).problem.heading}</h3>
      <p safe>{text}</p>
      {link === undefined ? (
        ''
      ) : (
        <p>
          <a href={attr(link)} target="_blank" rel="noopener noreferrer" safe>
            {fill(texts(lang).verify.openLink, { host: URL.parse(link)?.host ?? link })}
          </a>
        </p>
      )}
    </div>
  );
}
