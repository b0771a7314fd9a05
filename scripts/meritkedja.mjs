#!/usr/bin/env node
/** The command line's entry (`npx meritkedja …`): dist/cli/main.js, or what to do where nothing is built yet. */
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli/main.js', import.meta.url);

if (existsSync(program)) {
  process.setSourceMapsEnabled(true);
  await import(program.href);
} else {
  process.stderr.write('meritkedja is not built yet. Run `npm run build` (or `npm start`) in its folder first.\n');
  process.exitCode = 78;
}
