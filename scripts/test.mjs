/**
 * `npm test [-- PATH… | -t NAME]`: makes the clone ready, runs the tests, and ends with the line
 * `N passed, N failed` or `N passed, N failed, N skipped`. A test file that does not even load counts as failed; a run
 * without any test is a failure too.
 *
 * `--unit`, `--int`, `--e2e` run one kind only: `.spec.ts` (milliseconds, no I/O), `.int.spec.ts` (SQLite, the EVM node,
 * processes), `.e2e.spec.ts` (the built application, a browser). `--eventstore` runs the conformance suite over
 * EventStoreDB alone: over the server of EVENTSTORE_URL where it is set, else over one in memory.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main, ROOT, run } from './processes.mjs';
import { setUp } from './set-up.mjs';

const KINDS = {
  '--unit': { need: ['install'], testMatch: '**/!(*.int|*.e2e).spec.ts?(x)' },
  '--int': { need: ['install', 'build', 'contract'], testMatch: '**/*.int.spec.ts?(x)' },
  '--eventstore': { need: ['install'], testMatch: '**/eventstoredb.conformance.int.spec.ts' },
  '--e2e': { need: ['install', 'build', 'contract', 'browser'], testMatch: '**/*.e2e.spec.ts?(x)' },
};
const ALL = { need: ['install', 'build', 'contract', 'browser'] };

let closed = false;
await main(async () => {
  const [kindName] = process.argv.slice(2).filter((argument) => argument in KINDS);
  const passedOn = process.argv.slice(2).filter((argument) => !(argument in KINDS));
  const kind = kindName ? KINDS[kindName] : ALL;
  await setUp({ need: kind.need });

  const folder = mkdtempSync(join(tmpdir(), 'meritkedja-test-'));
  try {
    const resultFile = join(folder, 'result.json');
    const { status } = await run({
      command: process.execPath,
      args: [
        // Jest loads ES modules through node:vm, which Node still calls experimental.
        '--experimental-vm-modules',
        '--disable-warning=ExperimentalWarning',
        join(ROOT, 'node_modules/jest/bin/jest.js'),
        ...(kind.testMatch ? ['--testMatch', kind.testMatch] : []),
        '--maxWorkers=2',
        '--json',
        `--outputFile=${resultFile}`,
        ...passedOn,
      ],
      show: true,
    });
    return report(resultFile, status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

// Where the set-up fails no test ran, and that is a failure too.
if (!closed) close({ passed: 0, failed: 1, skipped: 0 });

/** The closing line and the exit status. */
function report(resultFile, jestStatus) {
  const counts = count(resultFile);
  close(counts);
  return jestStatus === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : jestStatus || 1;
}

function close({ passed, failed, skipped }) {
  closed = true;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}

/** Without a result Jest itself broke down: that is one failure, of all. */
function count(resultFile) {
  try {
    const result = JSON.parse(readFileSync(resultFile, 'utf8'));
    return {
      passed: result.numPassedTests,
      failed: result.numFailedTests + result.numRuntimeErrorTestSuites,
      skipped: result.numPendingTests + result.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
