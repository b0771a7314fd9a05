/** The API for people: every operation of the OpenAPI description, readable without any program in the browser. */
import type { JsonObject } from '../../encoding/json.js';
import { texts } from '../text/text.js';
import { html, Page } from './components.js';
import type { PageContext } from './view-models.js';

interface Documented {
  readonly summary?: string;
  readonly security?: readonly unknown[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: JsonObject }> };
  readonly responses?: Record<string, { readonly description?: string }>;
}

export function docsPage(openApi: JsonObject, ctx: PageContext): string {
  const t = texts(ctx.lang).docs;
  const paths = Object.entries((openApi['paths'] ?? {}) as Record<string, Record<string, Documented>>);
  return html(
    <Page ctx={ctx} title={t.title}>
      <h1 safe>{t.title}</h1>
      <p class="lead" safe>
        {t.lead}
      </p>
      <p>
        <a href="/openapi.json" safe>
          {t.download}
        </a>
      </p>
      {paths.flatMap(([path, operations]) =>
        Object.entries(operations).map(([method, operation]) => (
          <Operation method={method} path={path} of={operation} ctx={ctx} />
        )),
      )}
    </Page>,
  );
}

function Operation({
  method,
  path,
  of,
  ctx,
}: {
  method: string;
  path: string;
  of: Documented;
  ctx: PageContext;
}): JSX.Element {
  const t = texts(ctx.lang).docs;
  const schema = Object.values(of.requestBody?.content ?? {})[0]?.schema;
  const open = of.security?.length === 0;
  return (
    <section class="card">
      <h2>
        <code safe>{`${method.toUpperCase()} ${path}`}</code>
      </h2>
      <p lang="en" safe>
        {of.summary ?? ''}
      </p>
      <p class="minor" safe>
        {open ? t.open : t.token}
      </p>
      {schema ? (
        <details>
          <summary safe>{t.body}</summary>
          <pre tabindex="0">
            <code safe>{JSON.stringify(schema, null, 2)}</code>
          </pre>
        </details>
      ) : (
        ''
      )}
      <ul class="minor">
        {Object.entries(of.responses ?? {}).map(([status, { description }]) => (
          <li lang="en" safe>{`${status}: ${description ?? ''}`}</li>
        ))}
      </ul>
    </section>
  );
}
