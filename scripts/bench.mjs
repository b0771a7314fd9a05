/**
 * `npm run bench`: measures the built service on this machine, prints a table, writes bench/results/latest.json.
 * Every product figure has its floor from the same run beside it: what the bare parts cost without the service.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const dist = (path) => import(join(ROOT, 'dist', path));
const folder = mkdtempSync(join(os.tmpdir(), 'meritkedja-bench-'));
const results = [];

process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
await tree();
await store();
const bundle = await service();
await verifier(bundle);
report();

function record(what, value, unit, floor) {
  results.push({ what, value: Math.round(value), unit, ...(floor === undefined ? {} : { floor: Math.round(floor) }) });
  const ratio = floor === undefined ? '' : ` (floor ${Math.round(floor)}, ${Math.round((value / floor) * 100)} %)`;
  console.log(`${what}: ${Math.round(value)} ${unit}${ratio}`);
}

function perSecond(count, milliseconds) {
  return (count * 1000) / milliseconds;
}

/** A million leaves: hashing into the tree beside a million raw hashes. */
async function tree() {
  const { MerkleTree } = await dist('log/merkle-tree.js');
  const leaves = Array.from({ length: 1_000_000 }, (_, i) => {
    const leaf = Buffer.alloc(32);
    leaf.writeUInt32BE(i);
    return leaf;
  });
  const node = Buffer.alloc(65, 1);
  let started = performance.now();
  for (let i = 0; i < 1_000_000; i += 1) createHash('sha256').update(node).digest();
  const floor = perSecond(1_000_000, performance.now() - started);
  const merkle = new MerkleTree();
  started = performance.now();
  merkle.appendMany(leaves);
  merkle.root();
  record('Merkle tree, leaves', perSecond(1_000_000, performance.now() - started), '/s', floor);
  started = performance.now();
  for (let i = 0; i < 20_000; i += 1) merkle.inclusionPath((i * 7919) % 1_000_000);
  record('Inclusion paths in a tree of 1,000,000', perSecond(20_000, performance.now() - started), '/s');
}

/** Durable appends of 1 KB events beside a bare loop that does the same work in groups with the raw driver. */
async function store() {
  const { openSqliteEventStore } = await dist('event-store/sqlite.js');
  const { entryBytes } = await dist('event-store/entry.js');
  const draft = (sealed) => ({
    id: randomUUID(),
    type: 'Measured',
    v: 1,
    at: '2026-01-01T00:00:00.000Z',
    by: 'process:bench',
    data: { text: 'x'.repeat(600), number: 1 },
    sealed,
  });
  const floorOf = (group, total) => {
    const db = new BetterSqlite3(join(folder, `floor-${group}.db`));
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.exec('CREATE TABLE events (id TEXT PRIMARY KEY, stream TEXT, revision INTEGER, entry BLOB, sealed BLOB)');
    const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?)');
    const started = performance.now();
    for (let done = 0; done < total; done += group) {
      db.transaction(() => {
        for (let i = 0; i < group; i += 1) {
          const event = { ...draft(randomBytes(300)), stream: `bench-${randomUUID()}`, revision: 0 };
          const entry = entryBytes(event);
          createHash('sha256').update(entry).digest();
          insert.run(event.id, event.stream, 0, entry, event.sealed);
        }
      })();
    }
    const rate = perSecond(total, performance.now() - started);
    db.close();
    return rate;
  };
  const events = openSqliteEventStore(join(folder, 'store.db'));
  const measure = async (inFlight, total) => {
    let left = total;
    const one = async () => {
      while (left-- > 0) {
        await events.append({
          stream: `bench-${randomUUID()}`,
          expectedRevision: -1,
          events: [draft(randomBytes(300))],
        });
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: inFlight }, one));
    return perSecond(total, performance.now() - started);
  };
  record('Durable appends, one writer', await measure(1, 1_000), '/s', floorOf(1, 1_000));
  record('Durable appends, 256 in flight', await measure(256, 30_000), '/s', floorOf(256, 30_000));
  await events.close();
}

