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

/** Files that hold the same in two languages, by the names of what they export. */
const IN_TWO_LANGUAGES = [
  { folder: 'src/web/text', file: (lang) => `${lang}.ts`, name: (lang) => lang },
  { folder: 'src/verification', file: (lang) => `explain.${lang}.ts`, name: (lang) => lang.toUpperCase() },
];

/**
 * One language alone, for a program of a page that is in that language: the other's name is a second one for it.
 * @param {'sv' | 'en'} lang
 * @returns {import('esbuild').Plugin}
 */
export function onlyIn(lang) {
  const other = lang === 'sv' ? 'en' : 'sv';
  return {
    name: `only-in-${lang}`,
    setup({ onLoad }) {
      for (const { folder, file, name } of IN_TWO_LANGUAGES) {
        const filter = new RegExp(`${folder}/${file(other)}$`.replaceAll('.', '\\.'));
        const own = `./${file(lang).replace(/\.ts$/, '.js')}`;
        const contents = `export { ${name(lang)} as ${name(other)} } from '${own}';`;
        onLoad({ filter }, () => ({ contents, loader: 'js' }));
      }
    },
  };
}

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
