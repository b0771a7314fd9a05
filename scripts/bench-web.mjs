/**
 * `node scripts/bench-web.mjs`: the page `/verify` of the built service in a real Chromium. How soon it can be used on a
 * throttled phone (Lighthouse's mobile profile: four times slower a processor, 150 ms a round trip, 1.6 Mbit/s, nothing
 * cached), what a verification takes there and on this machine, and how much is loaded. Medians. Ends with exit status 1
 * where the page takes more than its second.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { findChromium } from './chromium.mjs';
import { main, ROOT, StepError } from './processes.mjs';

const BUDGET_MS = 1_000;
const LOADS = 9;
const VERIFICATIONS = 200;
const SLOWER = 4;
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1024 * 1024) / 8,
  uploadThroughput: (750 * 1024) / 8,
};
const TOKEN = 'bench-web-bench-web-bench-web-01';

await main(async () => {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new StepError('there is no Chromium', 'install one, or run npm test as root');
  const folder = mkdtempSync(join(tmpdir(), 'meritkedja-bench-web-'));
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const service = await started(folder, port);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  try {
    sizes();
    const usable = await loads(browser, url);
    await verifications(browser, url);
    if (usable > BUDGET_MS) process.exitCode = 1;
  } finally {
    await browser.close();
    service.kill('SIGTERM');
    await new Promise((resolve) => service.once('close', resolve));
    rmSync(folder, { recursive: true, force: true });
  }
});

function row(what, value) {
  console.log(`${what.padEnd(66)} ${value}`);
}

function sizes() {
  const assets = join(ROOT, 'dist/web/assets');
  const manifest = JSON.parse(readFileSync(join(assets, 'manifest.json'), 'utf8'));
  for (const name of ['verify.sv.js', 'style.css', 'qr-image.js', 'pdf-worker.js']) {
    const kb = (suffix) => (readFileSync(join(assets, `${manifest[name]}${suffix}`)).length / 1_000).toFixed(1);
    row(`${name}: bytes, gzip, brotli`, `${kb('')} kB, ${kb('.gz')} kB, ${kb('.br')} kB`);
  }
  const file = readFileSync(join(ROOT, 'dist/web/meritkedja-verify.html'));
  row(
    'meritkedja-verify.html: bytes, brotli',
    `${Math.round(file.length / 1_000)} kB, ${Math.round(brotliCompressSync(file).length / 1_000)} kB`,
  );
}

/** From the start of the navigation until the form is there and works. */
async function loads(browser, url) {
  const times = [];
  for (let i = 0; i < LOADS; i++) {
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, serviceWorkers: 'block' });
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    await devtools.send('Network.emulateNetworkConditions', NETWORK);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
    await page.addInitScript(() => {
      new globalThis.MutationObserver((_, observer) => {
        const form = globalThis.document.getElementById('verify');
        if (form === null || form.hidden) return;
        observer.disconnect();
        globalThis.usableAt = performance.now();
      }).observe(globalThis.document, { subtree: true, childList: true, attributes: true });
    });
    await page.goto(`${url}/verify`);
    await page.waitForFunction(() => globalThis.usableAt !== undefined);
    times.push(await page.evaluate(() => globalThis.usableAt));
    await context.close();
  }
  const middle = median(times);
  row(
    `/verify usable, phone profile, nothing cached (of ${LOADS})`,
    `${Math.round(middle)} ms (budget ${BUDGET_MS} ms)`,
  );
  return middle;
}

async function verifications(browser, url) {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'src/verification/index.ts')],
    bundle: true,
    minify: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'verifier',
    footer: { js: 'globalThis.verifier = verifier;' },
    target: 'es2022',
    write: false,
  });
  const credential = await anchoredCredential(url);
  const trust = await (await fetch(`${url}/.well-known/meritkedja.json`)).json();
  const context = await browser.newContext();
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await page.goto(`${url}/verify`);
  // By the debugger's own evaluation, which the page's policy does not bind.
  await page.evaluate(outputFiles[0].text);
  for (const rate of [1, SLOWER]) {
    await devtools.send('Emulation.setCPUThrottlingRate', { rate });
    const times = await page.evaluate(run, { text: JSON.stringify(credential), trust, rounds: VERIFICATIONS / rate });
    row(`A proof bundle verified in the browser, processor ${rate} times slower`, `${median(times).toFixed(2)} ms`);
  }
  await context.close();
}

/** In the page: from the bundle's text to the report, the block's hash from a list. */
async function run({ text, trust, rounds }) {
  const { verifier } = globalThis;
  const times = [];
  for (let i = 0; i < rounds + 20; i++) {
    const from = performance.now();
    const bundle = verifier.parseJson(text);
    const hashes = [bundle.anchor, bundle.firstAnchor?.anchor].filter(Boolean).map(({ blockHash }) => blockHash);
    const options = { trust: [trust], now: new Date(), clock: 'verifier', pinnedBlockHashes: hashes };
    const { verdict } = await verifier.verify(bundle, options);
    if (verdict !== 'valid') throw new RangeError(`expected valid, got ${verdict}`);
    if (i >= 20) times.push(performance.now() - from);
  }
  return times;
}

async function anchoredCredential(url) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const { items } = await (await fetch(`${url}/api/v1/credentials?limit=1`, { headers })).json();
  for (let tries = 0; tries < 600; tries++) {
    const bundle = await (await fetch(`${url}/api/v1/credentials/${items[0].id}/proof`, { headers })).json();
    if (bundle.anchor !== undefined) return bundle;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new StepError('the demonstration data was not anchored in a minute', 'see whether the machine is busy');
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

async function started(folder, port) {
  const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
    env: {
      PATH: process.env.PATH,
      ...{ PORT: String(port), DATA_DIR: folder, SEED: 'pilots', EVM_PORT: '0', ANCHOR_INTERVAL: '1' },
      ADMIN_TOKEN: TOKEN,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      if (String(chunk).includes('ready at')) resolve();
    });
    child.once('close', () => reject(new StepError('the service ended before it was ready', 'read the lines above')));
  });
  return child;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
