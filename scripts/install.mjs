/**
 * Installs the packages of package-lock.json: when node_modules is missing, when the lock or the wanted packages have
 * changed since, and when Node's binary interface has (the SQLite driver is compiled for one).
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describeLockChange } from './lock-file.mjs';
import { mustRun, ROOT, run, say, StepError } from './processes.mjs';
import { matchesStamp, sha256, writeStamp } from './stamps.mjs';

const LOCK_FILE = join(ROOT, 'package-lock.json');
const PACKAGE_FILE = join(ROOT, 'package.json');
const STAMP = join(ROOT, 'node_modules/.meritkedja-setup.json');
const SQLITE_DRIVER = join(ROOT, 'node_modules/better-sqlite3/build/Release/better_sqlite3.node');

/** What the installed packages follow from. `modules` is Node's binary interface: another one needs a new build. */
function installKey() {
  const { dependencies, devDependencies, allowScripts } = JSON.parse(readFileSync(PACKAGE_FILE, 'utf8'));
  return {
    lock: sha256(readFileSync(LOCK_FILE)),
    wanted: sha256(JSON.stringify({ dependencies, devDependencies, allowScripts })),
    modules: process.versions.modules,
  };
}

export function isInstalled() {
  return matchesStamp(STAMP, installKey()) && existsSync(SQLITE_DRIVER);
}

export async function install() {
  const lock = readFileSync(LOCK_FILE);
  const manifest = readFileSync(PACKAGE_FILE);
  rmSync(STAMP, { force: true });
  say('Installing packages with package-lock.json. The SQLite driver is compiled on the way: about two minutes.');
  let lockAfter;
  try {
    // Not `npm ci`: it refuses a lock that lacks other platforms' optional packages, which our registry does not have.
    // `--include=dev`: NODE_ENV=production in the environment must not leave out the compiler.
    await mustRun({
      title: 'npm install',
      ...npm('install', '--no-audit', '--no-fund', '--include=dev'),
      env: nodeHeaders(),
      advice:
        'read the lines above; usual reasons are no way to the npm registry (npm config get registry), or no Python 3 ' +
        'or C++ tool chain for the SQLite driver (Debian: apt-get install python3 make g++)',
    });
  } finally {
    lockAfter = readFileSync(LOCK_FILE);
    if (!lockAfter.equals(lock)) writeFileSync(LOCK_FILE, lock);
    if (!readFileSync(PACKAGE_FILE).equals(manifest)) writeFileSync(PACKAGE_FILE, manifest);
  }
  const change = describeLockChange(JSON.parse(lock.toString()), JSON.parse(lockAfter.toString()));
  if (change) {
    throw new StepError(
      `npm changed package-lock.json (${change}); it was put back`,
      'package.json and package-lock.json do not agree: run `npm install` by hand, look at the difference, commit both',
    );
  }
  await assertSqliteLoads();
  writeStamp(STAMP, installKey());
}

async function assertSqliteLoads() {
  const loads = async () => (await run(sqliteProbe())).status === 0;
  if (await loads()) return;
  await mustRun({
    title: 'Compiling the SQLite driver for this Node (about a minute)',
    ...npm('rebuild', 'better-sqlite3'),
    env: nodeHeaders(),
    advice: 'install Python 3 and a C++ tool chain (Debian: apt-get install python3 make g++), then try again',
  });
  const { status, output } = await run(sqliteProbe());
  if (status !== 0) {
    say(output.trimEnd());
    throw new StepError('the SQLite driver does not load', 'remove node_modules and try again');
  }
}

function sqliteProbe() {
  const source = `const { default: Database } = await import('better-sqlite3'); new Database(':memory:').close();`;
  return { command: process.execPath, args: ['--input-type=module', '-e', source] };
}

/** Node's own headers where they lie beside it, so that compiling needs no download. */
function nodeHeaders() {
  const nodedir = resolve(dirname(process.execPath), '..');
  return existsSync(join(nodedir, 'include/node/node.h')) ? { npm_config_nodedir: nodedir } : {};
}

/** npm as it was started with, else the one on PATH. */
function npm(...args) {
  const running = process.env.npm_execpath;
  return running?.endsWith('npm-cli.js')
    ? { command: process.execPath, args: [running, ...args] }
    : { command: 'npm', args };
}
