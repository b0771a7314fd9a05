/** The command line's process: streams and environment in, exit status out. `scripts/meritkedja.mjs` imports it. */
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { buffer } from 'node:stream/consumers';
import { cliEnvironment } from './environment.js';
import { run } from './run.js';

process.exitCode = await run(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: () => buffer(process.stdin),
  fetch: globalThis.fetch,
  now: () => new Date(),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : undefined,
  threads: availableParallelism(),
  ...cliEnvironment(),
});

/** On stderr: stdout is for the result. */
async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}
