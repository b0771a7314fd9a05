/**
 * Puts together the self-contained copy of `/verify`: one HTML file with its script, its style and the PDF reader in it,
 * under a policy that names them by their hashes and allows nothing else, no network either. Whoever has it can check
 * credentials when the service is gone. The same sources make the same bytes: its SHA-256 is on the page and in README.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { browserTexts } from './browser-texts.mjs';
import { ROOT } from './processes.mjs';

const NAME = 'meritkedja-verify.html';

/**
 * @param {{options: import('esbuild').BuildOptions, pdfWorker: string}} parts how browser code is built; the bundled
 *   reader of PDFs, without a reference to its source map
 */
export async function buildVerifyFile({ options, pdfWorker }) {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [join(ROOT, 'src/web/browser/standalone.tsx')],
    format: 'esm',
    write: false,
    plugins: [browserTexts],
    charset: 'utf8',
  }).catch(() => process.exit(1));
  const script = outputFiles[0].text;
  const { code } = await transform(readFileSync(join(ROOT, 'src/web/assets/style.css'), 'utf8'), {
    loader: 'css',
    minify: true,
    charset: 'utf8',
  });
  const style = code.trimEnd();
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    // The reader of PDFs is handed to its worker as a blob of this file's own.
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const reader = pdfWorker.replace(/\n?\/\/# sourceMappingURL=\S+\s*$/, '');
  const file = Buffer.from(page({ policy, style, script, reader }));
  const sha256 = createHash('sha256').update(file).digest('hex');
  writeFileSync(join(ROOT, 'dist/web', NAME), file);
  const facts = { name: NAME, bytes: file.length, sha256, policy };
  writeFileSync(join(ROOT, 'dist/web/verify-file.json'), `${JSON.stringify(facts, null, 2)}\n`);
}

/** @returns a source expression of Content Security Policy Level 3, section 2.3.1 */
function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

function page({ policy, style, script, reader }) {
  for (const [what, text] of Object.entries({ script, reader })) {
    if (/<\/script|<!--/i.test(text)) throw new Error(`${what} would end its own element`);
  }
  return `<!doctype html>
<html lang="sv">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>Meritkedja</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<style>${style}</style>
</head>
<body>
<noscript><p>Kontrollen behöver JavaScript. <span lang="en">The check needs JavaScript.</span></p></noscript>
<div id="app"></div>
<script type="text/plain" id="pdf-reader">${reader}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}
