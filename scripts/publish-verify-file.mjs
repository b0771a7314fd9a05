/**
 * Writes the SHA-256 of the self-contained check into README.md, from dist/web/verify-file.json: to be run after a
 * build that changed it. test/verify-file.e2e.spec.ts compares the two.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { main, ROOT, say, StepError } from './processes.mjs';

const README = join(ROOT, 'README.md');
const NAMED = /(`meritkedja-verify\.html`[^`]*`)[0-9a-f]{64}(`)/;

await main(async () => {
  const { sha256 } = JSON.parse(readFileSync(join(ROOT, 'dist/web/verify-file.json'), 'utf8'));
  const text = readFileSync(README, 'utf8');
  if (!NAMED.test(text)) throw new StepError('README.md names no meritkedja-verify.html', 'put the line back');
  writeFileSync(README, text.replace(NAMED, `$1${sha256}$2`));
  say(`README.md: meritkedja-verify.html is ${sha256}`);
});
