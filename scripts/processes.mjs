/**
 * Runs the programs that the scripts need: quiet while they work, a line every ten seconds so that nobody thinks it
 * hangs, all their output when they fail, and no child left behind when the script itself is stopped.
 * Plain JavaScript without dependencies: it runs before anything is installed.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The repository's root folder, wherever the script was started from. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const PROGRESS_MS = 10_000;

/** A step that did not succeed: what happened in one sentence, and what a person can do about it. */
export class StepError extends Error {
  /**
   * @param {string} message what went wrong
   * @param {string} advice what to do
   */
  constructor(message, advice) {
    super(message);
    this.name = 'StepError';
    this.advice = advice;
  }
}

/** One line on stderr: stdout belongs to what the person asked for. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs a script's main function: a StepError becomes two readable lines and exit status 1, anything else is our bug. */
export async function main(body) {
  try {
    const status = await body();
    if (typeof status === 'number') process.exitCode = status;
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    say(`\nFailed: ${error.message}`);
    say(`What to do: ${error.advice}`);
    process.exitCode = 1;
  }
}

/**
 * Runs a program to its end.
 *
 * @param {object} step
 * @param {string} step.command program
 * @param {string[]} step.args its arguments
 * @param {string} [step.title] what it does, for the progress lines
 * @param {boolean} [step.show] true: the program writes to our own stdout and stderr; false: its output is kept
 * @param {Record<string, string>} [step.env] additions to the environment
 * @param {number} [step.timeoutMs] after this many milliseconds the program is ended
 * @returns {Promise<{status: number, output: string, seconds: number}>} status 127 when it could not be started,
 *   128 + signal when a signal ended it
 */
export function run({ command, args, title, show = false, env = {}, timeoutMs }) {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    });
    const chunks = [];
    child.stdout?.on('data', (chunk) => chunks.push(chunk));
    child.stderr?.on('data', (chunk) => chunks.push(chunk));
    const progress = title
      ? setInterval(() => say(`  … ${title}: ${Math.round(seconds())} s so far`), PROGRESS_MS)
      : undefined;
    const limit = timeoutMs ? setTimeout(() => child.kill('SIGTERM'), timeoutMs) : undefined;
    const release = endWithUs(child);
    const finish = (status) => {
      clearInterval(progress);
      clearTimeout(limit);
      release();
      resolve({ status, output: Buffer.concat(chunks).toString('utf8'), seconds: seconds() });
    };
    child.on('error', (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      finish(127);
    });
    child.on('close', (code, signal) => finish(code ?? 128 + constants.signals[signal]));
  });
}

/**
 * Runs a program that must succeed, with a line before and a line after.
 * @throws StepError with the program's last lines shown above it
 */
export async function mustRun({ title, advice, ...step }) {
  say(`${title} …`);
  const { status, output, seconds } = await run({ title, ...step });
  if (status === 0) {
    say(`  done in ${seconds} s`);
    return output;
  }
  if (output) say(output.trimEnd());
  throw new StepError(`${title}: ended with status ${status}`, advice);
}

/** Ends a child when this process is told to stop, then stops as told. Returns the function that lets go of it. */
function endWithUs(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const stop = (signal) => {
    child.once('close', () => process.exit(128 + constants.signals[signal]));
    child.kill('SIGTERM');
  };
  for (const signal of signals) process.once(signal, stop);
  return () => {
    for (const signal of signals) process.off(signal, stop);
  };
}

/** The arguments that run a tool of node_modules with this very Node, without a shell and without PATH. */
export function tool(path, ...args) {
  return { command: process.execPath, args: [`${ROOT}node_modules/${path}`, ...args] };
}
