/** The page for a request that failed: what happened and what to do, never a stack. */
import { fill, labelOf, texts } from '../text/text.js';
import { html, href, Page } from './components.js';
import type { ErrorView, PageContext } from './view-models.js';

export function errorPage(vm: ErrorView, ctx: PageContext): string {
  const t = texts(ctx.lang).error;
  const known = Object.hasOwn(t, vm.status);
  const heading = known ? labelOf(t, String(vm.status)) : (vm.title ?? t.other);
  return html(
    <Page ctx={ctx} title={heading} unlisted>
      <p class="eyebrow" safe>
        {String(vm.status)}
      </p>
      <h1 safe>{heading}</h1>
      <p class="lead" safe>
        {known ? labelOf(t, `text${vm.status}`) : t.textOther}
      </p>
      {vm.detail === undefined ? '' : <p safe>{vm.detail}</p>}
      {vm.requestId === undefined ? (
        ''
      ) : (
        <p class="minor" safe>
          {fill(t.reference, { id: vm.requestId })}
        </p>
      )}
      <p class="actions">
        {vm.status === 401 ? (
          <a class="button" href={href(ctx, '/sign-in')} safe>
            {texts(ctx.lang).nav.signIn}
          </a>
        ) : (
          ''
        )}
        <a class="button quiet" href={href(ctx, '/')} safe>
          {t.home}
        </a>
      </p>
    </Page>,
  );
}
