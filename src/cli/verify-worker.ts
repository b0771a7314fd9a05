/**
 * A thread of `verify-many.ts`: verifies the files that it is sent, and asks the command's own thread for whatever must be
 * asked of others, so that a chain or a website is asked once for all threads.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { InvariantError } from '../errors.js';
import { Memory } from '../verification/index.js';
import { CliError, EXIT } from './cli-io.js';
import { verifyFile, type Asking, type Settings } from './verify-document.js';
import { toldOf, type Line } from './verify-many.js';

export interface Batch {
  readonly files: readonly string[];
}

export interface Done {
  readonly lines: readonly Line[];
}

/** A question to the command's own thread: the method of `Asking` and its arguments. */
export type Ask = {
  readonly [Method in keyof Asking]: {
    readonly id: number;
    readonly ask: Method;
    readonly given: Parameters<Asking[Method]>;
  };
}[keyof Asking];

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

if (parentPort !== null) work(parentPort, workerData as Settings);

function work(port: NonNullable<typeof parentPort>, settings: Settings): void {
  const waiting = new Map<number, (answer: Answer) => void>();
  let asked = 0;
  const ask = <T>(question: (id: number) => Ask): Promise<T> =>
    new Promise((done, failed) => {
      const id = ++asked;
      // The class is the one that the command's own thread would have met.
      waiting.set(id, ({ value, error }) =>
        error === undefined ? done(value as T) : failed(new CliError(EXIT.undetermined, error)),
      );
      port.postMessage(question(id));
    });
  const asking: Asking = {
    blockHash: (...given) => ask((id) => ({ id, ask: 'blockHash', given })),
    bundleOf: (...given) => ask((id) => ({ id, ask: 'bundleOf', given })),
    issuerDomain: (...given) => ask((id) => ({ id, ask: 'issuerDomain', given })),
  };
  const memory = new Memory();
  const io = { fetch: globalThis.fetch, stdin: noStandardInput };
  // One batch after another: the answers come back in the order of the questions.
  let last: Promise<void> = Promise.resolve();
  port.on('message', (message: Batch | Answer) => {
    if ('id' in message) {
      waiting.get(message.id)?.(message);
      waiting.delete(message.id);
      return;
    }
    last = last.then(async () => {
      const lines: Line[] = [];
      for (const file of message.files) lines.push(toldOf(await verifyFile(file, settings, asking, memory, io)));
      port.postMessage({ lines } satisfies Done);
    });
  });
}

function noStandardInput(): never {
  throw new InvariantError('the standard input is read by the command’s own thread');
}
