/**
 * The operator's register, with holders' names, and the step that asks before an action is done. Every change is a
 * POST form with the session's CSRF token: `POST /operator/credentials/{id}/{action}` (`reason`) and
 * `POST /operator/seal`; the question is `GET /operator/credentials/{id}/{action}`.
 */
import { escapeHtml } from '@kitajs/html';
import { fill, formatNumber, labelOf, texts } from '../text/text.js';
import { BatchCard } from './batch-list.js';
import { attr, Badge, Csrf, Fact, html, href, More, Page, pathOf, Search, Time } from './components.js';
import type { ConfirmView, OperatorAction, OperatorView, PageContext, RegisterRow } from './view-models.js';

const ACTIONS: Readonly<Partial<Record<RegisterRow['state'], readonly OperatorAction[]>>> = {
  active: ['suspend', 'revoke'],
  superseded: ['suspend', 'revoke'],
  notYetValid: ['suspend', 'revoke'],
  expired: ['revoke'],
  suspended: ['reinstate', 'revoke'],
};

function Row({ row, ctx }: { row: RegisterRow; ctx: PageContext }): JSX.Element {
  const dictionary = texts(ctx.lang);
  const t = dictionary.operator;
  const holder = row.holder ?? t.erased;
  const isOffered = ctx.readOnly !== true && Object.hasOwn(ACTIONS, row.state);
  const actions = isOffered ? (ACTIONS[row.state] ?? []) : [];
  return (
    <tr role="row">
      <th role="rowheader" scope="row" data-label={t.holder} safe>
        {holder}
      </th>
      <td role="cell" data-label={t.credential}>
        <a href={href(ctx, `/c${pathOf(row.id)}`)} safe>
          {row.title}
        </a>{' '}
        <span class="minor" safe>
          {fill(dictionary.common.version, { n: row.version })}
        </span>
      </td>
      <td role="cell" data-label={t.organisation} safe>
        {row.organisation}
      </td>
      <td role="cell" data-label={t.issued}>
        <Time iso={row.issuedAt} lang={ctx.lang} />
      </td>
      <td role="cell" data-label={dictionary.common.state}>
        <Badge code={row.state} labels={dictionary.state} />
      </td>
      <td role="cell" data-label={dictionary.common.index}>
        <span safe>{formatNumber(row.index, ctx.lang)}</span>{' '}
        <span class="minor" safe>
          {row.batch === undefined
            ? dictionary.anchor.none
            : fill(dictionary.common.batchNumber, { n: formatNumber(row.batch, ctx.lang) })}
        </span>
      </td>
      <td role="cell" data-label={t.actions}>
        <ul class="plain row-actions">
          <li>
            <a
              href={href(ctx, `/operator/credentials${pathOf(row.id, 'link')}`)}
              aria-label={attr(fill(t.forCredential, { action: t.show, title: row.title, holder }))}
              safe
            >
              {t.show}
            </a>
          </li>
          {actions.map((action) => (
            <li>
              <a
                href={href(ctx, `/operator/credentials${pathOf(row.id, action)}`)}
                aria-label={attr(fill(t.forCredential, { action: t[action], title: row.title, holder }))}
                safe
              >
                {t[action]}
              </a>
            </li>
          ))}
        </ul>
      </td>
    </tr>
  );
}

