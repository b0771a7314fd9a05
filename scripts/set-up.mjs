/**
 * Makes a clone ready: installs with the lock file, builds what is out of date, checks the compiled contract, finds a
 * browser for the tests. Does only what is missing, says in one line what it does, and explains what to do when it
 * fails. When everything is there, the check takes a fraction of a second.
 *
 * By hand: `node scripts/set-up.mjs [install] [build] [contract] [browser]` (default: install, build and contract).
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, isBuilt } from './build.mjs';
import { findOrInstallChromium } from './chromium.mjs';
import { install, isInstalled } from './install.mjs';
import { main, mustRun, ROOT, say, StepError } from './processes.mjs';
import { filesUnder, matchesStamp, onceAtATime, sha256, writeStamp } from './stamps.mjs';

const NEEDS = ['install', 'build', 'contract', 'browser'];
const MINIMUM_NODE = [20, 19, 0];

/**
 * @param {{need: ('install' | 'build' | 'contract' | 'browser')[]}} wanted
 * @throws StepError when a step failed
 */
export async function setUp({ need }) {
  assertNodeIsNewEnough();
  if (need.includes('install')) await onceAtATime(isInstalled, install);
  if (need.includes('build')) await onceAtATime(isBuilt, build);
  if (need.includes('contract')) await onceAtATime(isContractChecked, checkContract);
  if (need.includes('browser')) await findOrInstallChromium();
}

function assertNodeIsNewEnough() {
  const version = process.versions.node.split('.').map(Number);
  const difference = MINIMUM_NODE.map((wanted, i) => version[i] - wanted).find((d) => d !== 0) ?? 0;
  if (difference < 0) {
    throw new StepError(`Node ${process.versions.node} is too old`, `install Node ${MINIMUM_NODE.join('.')} or newer`);
  }
}

const CONTRACT_SCRIPT = 'scripts/compile-contracts.mjs';
const CONTRACT_STAMP = join(ROOT, 'node_modules/.meritkedja-contract.json');

function contractKey() {
  const files = ['contracts', CONTRACT_SCRIPT, 'src/anchoring/anchor-registry.artifact.ts'].flatMap(filesUnder);
  return { sources: sha256(files.map((file) => sha256(readFileSync(file))).join()) };
}

function isContractChecked() {
  return !existsSync(join(ROOT, CONTRACT_SCRIPT)) || matchesStamp(CONTRACT_STAMP, contractKey());
}

/** The compiled contract in the repository must be what its source compiles to. */
async function checkContract() {
  const key = contractKey();
  await mustRun({
    title: 'Checking the compiled contract',
    command: process.execPath,
    args: [join(ROOT, CONTRACT_SCRIPT), '--check'],
    advice: `run \`node ${CONTRACT_SCRIPT}\` and commit what it writes`,
  });
  writeStamp(CONTRACT_STAMP, key);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(async () => {
    const asked = process.argv.slice(2);
    const wrong = asked.find((need) => !NEEDS.includes(need));
    if (wrong) throw new StepError(`no step named "${wrong}"`, `name some of: ${NEEDS.join(', ')}`);
    const started = performance.now();
    await setUp({ need: asked.length > 0 ? asked : ['install', 'build', 'contract'] });
    say(`Ready (${((performance.now() - started) / 1000).toFixed(1)} s).`);
  });
}
