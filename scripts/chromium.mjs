/**
 * A Chromium for the browser tests: the one on PATH or, as root on Debian, one that is installed now. Without one those
 * tests are skipped by name.
 */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { mustRun, say, StepError } from './processes.mjs';

/** @returns {string | undefined} path of the first Chromium on PATH */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}

/** @returns {Promise<string | undefined>} path of a Chromium, installed if need be and if that is possible */
export async function findOrInstallChromium() {
  const found = findChromium();
  if (found) return found;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !existsSync('/usr/bin/apt-get')) {
    say('No Chromium on PATH (and no root with apt-get to install it): the browser tests will be skipped.');
    return undefined;
  }
  const apt = (title, ...args) =>
    mustRun({
      title,
      command: '/usr/bin/apt-get',
      args,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      timeoutMs: 600_000,
      advice: 'install Chromium by hand',
    });
  try {
    await apt('No Chromium on PATH: apt-get update', 'update', '-qq');
    await apt(
      'apt-get install chromium',
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      'chromium',
      'fonts-dejavu-core',
    );
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(`  ${error.message}. The browser tests will be skipped.`);
  }
  return findChromium();
}