function Register({ vm, ctx }: { vm: OperatorView; ctx: PageContext }): JSX.Element {
  const dictionary = texts(ctx.lang);
  const t = dictionary.operator;
  if (vm.credentials.length === 0) {
    return (
      <p class="note" safe>
        {vm.query ? fill(t.noHits, { query: vm.query }) : t.empty}
      </p>
    );
  }
  const headings = [t.holder, t.credential, t.organisation, t.issued, dictionary.common.state, dictionary.common.index];
  return (
    <table class="register" role="table">
      <caption class="visually-hidden" safe>
        {t.caption}
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          {[...headings, t.actions].map((heading) => (
            <th role="columnheader" scope="col" safe>
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {vm.credentials.map((row) => (
          <Row row={row} ctx={ctx} />
        ))}
      </tbody>
    </table>
  );
}

function Sealing({ vm, ctx }: { vm: OperatorView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).operator;
  return (
    <>
      <p safe>{vm.unanchored === 0 ? t.sealNone : fill(t.sealText, { n: formatNumber(vm.unanchored, ctx.lang) })}</p>
      <form method="post" action={href(ctx, '/operator/seal')}>
        <Csrf ctx={ctx} />
        <button type="submit" safe>
          {t.seal}
        </button>
      </form>
    </>
  );
}

/** S16: why nothing can be done, and what the operator decides on. */
function ReadOnlyNote({ ctx }: { ctx: PageContext }): JSX.Element {
  return (
    <p class="note" id="read-only">
      {escapeHtml(texts(ctx.lang).operator.readOnly)} <code>meritkedja restore --accept-loss</code>
    </p>
  );
}

function Anchoring({ vm, ctx }: { vm: OperatorView; ctx: PageContext }): JSX.Element {
  const t = texts(ctx.lang).operator;
  return (
    <section aria-labelledby="anchoring-heading">
      <h2 id="anchoring-heading" safe>
        {t.anchoring}
      </h2>
      {ctx.readOnly === true ? <p safe>{t.sealReadOnly}</p> : <Sealing vm={vm} ctx={ctx} />}
      {vm.batches.length === 0 ? (
        ''
      ) : (
        <ol class="plain entries" aria-label={t.anchoring}>
          {vm.batches.map((batch) => (
            <BatchCard batch={batch} ctx={ctx} />
          ))}
        </ol>
      )}
      <p>
        <a href={href(ctx, '/batches')} safe>
          {t.allBatches}
        </a>
      </p>
      <p>
        <a href={href(ctx, '/anchoring')} safe>
          {texts(ctx.lang).batches.overview}
        </a>
      </p>
    </section>
  );
}

export function operatorPage(vm: OperatorView, ctx: PageContext): string {
  const dictionary = texts(ctx.lang);
  const t = dictionary.operator;
  const notices: Readonly<Record<NonNullable<OperatorView['notice']>, string>> = {
    suspended: t.noticeSuspended,
    reinstated: t.noticeReinstated,
    revoked: t.noticeRevoked,
    sealed: t.noticeSealed,
    nothingToSeal: t.noticeNothingToSeal,
  };
  return html(
    <Page ctx={ctx} title={t.title} unlisted>
      <p class="eyebrow" safe>
        {dictionary.site.signedIn}
      </p>
      <h1 safe>{t.heading}</h1>
      <p class="lead" safe>
        {t.lead}
      </p>
      {ctx.readOnly === true ? (
        <ReadOnlyNote ctx={ctx} />
      ) : (
        <p>
          {escapeHtml(t.viaApi)}{' '}
          <a href={href(ctx, '/docs')} safe>
            {dictionary.nav.docs}
          </a>
        </p>
      )}
      {vm.notice === undefined ? (
        ''
      ) : (
        <p class="note good" role="status" safe>
          {labelOf(notices, vm.notice)}
        </p>
      )}
      <Search ctx={ctx} path="/operator" label={t.searchLabel} query={vm.query} />
      <Register vm={vm} ctx={ctx} />
      <More ctx={ctx} path="/operator" query={vm.query} next={vm.next} />
      <Anchoring vm={vm} ctx={ctx} />
    </Page>,
  );
}

/** The question before an action: what it does, the reason to choose, and a way back. */
export function confirmPage(vm: ConfirmView, ctx: PageContext): string {
  const dictionary = texts(ctx.lang);
  const t = dictionary.confirm;
  const { action, credential } = vm;
  const heading = { suspend: t.suspendHeading, reinstate: t.reinstateHeading, revoke: t.revokeHeading }[action];
  const text = { suspend: t.suspendText, reinstate: t.reinstateText, revoke: t.revokeText }[action];
  return html(
    <Page ctx={ctx} title={heading} unlisted>
      <div class="narrow">
        <h1 safe>{heading}</h1>
        {ctx.readOnly === true ? (
          <ReadOnlyNote ctx={ctx} />
        ) : (
          <p class="lead" safe>
            {text}
          </p>
        )}
        {vm.error === undefined ? (
          ''
        ) : (
          <p class="note bad" role="alert" id="error" safe>
            {labelOf({ reasonMissing: t.reasonMissing, notPossible: t.notPossible }, vm.error)}
          </p>
        )}
        <dl class="facts">
          <Fact term={dictionary.operator.holder}>
            <span safe>{credential.holder ?? dictionary.operator.erased}</span>
          </Fact>
          <Fact term={dictionary.operator.credential}>
            <span safe>{credential.title}</span>
          </Fact>
          <Fact term={dictionary.operator.organisation}>
            <span safe>{credential.organisation}</span>
          </Fact>
          <Fact term={dictionary.common.state}>
            <Badge code={credential.state} labels={dictionary.state} />
          </Fact>
        </dl>
        {ctx.readOnly === true ? (
          <p class="actions">
            <a class="button quiet" href={href(ctx, '/operator')} safe>
              {t.back}
            </a>
          </p>
        ) : (
          <form method="post" action={href(ctx, `/operator/credentials${pathOf(credential.id, action)}`)}>
            <Csrf ctx={ctx} />
            {vm.reasons.length === 0 ? '' : <Reasons vm={vm} ctx={ctx} />}
            <p class="actions">
              <button type="submit" class={action === 'revoke' ? 'danger' : undefined} safe>
                {dictionary.operator[action]}
              </button>
              <a class="button quiet" href={href(ctx, '/operator')} safe>
                {dictionary.common.cancel}
              </a>
            </p>
          </form>
        )}
      </div>
    </Page>,
  );
}

function Reasons({ vm, ctx }: { vm: ConfirmView; ctx: PageContext }): JSX.Element {
  const dictionary = texts(ctx.lang);
  const t = dictionary.confirm;
  const describedBy = vm.error === 'reasonMissing' ? 'error reason-hint' : 'reason-hint';
  return (
    <div class="field">
      <label for="reason" safe>
        {t.reason}
      </label>
      <select id="reason" name="reason" required aria-describedby={describedBy}>
        <option value="" safe>
          {t.choose}
        </option>
        {vm.reasons.map((reason) => (
          <option value={attr(reason)} safe>
            {labelOf(dictionary.reason, reason)}
          </option>
        ))}
      </select>
      <p class="minor" id="reason-hint" safe>
        {t.reasonHint}
      </p>
    </div>
  );
}
