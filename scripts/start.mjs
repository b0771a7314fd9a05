/**
 * `npm start`: makes the clone ready, then is the ledger. The service runs in this very process (package.json says
 * `exec`, so that no shell stands between it and npm): Ctrl-C and SIGTERM reach it, its exit status is npm's, and there
 * is no child to be left behind. How it stops is src/main.ts's business.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { main, ROOT } from './processes.mjs';
import { setUp } from './set-up.mjs';

const PARENT_CHECK_MS = 500;

await main(async () => {
  if (process.env.npm_lifecycle_event) stopWithParent();
  await setUp({ need: ['install', 'build', 'contract'] });
  process.setSourceMapsEnabled(true);
  await import(pathToFileURL(join(ROOT, 'dist/main.js')).href);
});

/** An npm that was killed outright (SIGKILL) passes no signal on: stop all the same, as if it had. */
function stopWithParent() {
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  check.unref();
}
