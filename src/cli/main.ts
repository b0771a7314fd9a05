/** The command line's process: streams and environment in, exit status out. `scripts/meritkedja.mjs` imports it. */
import { buffer } from 'node:stream/consumers';
import { cliEnvironment } from './environment.js';
import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => buffer(process.stdin),
  fetch: globalThis.fetch,
  now: () => new Date(),
  ...cliEnvironment(),
});
