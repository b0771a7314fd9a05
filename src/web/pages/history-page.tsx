/** What has happened to an organisation, a definition or a credential, and how it stood at the end of any day. */
import { fill, formatDate, formatNumber, labelOf, texts, translated } from '../text/text.js';
import { attr, Fact, html, href, More, Page, pathOf, Time } from './components.js';
import { byText, lineText } from './history-text.js';
import type { HistoryLineView, HistorySubject, HistoryView, PageContext } from './view-models.js';

export function historyPage(vm: HistoryView, ctx: PageContext): string {
  const { lang } = ctx;
  const t = texts(lang).history;
  const name = translated(vm.name, lang);
  return html(
    <Page ctx={ctx} title={fill(t.of, { name: name.text })} unlisted={vm.kind === 'credentials'}>
      <p class="eyebrow" safe>
        {vm.kind === 'credentials' ? `${t.title} · ${fill(t.credential, { id: vm.id })}` : t.title}
      </p>
      <h1 lang={name.lang === lang ? undefined : name.lang} safe>
        {name.text}
      </h1>
      <p class="lead" safe>
        {t.lead}
      </p>
      <section aria-labelledby="state-heading">
        <h2 id="state-heading" safe>
          {vm.day === undefined ? t.asOfNow : fill(t.asOf, { date: formatDate(vm.day, lang) })}
        </h2>
        {vm.items.length === 0 ? (
          <p class="note" safe>
            {t.nothing}
          </p>
        ) : (
          <dl class="facts">
            <StateFacts vm={vm} ctx={ctx} />
          </dl>
        )}
        <DayForm vm={vm} ctx={ctx} />
      </section>
      <section aria-labelledby="events-heading">
        <h2 id="events-heading" safe>
          {t.events}
        </h2>
        <Lines lines={vm.items} vm={vm} ctx={ctx} />
      </section>
      {vm.inName === undefined ? (
        ''
      ) : (
        <section aria-labelledby="name-heading">
          <h2 id="name-heading" safe>
            {t.inName}
          </h2>
          <p safe>{fill(t.inNameText, { id: vm.id })}</p>
          <p>
            <a href={attr(`/api/v1/organisations${pathOf(vm.id)}/feed?lang=${lang}`)} type="application/atom+xml" safe>
              {t.feed}
            </a>
          </p>
          <Lines lines={vm.inName} vm={vm} ctx={ctx} />
          <More ctx={ctx} path={`/history${pathOf(vm.kind, vm.id)}`} next={vm.next} />
        </section>
      )}
    </Page>,
  );
}

function DayForm({ vm, ctx }: { vm: HistoryView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).history;
  const path = `/history${pathOf(vm.kind, vm.id)}`;
  return (
    <form method="get" action={attr(path)} class="search">
      {ctx.langInUrl ? <input type="hidden" name="lang" value={ctx.lang} /> : ''}
      <label for="day" safe>
        {t.day}
      </label>
      <div class="row">
        <input type="date" id="day" name="day" value={attr(vm.day ?? '')} />
        <button type="submit" safe>
          {t.show}
        </button>
      </div>
      {vm.badDay ? (
        <p class="error" role="alert" safe>
          {t.badDay}
        </p>
      ) : (
        ''
      )}
      {vm.day === undefined ? (
        ''
      ) : (
        <p>
          <a href={href(ctx, path)} safe>
            {t.whole}
          </a>
        </p>
      )}
    </form>
  );
}

function Lines({
  lines,
  vm,
  ctx,
}: {
  lines: readonly HistoryLineView[];
  vm: HistoryView;
  ctx: PageContext;
}): JSX.Element {
  return (
    <ol class="plain history">
      {lines.map((line) => (
        <Line line={line} vm={vm} ctx={ctx} />
      ))}
    </ol>
  );
}

