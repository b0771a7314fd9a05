/**
 * `npm start`: makes the clone ready, then is the ledger. The service runs in this very process, so Ctrl-C and SIGTERM
 * reach it once and nothing can be left behind by a parent that dies first. How it stops is src/main.ts's business.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, ROOT } from './processes.mjs';
import { setUp } from './set-up.mjs';

await main(async () => {
  await setUp({ need: ['install', 'build', 'contract'] });
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(join(ROOT, 'dist/main.js')).href);
});
