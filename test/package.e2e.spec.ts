/** The verifier as another project has it: by the package's `exports`, with its types, on a bundle of a ledger. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NOW, syntheticLedger } from '../src/verification/synthetic-ledger.fixture.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);

const CONSUMER = `
import {
  explain, Memory, parseJson, parseTrust, verify,
  type Platform, type VerificationReport, type VerifyOptions,
} from 'meritkedja/verification';
import { NODE_PLATFORM } from 'meritkedja/verification/node';
import { readFileSync } from 'node:fs';

const [bundle, trust, hashes] = process.argv.slice(2).map((file) => parseJson(readFileSync(file, 'utf8')));
const platform: Platform = NODE_PLATFORM;
const options: VerifyOptions = {
  trust: [parseTrust(trust)],
  now: new Date('${NOW}'),
  clock: 'given',
  memory: new Memory(),
  platform,
  pinnedBlockHashes: hashes as string[],
};
const report: VerificationReport = await verify(bundle, options);
const told: string[] = report.checks.map((check) => explain(check, 'en').title);
console.log(JSON.stringify({ verdict: report.verdict, told: told.length, platform: Object.keys(platform).sort().join() }));
`;

/** What must not compile: options without a clock, a report that is not awaited. */
const WRONG = `
import { verify } from 'meritkedja/verification';
const report = verify({}, { now: new Date() });
console.log(report.verdict);
`;

let project: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'meritkedja-consumer-'));
  await mkdir(join(project, 'node_modules/@types'), { recursive: true });
  await symlink(ROOT, join(project, 'node_modules/meritkedja'));
  await symlink(join(ROOT, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'));
  const compilerOptions = {
    ...{ target: 'ES2023', lib: ['ES2023', 'DOM', 'DOM.Iterable'], module: 'NodeNext', moduleResolution: 'NodeNext' },
    ...{ strict: true, exactOptionalPropertyTypes: true, types: ['node'], outDir: 'built' },
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['right.ts'] }));
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  await writeFile(join(project, 'right.ts'), CONSUMER);
  await writeFile(join(project, 'wrong.ts'), WRONG);
});
afterAll(() => rm(project, { recursive: true, force: true }));

async function compiled(...argv: string[]): Promise<{ code: number; stdout: string }> {
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [tsc, ...argv], { cwd: project }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
}

describe('the verifier in another project', () => {
  it('has its types', async () => {
    expect(await compiled('-p', '.')).toMatchObject({ code: 0, stdout: '' });
    const argv = [
      '--noEmit',
      '--ignoreConfig',
      '--strict',
      '--module',
      'NodeNext',
      '--target',
      'ES2023',
      '--skipLibCheck',
      'wrong.ts',
    ];
    const wrong = await compiled(...argv);
    expect(wrong.code).not.toBe(0);
    expect(wrong.stdout).toContain("'clock'");
    expect(wrong.stdout).toContain("'verdict'");
  }, 300_000);

  it('verifies', async () => {
    const { bundle, trust, blockHashes } = await syntheticLedger();
    const given = { bundle, trust, hashes: [...blockHashes.values()] };
    const files = await Promise.all(
      Object.entries(given).map(async ([name, value]) => {
        const file = join(project, `${name}.json`);
        await writeFile(file, JSON.stringify(value));
        return file;
      }),
    );
    const { stdout, stderr } = await run(process.execPath, [join(project, 'built/right.js'), ...files]);
    expect(JSON.parse(stdout)).toEqual({ verdict: 'valid', told: 9, platform: 'ed25519,gunzip,sha256' });
    expect(stderr).toBe('');
  }, 60_000);

  it('has no other way in', async () => {
    const script = "await import('meritkedja/dist/verification/verify.js')";
    const refused = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: project }).catch(
      (error: { stderr: string }) => error,
    );
    expect(refused.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
