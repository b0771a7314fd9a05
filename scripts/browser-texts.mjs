/**
 * Of the pages' texts (src/web/text/sv.ts, en.ts) what the browser's programs show: the others, of pages that the server
 * makes alone, would be a fifth of what a phone loads before it can check. A section that a program uses and that is not
 * named here is missing at its first use, so every state of those pages is in test/pages.e2e.spec.ts and
 * test/verify-page.e2e.spec.ts.
 */
import { basename } from 'node:path';
import { build } from 'esbuild';

const SECTIONS = [
  ...['site', 'common', 'supervisionKind', 'definition', 'category', 'state', 'stateText', 'credential', 'document'],
  ...['route', 'participation', 'verify', 'verdict', 'verdictText', 'report', 'problem'],
];

/** @type {import('esbuild').Plugin} */
export const browserTexts = {
  name: 'browser-texts',
  setup({ onLoad }) {
    onLoad({ filter: /src\/web\/text\/(sv|en)\.ts$/ }, async ({ path }) => {
      const { outputFiles } = await build({ entryPoints: [path], format: 'esm', write: false, logLevel: 'silent' });
      const name = basename(path, '.ts');
      const module = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
      const all = Object.entries(module[name]);
      const kept = Object.fromEntries(all.filter(([section]) => SECTIONS.includes(section)));
      return { contents: `export const ${name} = ${JSON.stringify(kept)};`, loader: 'js' };
    });
  },
};
