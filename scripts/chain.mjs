/**
 * `npm run chain`: the embedded EVM node alone, on the chain in DATA_DIR, so that proofs can be checked against it with
 * the service off (`npx meritkedja verify FILE --rpc URL`). Ends on Ctrl-C or SIGTERM, and saves the chain.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { main, say, StepError } from './processes.mjs';
import { setUp } from './set-up.mjs';

await main(async () => {
  await setUp({ need: ['install', 'build'] });
  const { readConfig } = await import('../dist/config.js');
  const { startEmbeddedNode } = await import('../dist/anchoring/embedded-node.js');
  const { dataDir, evmPort } = readConfig();
  const folder = join(dataDir, 'chain');
  if (!existsSync(folder)) {
    throw new StepError(
      `${folder} holds no chain`,
      `start the service once (npm start), or set DATA_DIR (now ${dataDir})`,
    );
  }
  const node = await start(() =>
    startEmbeddedNode({ folder, ...(evmPort === undefined ? {} : { port: evmPort }), onProblem: say }),
  );
  console.log(`EVM node ready at ${node.url} (chain of ${folder}). Ctrl-C ends it.`);
  // The node does not keep this process alive by itself.
  const alive = setInterval(() => undefined, 2 ** 30);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      clearInterval(alive);
      void node.stop();
    });
  }
});

/** A chain that a running service has open is not ours to start. */
async function start(body) {
  try {
    return await body();
  } catch (error) {
    if (error.name !== 'ChainError') throw error;
    throw new StepError(error.message, 'stop the service first: while it runs it serves the chain itself');
  }
}
