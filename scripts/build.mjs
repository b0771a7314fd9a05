/**
 * Builds dist/ when it is out of date: the service, the command line, the bundles for the browser. What was built is
 * remembered by the contents of all that was read, so a new clone or a change of branch builds what it must, no more.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { mustRun, ROOT, StepError, tool } from './processes.mjs';
import { filesUnder, matchesStamp, sha256, writeStamp } from './stamps.mjs';

const STAMP = join(ROOT, 'dist/.build.json');
const BUILT_FROM = [
  ...['src', 'contracts', 'scripts/build-web.mjs', 'scripts/browser-texts.mjs', 'scripts/pdf-only.mjs'],
  ...['scripts/verify-file.mjs', 'scripts/compile-contracts.mjs'],
];
const BUILD_CONFIGURATION = ['package-lock.json', 'nest-cli.json', '.swcrc', 'tsconfig.json', 'tsconfig.build.json'];

/** A hash over the names and contents of all that the build reads. Tests are not built, so they do not count. */
function buildKey() {
  const files = [...BUILT_FROM, ...BUILD_CONFIGURATION]
    .flatMap(filesUnder)
    .filter((file) => !/\.spec\.tsx?$/.test(file));
  return { sources: sha256(files.map((file) => `${relative(ROOT, file)} ${sha256(readFileSync(file))}`).join('\n')) };
}

export function isBuilt() {
  return existsSync(join(ROOT, 'dist/main.js')) && matchesStamp(STAMP, buildKey());
}

/**
 * SWC writes the JavaScript, then the compiler checks the types and writes the declarations of `exports` while the
 * browser's bundles are made. Nest's own type check would do the same work without the declarations.
 */
export async function build() {
  const key = buildKey();
  const advice = 'read the lines above, correct the source, try again';
  await mustRun({
    title: 'Building (nest build)',
    ...tool('@nestjs/cli/bin/nest.js', 'build', '--no-type-check', '--silent'),
    advice,
  });
  const steps = await Promise.allSettled([
    mustRun({
      title: 'Checking types',
      ...tool('typescript/bin/tsc', '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--pretty'),
      advice,
    }),
    mustRun({
      title: 'Bundling for the browser',
      command: process.execPath,
      args: [join(ROOT, 'scripts/build-web.mjs')],
      advice,
    }),
  ]);
  for (const step of steps) if (step.status === 'rejected') throw step.reason;
  if (!existsSync(join(ROOT, 'dist/main.js'))) {
    throw new StepError('the build wrote no dist/main.js', 'see whether src/main.ts is there, and nest-cli.json');
  }
  // The key from before the build: a file changed meanwhile makes the next start build again.
  writeStamp(STAMP, key);
}
