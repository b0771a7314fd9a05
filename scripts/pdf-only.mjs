/**
 * What of @cantoo/pdf-lib reading needs. The package does not say that its modules do nothing by being loaded, so a
 * bundler keeps all of them: forms, fonts and drawing are nine tenths. They do nothing that reading relies on, which
 * test/verify-page.e2e.spec.ts shows with real files; the metrics of the standard fonts are for writing alone.
 */
const PACKAGE = '@cantoo/pdf-lib';
const ASKED_BEFORE = Symbol('asked before');

/** @type {import('esbuild').Plugin} */
export const pdfOnly = {
  name: 'pdf-only',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, importer, resolveDir, kind, pluginData }) => {
      const isOfPackage = path === PACKAGE || importer.includes(`/${PACKAGE}/`);
      if (pluginData === ASKED_BEFORE || !isOfPackage) return undefined;
      const resolved = await build.resolve(path, { importer, resolveDir, kind, pluginData: ASKED_BEFORE });
      return { ...resolved, sideEffects: false };
    });
    build.onLoad({ filter: /pdf-lib.*standard-fonts.*\.compressed\.json$/ }, ({ path }) =>
      path.endsWith('all-encodings.compressed.json') ? undefined : { contents: '""', loader: 'json' },
    );
  },
};
