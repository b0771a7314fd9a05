/** A thread of an audit: replays its share of the credentials and assessments, see `crew.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { InvariantError } from '../errors.js';
import { CATALOGUE } from './catalogue.js';
import { replayChunk, Slot } from './chunk.js';
import type { FromWorker, ToWorker, WorkerStart } from './crew.js';
import { PersonReplay } from './person-replay.js';

const { share, shares, mostFindings, saved } = workerData as WorkerStart;
const replay = new PersonReplay(CATALOGUE, mostFindings, saved);
const slots: Slot[] = [];
if (!parentPort) throw new InvariantError('the worker of an audit runs in a thread of its own');
const port = parentPort;

port.on('message', (message: ToWorker) => {
  switch (message.do) {
    case 'show':
      slots[message.number] = new Slot(message.slot);
      break;
    case 'replay':
      replayChunk(slots[message.number]!, message.chunk, share, shares, replay);
      answer({ done: 'replay' });
      break;
    case 'finish':
      answer({ done: 'finish', result: replay.result() });
      break;
  }
});

function answer(message: FromWorker): void {
  const columns =
    message.done === 'finish'
      ? [message.result.credentials, message.result.assessments].flatMap((table) => Object.values(table))
      : [];
  port.postMessage(
    message,
    columns.map(({ buffer }) => buffer as ArrayBuffer),
  );
}