function Line({ line, vm, ctx }: { line: HistoryLineView; vm: HistoryView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const t = texts(lang).history;
  const nameOf = (id: string) => vm.names[id] ?? id;
  return (
    <li>
      <p>
        <Time iso={line.at} lang={lang} time />
      </p>
      <div>
        <p safe>{lineText(line, nameOf, lang)}</p>
        {line.subject === undefined ? '' : <Subject subject={line.subject} ctx={ctx} />}
        <p class="minor">
          <span safe>{fill(t.by, { who: byText(line.by, nameOf, lang) })}</span>
          {' · '}
          <a href={attr(line.entry)} safe>
            {fill(t.entry, { n: formatNumber(line.index, lang) })}
          </a>
          {' · '}
          <a href={attr(line.proof)} aria-label={attr(`${t.proof}: ${fill(t.entry, { n: line.index })}`)} safe>
            {t.proof}
          </a>
          {' · '}
          {line.batch === undefined ? (
            ''
          ) : (
            <>
              <a href={href(ctx, `/batches${pathOf(line.batch)}`)} safe>
                {fill(t.batch, { n: formatNumber(line.batch, lang) })}
              </a>
              {', '}
            </>
          )}
          <span safe>
            {line.anchoredAt === undefined
              ? t.notAnchored
              : fill(t.anchoredAt, { date: formatDate(line.anchoredAt, lang) })}
          </span>
        </p>
      </div>
    </li>
  );
}

function Subject({ subject, ctx }: { subject: HistorySubject; ctx: PageContext }): JSX.Element {
  const title = translated(subject.title, ctx.lang);
  const id = subject.kind === 'credentials' ? ` · ${subject.id}` : '';
  return (
    <p class="minor">
      <a
        href={href(ctx, `/history${pathOf(subject.kind, subject.id)}`)}
        lang={title.lang === ctx.lang ? undefined : title.lang}
        safe
      >
        {title.text + id}
      </a>
    </p>
  );
}

function StateFacts({ vm, ctx }: { vm: HistoryView; ctx: PageContext }): JSX.Element {
  const { lang } = ctx;
  const dictionary = texts(lang);
  const t = dictionary.history;
  const word = (code: string) => labelOf(dictionary.historyState, code);
  const nameOf = (id: string) => vm.names[id] ?? id;
  const none = dictionary.common.none;
  switch (vm.kind) {
    case 'organisations': {
      const { is, name, organisationNumber, keys } = vm.state;
      return (
        <>
          <TextFact term={t.state} text={word(is)} />
          <TextFact term={t.name} text={name ?? none} />
          <TextFact term={t.number} text={organisationNumber ?? none} />
          <TextFact term={t.keys} text={keys?.map(({ kid }) => kid).join(', ') || t.nobody} />
        </>
      );
    }
    case 'definitions': {
      const { owner, versions, mandated } = vm.state;
      const told = versions?.map(({ version, retiredAt }) =>
        retiredAt === undefined ? String(version) : fill(t.versionRetired, { n: version }),
      );
      return (
        <>
          <TextFact term={t.owner} text={owner === undefined ? none : nameOf(owner)} />
          <TextFact term={t.versions} text={told?.join(', ') || t.nobody} />
          <TextFact term={t.mandated} text={mandated?.map(nameOf).join(', ') || t.nobody} />
        </>
      );
    }
    case 'credentials': {
      const { is, reasonCode, validity, key, mandate, version } = vm.state;
      const reason = reasonCode === undefined ? '' : ` (${labelOf(dictionary.reason, reasonCode).toLowerCase()})`;
      const held = version && [
        fill(t.versionOf, { held: version.held, newest: version.newest }),
        ...(version.retired ? [word('retired')] : []),
        ...(version.effect === undefined ? [] : [word(version.effect)]),
      ];
      return (
        <>
          <TextFact term={t.state} text={word(is) + reason} />
          <TextFact term={t.validity} text={validity === undefined ? none : word(validity)} />
          <TextFact
            term={t.key}
            text={key ? [key.kid, word(key.state).toLowerCase(), ...(key.stands ? [] : [t.keyFails])].join(', ') : none}
          />
          <TextFact term={t.mandate} text={mandate ? word(mandate.state) : none} />
          <TextFact term={t.version} text={held?.join(', ') ?? none} />
        </>
      );
    }
  }
}

function TextFact({ term, text }: { term: string; text: string }): JSX.Element {
  return (
    <Fact term={term}>
      <span class="breaks" safe>
        {text}
      </span>
    </Fact>
  );
}
