/** The operator's sign-in: one field for the token, sent by POST. */
import { attr, Csrf, html, href, Page } from './components.js';
import { labelOf, texts } from '../text/text.js';
import type { PageContext, SignInView } from './view-models.js';

export function signInPage(vm: SignInView, ctx: PageContext): string {
  const t = texts(ctx.lang).signIn;
  return html(
    <Page ctx={ctx} title={vm.error === undefined ? t.title : `${t.errorTitle}: ${t.title}`} unlisted>
      <div class="narrow">
        <h1 safe>{t.heading}</h1>
        <p class="lead" safe>
          {t.lead}
        </p>
        {vm.error === undefined ? (
          ''
        ) : (
          <p class="note bad" role="alert" id="error" safe>
            {labelOf(
              { wrongToken: t.wrongToken, tooManyTries: t.tooManyTries, sessionEnded: t.sessionEnded },
              vm.error,
            )}
          </p>
        )}
        <form method="post" action={href(ctx, '/sign-in')}>
          <Csrf ctx={ctx} />
          {vm.next === undefined ? '' : <input type="hidden" name="next" value={attr(vm.next)} />}
          <div class="field">
            <label for="token" safe>
              {t.token}
            </label>
            <input
              type="password"
              id="token"
              name="token"
              required
              autocomplete="current-password"
              aria-describedby={vm.error === undefined ? 'token-hint' : 'error token-hint'}
              aria-invalid={vm.error === 'wrongToken' ? 'true' : undefined}
            />
            <p class="minor" id="token-hint" safe>
              {t.tokenHint}
            </p>
          </div>
          <button type="submit" safe>
            {t.submit}
          </button>
        </form>
      </div>
    </Page>,
  );
}
