/**
 * Bundles what runs in a browser: each program of src/web/browser becomes dist/web/assets/<name>-<hash>.js, each file of
 * src/web/assets is copied under its name with its hash, and dist/web/assets/manifest.json maps the plain names
 * ("verify.js", "style.css") to those, so that a page can let them be cached for ever.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BROWSER = join(ROOT, 'src/web/browser');
const ASSETS = join(ROOT, 'src/web/assets');
const OUT = join(ROOT, 'dist/web/assets');

rmSync(OUT, { recursive: true, force: true });
mkdirSync(OUT, { recursive: true });
const manifest = { ...(await bundle()), ...copy() };
const sorted = Object.fromEntries(Object.entries(manifest).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(join(OUT, 'manifest.json'), `${JSON.stringify(sorted, null, 2)}\n`);

/** The pages' programs: the files of the folder that no other file of it imports. */
function entryPointsOf(folder) {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => /^[^.]+\.tsx?$/.test(name));
  const sources = names.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return names
    .filter((name) => !sources.includes(`'./${name.replace(/\.tsx?$/, '.js')}'`))
    .map((name) => join(folder, name));
}

/** @returns {Promise<Record<string, string>>} "<name>.js" to the hashed file */
async function bundle() {
  const entryPoints = entryPointsOf(BROWSER);
  if (entryPoints.length === 0) return {};
  const { metafile } = await build({
    entryPoints,
    outdir: OUT,
    entryNames: '[name]-[hash]',
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    sourcemap: 'linked',
    legalComments: 'none',
    metafile: true,
    absWorkingDir: ROOT,
    logLevel: 'warning',
    // esbuild has said what is wrong; its stack says no more.
  }).catch(() => process.exit(1));
  return Object.fromEntries(
    Object.entries(metafile.outputs)
      .filter(([, output]) => output.entryPoint)
      .map(([path, output]) => [basename(output.entryPoint).replace(/\.tsx?$/, '.js'), basename(path)]),
  );
}

/** @returns {Record<string, string>} each asset's path to that with its hash */
function copy() {
  if (!existsSync(ASSETS)) return {};
  const files = readdirSync(ASSETS, { recursive: true }).filter((name) => statSync(join(ASSETS, name)).isFile());
  return Object.fromEntries(
    files.map((name) => {
      const source = join(ASSETS, name);
      const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 8);
      const hashed = join(dirname(name), `${basename(name, extname(name))}-${hash}${extname(name)}`);
      mkdirSync(dirname(join(OUT, hashed)), { recursive: true });
      copyFileSync(source, join(OUT, hashed));
      return [relative('.', name), hashed];
    }),
  );
}