/** One credential over HTTP, 50 connections, durable and in the log; then its bundle. */
async function service() {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  const token = randomBytes(32).toString('base64url');
  const child = spawn(process.execPath, ['dist/main.js'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      SEED: 'none',
      ADMIN_TOKEN: token,
      LOG_LEVEL: 'warn',
      ANCHOR_INTERVAL: '5',
    },
  });
  try {
    await new Promise((resolve, reject) => {
      child.stdout.on('data', (chunk) => String(chunk).includes('ready at') && resolve());
      child.on('exit', (code) => reject(new Error(`the service ended with ${code}`)));
    });
    return await issue(port, token);
  } finally {
    child.removeAllListeners('exit');
    const ended = new Promise((resolve) => child.on('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }
}

async function issue(port, token) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
  const call = (method, path, body) =>
    new Promise((resolve, reject) => {
      const payload = body === undefined ? undefined : JSON.stringify(body);
      const request = http.request(
        {
          port,
          method,
          path,
          agent,
          headers: {
            authorization: `Bearer ${token}`,
            ...(payload ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) } : {}),
          },
        },
        (response) => {
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            if (response.statusCode >= 300) reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
            else resolve(JSON.parse(text));
          });
        },
      );
      request.on('error', reject);
      request.end(payload);
    });
  const organisation = await call('POST', '/api/v1/organisations', {
    name: 'Benchmark',
    organisationNumber: '5599990016',
    country: 'SE',
    roles: ['issuer'],
  });
  const outcome = { language: 'sv', lead: 'Innehavaren kan', content: 'en sak', context: 'enligt en rutin' };
  const definition = await call('POST', '/api/v1/definitions', {
    organisationId: organisation.id,
    title: { sv: 'Mätning' },
    summary: { sv: 'För mätning.' },
    tasks: [{ sv: 'Innehavaren kan mäta.' }],
    learningOutcomes: [
      { category: 'knowledge', activity: 'förklara', ...outcome },
      { category: 'skill', activity: 'mäta', ...outcome },
      { category: 'responsibility', activity: 'bedöma', ...outcome },
    ],
    workload: { hours: 8 },
    assessmentMethods: ['oralOpenQuestions'],
    participation: ['onSite'],
    qualityAssurance: [{ type: 'internal', description: { sv: 'Ingen.' } }],
  });
  await call('POST', `/api/v1/definitions/${definition.id}/publish`, {});
  const input = (n) => ({
    definitionId: definition.id,
    organisationId: organisation.id,
    holder: { givenName: 'Mät', familyName: `Person ${n}` },
    route: 'course',
    assessment: {
      assessedOn: '2026-01-01',
      method: 'oralOpenQuestions',
      assessor: { name: 'Bedömare' },
      outcomes: [1, 2, 3].map((number) => ({ number, met: true })),
    },
  });
  const run = async (total) => {
    const times = [];
    let left = total;
    const worker = async () => {
      while (left-- > 0) {
        const started = performance.now();
        await call('POST', '/api/v1/credentials', input(left));
        times.push(performance.now() - started);
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: 50 }, worker));
    return { rate: perSecond(total, performance.now() - started), times: times.sort((a, b) => a - b) };
  };
  await run(300);
  const { rate, times } = await run(4_000);
  record('Credentials issued over HTTP, 50 connections', rate, '/s');
  record('… 99th percentile', times[Math.floor(times.length * 0.99)], 'ms');
  const { items } = await call('GET', '/api/v1/credentials?limit=1');
  for (;;) {
    await call('POST', '/api/v1/batches/seal');
    const proof = await call('GET', `/api/v1/credentials/${items[0].id}/proof`);
    if (proof.anchor) {
      const origin = await call('GET', '/.well-known/meritkedja.json');
      agent.destroy();
      return { proof, trust: origin };
    }
  }
}

async function verifier({ proof, trust }) {
  const { verify } = await dist('verification/index.js');
  const options = {
    trust: [trust],
    now: new Date(),
    clock: 'verifier',
    pinnedBlockHashes: [proof.anchor.blockHash, proof.firstAnchor?.anchor.blockHash].filter(Boolean),
  };
  const first = await verify(proof, options);
  if (first.verdict !== 'valid') throw new Error(`expected valid, got ${JSON.stringify(first, null, 2)}`);
  const started = performance.now();
  for (let i = 0; i < 100; i += 1) await verify(proof, options);
  record('Proof bundles verified', perSecond(100, performance.now() - started), '/s');
}

function report() {
  const machine = `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  const file = join(ROOT, 'bench/results/latest.json');
  mkdirSync(join(ROOT, 'bench/results'), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), machine, results }, null, 2)}\n`);
  console.log(`\n${machine}`);
  console.table(results);
}
