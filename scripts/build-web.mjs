/**
 * Bundles what runs in a browser: each program of src/web/browser becomes dist/web/assets/<name>.<language>-<hash>.js, each file of
 * src/web/assets is copied under its name with its hash, and dist/web/assets/manifest.json maps the plain names
 * ("verify.sv.js", "style.css") to those, so that a page can let them be cached for ever. Each stands there packed too.
 * Beside them: the service worker of `/verify` (dist/web/service-worker.js), and the self-contained copy of that page
 * (dist/web/meritkedja-verify.html, with its size and SHA-256 in verify-file.json). The same sources make the same bytes.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { browserTexts, onlyIn } from './browser-texts.mjs';
import { pdfOnly } from './pdf-only.mjs';
import { filesUnder } from './stamps.mjs';
import { buildVerifyFile } from './verify-file.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BROWSER = join(ROOT, 'src/web/browser');
const ASSETS = join(ROOT, 'src/web/assets');
const WEB = join(ROOT, 'dist/web');
const OUT = join(WEB, 'assets');

/** Programs that are not a page's script, each built in its own way. */
const PDF_WORKER = 'pdf-worker.ts';
const QR_READER = 'qr-image.ts';
const SERVICE_WORKER = 'service-worker.ts';
const OTHERS = [PDF_WORKER, QR_READER, SERVICE_WORKER, 'standalone.tsx'];

/** Of pages: each program is built for each of them, so that nobody loads the texts of the other. */
const LANGUAGES = ['sv', 'en'];

/** What the check's page needs without a network. */
const KEPT_ASSETS = ['verify.sv.js', 'verify.en.js', 'pdf-worker.js', 'qr-image.js', 'style.css', 'favicon.svg'];
/** Smaller ones are not worth a second file. */
const PACKED_FROM = 1_024;

const OPTIONS = {
  bundle: true,
  platform: 'browser',
  target: 'es2022',
  minify: true,
  legalComments: 'none',
  absWorkingDir: ROOT,
  logLevel: 'warning',
};

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const programs = {
  'pdf-worker.js': await bundle(PDF_WORKER, { format: 'iife', plugins: [pdfOnly] }),
  'qr-image.js': await bundle(QR_READER),
};
for (const entry of entryPointsOf(BROWSER)) {
  const name = entry.replace(/\.tsx?$/, '');
  for (const lang of LANGUAGES) {
    const plugins = [onlyIn(lang), browserTexts, loadedLater('qr-image.js')];
    const entryNames = `[name].${lang}-[hash]`;
    programs[`${name}.${lang}.js`] = await bundle(entry, { plugins, entryNames });
  }
}
const manifest = { ...programs, ...copy() };
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(join(OUT, 'manifest.json'), `${JSON.stringify(sorted, null, 2)}\n`);
await serviceWorker();
await buildVerifyFile({ options: OPTIONS, pdfWorker: readFileSync(join(OUT, programs['pdf-worker.js']), 'utf8') });
pack();

/** The pages' programs: the files of the folder that no other file of it imports. */
function entryPointsOf(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^[^.]+\.tsx?$/.test(name));
  const sources = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return names.filter((name) => !OTHERS.includes(name) && !sources.includes(`'./${name.replace(/\.tsx?$/, '.js')}'`));
}

/**
 * One program. What two programs share is in both, because one request is sooner done than two that wait for each other.
 * @returns {Promise<string>} name of the hashed file
 */
async function bundle(entry, options = {}) {
  const { metafile } = await build({
    ...OPTIONS,
    entryPoints: [join(BROWSER, entry)],
    outdir: OUT,
    entryNames: '[name]-[hash]',
    format: 'esm',
    sourcemap: 'linked',
    metafile: true,
    ...options,
    // esbuild has said what is wrong; its stack says no more.
  }).catch(() => process.exit(1));
  return basename(Object.keys(metafile.outputs).find((path) => path.endsWith('.js')));
}

/** A module that is imported when it is needed stays a file of its own. @returns {import('esbuild').Plugin} */
function loadedLater(name) {
  return {
    name: 'loaded-later',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        kind === 'dynamic-import' && path === `./${name}`
          ? { path: `/assets/${programs[name]}`, external: true }
          : undefined,
      );
    },
  };
}

/** @returns {Record<string, string>} each asset's path to that with its hash */
function copy() {
  if (!existsSync(ASSETS)) return {};
  const names = readdirSync(ASSETS, { recursive: true }).filter((name) => statSync(join(ASSETS, name)).isFile());
  return Object.fromEntries(
    names.map((name) => {
      const content = readFileSync(join(ASSETS, name));
      const hash = createHash('sha256').update(content).digest('hex').slice(0, 8);
      const hashed = join(dirname(name), `${basename(name, extname(name))}-${hash}${extname(name)}`);
      mkdirSync(dirname(join(OUT, hashed)), { recursive: true });
      writeFileSync(join(OUT, hashed), content);
      return [relative('.', name), hashed];
    }),
  );
}

/** It knows by name what it keeps, and is another file when any of that, or the page around it, is another. */
async function serviceWorker() {
  const kept = KEPT_ASSETS.map((name) => `/assets/${manifest[name]}`).sort();
  const page = ['src/web/pages', 'src/web/text', `src/web/browser/${SERVICE_WORKER}`].flatMap(filesUnder);
  const hash = createHash('sha256').update(kept.join('\n'));
  for (const file of page.filter((name) => !/\.(spec|fixture)\.tsx?$/.test(name))) hash.update(readFileSync(file));
  const version = hash.digest('hex').slice(0, 16);
  await build({
    ...OPTIONS,
    entryPoints: [join(BROWSER, SERVICE_WORKER)],
    outfile: join(WEB, 'service-worker.js'),
    format: 'iife',
    define: { KEPT: JSON.stringify({ version, files: kept }) },
  }).catch(() => process.exit(1));
}

/** Brotli and gzip beside each file, once and as tightly as they can: the server sends what the browser takes. */
function pack() {
  for (const name of readdirSync(OUT, { recursive: true })) {
    const file = join(OUT, name);
    if (!/\.(js|css|svg)$/.test(name) || statSync(file).size < PACKED_FROM) continue;
    const content = readFileSync(file);
    const quality = { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
    writeFileSync(`${file}.br`, brotliCompressSync(content, quality));
    writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
  }
}
